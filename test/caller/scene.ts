/** A company with two users, and a real PDP that allows everything: what is looked at is for whom a tool runs. */
import { type HeldDelegation, serialize, type ToolMap } from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import { type Company, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { type Caller, type GuardServerOptions, guard } from "@hopwise/fastmcp";
import { freePort } from "@hopwise/fastmcp/testing";
import { carryingFetch } from "@hopwise/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { FastMCP } from "fastmcp";
import { expect, onTestFinished } from "vitest";
import { pdpWith } from "../faults/small-policies.ts";
import { quiet } from "../support/quiet.ts";

const thing = { kind: "thing", action: "use" };
const tools: ToolMap = { "*": thing, "mcp:resources/read": thing, "mcp:prompts/get": thing };

export interface Scene extends Company {
  /** ann → planner */
  readonly ann: HeldDelegation;
  /** ben → planner → researcher */
  readonly ben: HeldDelegation;
  point(): TestAuthorizer;
  close(): Promise<void>;
}

export async function createScene(): Promise<Scene> {
  const pdp = await pdpWith({
    thing: [`{ actions: ["*"], effect: EFFECT_ALLOW, roles: ["*"] }`],
    delegation: [`{ actions: ["*"], effect: EFFECT_ALLOW, roles: ["*"] }`],
  });
  const users = { ann: { id: "u-1", roles: ["employee"] }, ben: { id: "u-2", roles: ["employee"] } };
  const company = await createCompany({ users, tools });
  const names = ["who", "add", "stream", "mcp:resources/read", "mcp:prompts/get"];
  const handed = grant(Object.fromEntries(names.map((name) => [name, anyArguments])));
  return {
    ...company,
    ann: await company.chain("ann", { to: "planner", grant: handed }),
    ben: await company.chain("ben", { to: "planner", grant: handed }, "researcher"),
    point: () => company.authorizer({ cerbos: pdp.client }),
    close: () => pdp.close(),
  };
}

/** What a tool must see of one of these chains. */
export function expectedOf({ subject, agents, id: chain }: HeldDelegation): Caller {
  const id = subject === "ann" ? "u-1" : "u-2";
  const issuer = "https://id.acme.example";
  return {
    user: { issuer, subject, id },
    agents,
    hops: [{ kind: "user", id }, ...agents.map((name) => ({ kind: "agent", id: `agent:${name}` }) as const)],
    chain,
    tenant: issuer,
  };
}

/** Whether a value is frozen through and through, and has nothing of any token. */
export function expectHarmless(value: unknown, ...delegations: readonly HeldDelegation[]): void {
  const text = JSON.stringify(value);
  for (const piece of delegations.flatMap((held) => serialize(held).split(/[~.]/))) expect(text).not.toContain(piece);
  const frozen = (item: unknown): boolean =>
    typeof item !== "object" || item === null || (Object.isFrozen(item) && Object.values(item).every(frozen));
  expect(frozen(value)).toBe(true);
}

/** A guarded server with what the test adds, for the time of the test. */
export async function serve(
  authorizer: TestAuthorizer,
  add: (server: FastMCP) => void,
  options: GuardServerOptions & { readonly stateful?: boolean; readonly onToolCall?: () => void } = {},
): Promise<string> {
  const { stateful = false, onToolCall, ...guardOptions } = options;
  const own = {
    name: "who",
    version: "1.0.0",
    logger: quiet,
    ...(onToolCall && { onToolCall: async () => onToolCall() }),
  } as const;
  const server = guard(new FastMCP(own), authorizer, guardOptions);
  add(server);
  const port = await freePort();
  await server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1", stateless: !stateful } });
  onTestFinished(() => server.stop());
  return `http://127.0.0.1:${port}/mcp`;
}

export async function clientOf({ audience }: Scene, url: string, delegation?: HeldDelegation): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" });
  const fetch = delegation && carryingFetch({ delegation, audience });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), fetch && { fetch }));
  onTestFinished(() => client.close());
  return client;
}
