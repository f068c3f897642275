/** One table of schemas, by three libraries, over both adapters: the same answer, for the same reason. */

import { authorizeTools } from "@hopwise/ai-sdk";
import type { HeldDelegation, ToolMap } from "@hopwise/core";
import type { MemoryAudit } from "@hopwise/core/audit";
import { grant } from "@hopwise/core/grant";
import { answeringPdp } from "@hopwise/core/testing";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { generateText, isStepCount, tool } from "ai";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { scripted } from "../support/language-model.ts";
import { callTool, clientOf } from "../support/mcp/client.ts";
import { type Served, serve } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";
import { type Row, schemaOf, TABLE, VENDORS, type Vendor } from "./table.ts";

interface Case {
  readonly name: string;
  readonly row: Row;
  readonly schema: unknown;
}
/** The tools of one library's schemas. */
interface Tools {
  readonly cases: readonly Case[];
  readonly map: ToolMap;
}
const toolsOf = (vendor: Vendor): Tools => {
  const cases = Object.entries(TABLE).flatMap(([name, row]) => {
    const schema = schemaOf(row, vendor);
    return schema === undefined ? [] : [{ name, row, schema }];
  });
  return { cases, map: each(cases, ({ row }) => ({ kind: "thing", action: "use", ...row.entry })) };
};
const each = <T>(cases: readonly Case[], make: (of: Case) => T) =>
  Object.fromEntries(cases.map((of) => [of.name, make(of)]));

/** What a tool ran with, by its name. */
const ran = new Map<string, unknown>();
const running = (name: string) => async (args: unknown) => {
  ran.set(name, args);
  return "ran";
};
const plain = (args: unknown): unknown => (args === undefined ? undefined : JSON.parse(JSON.stringify(args)));

const world = await worldHere();
quietConsole("log", "error");

/** A chain that hands over one tool: with all of them it would be too long. */
const holding = ({ name, row }: Case): Promise<HeldDelegation> =>
  world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    grant: grant({ [name]: row.grant }),
  });

/** What came of the last call of a tool, as its record and the tool itself tell. */
function cameOf(name: string, audit: MemoryAudit) {
  if (ran.has(name)) return { ran: plain(ran.get(name)) };
  const { code, pointer, rule } = audit.records.findLast(({ tool }) => tool === name) ?? {};
  return { code, pointer, rule };
}

function expectAs({ expected }: Row, found: ReturnType<typeof cameOf>): void {
  if ("ran" in expected) expect(found).toEqual(expected);
  else {
    const { code, pointer, rule } = expected;
    expect(found).toMatchObject({
      code,
      ...(pointer !== undefined && { pointer }),
      ...(rule !== undefined && { rule: expect.stringMatching(rule) }),
    });
  }
}

describe.each(VENDORS)("a FastMCP server with tools of %s", (vendor) => {
  const { cases, map } = toolsOf(vendor);
  let served: Served;
  let client: Client;
  let held: HeldDelegation;
  beforeAll(async () => {
    served = await serve(world, {
      map,
      authorizer: { cerbos: answeringPdp() },
      add: (server) => {
        for (const { name, schema } of cases) {
          server.addTool({ name, parameters: schema as never, execute: running(name) });
        }
      },
    });
    client = await clientOf(served.url, async () => held);
  });
  afterAll(async () => {
    await client.close();
    await served.stop();
  });

  it.each(cases)("$name", async (of) => {
    const { name, row } = of;
    held = await holding(of);
    ran.delete(name);
    // FastMCP and the AI SDK answer what the schema refuses themselves.
    await callTool(client, name, row.sent).catch(() => {});
    await vi.waitFor(() => expectAs(row, cameOf(name, served.audit)));
  });
});

describe.each(VENDORS)("an AI SDK loop with tools of %s", (vendor) => {
  const { cases, map } = toolsOf(vendor);

  it.each(cases)("$name", async (of) => {
    const { name, row, schema } = of;
    const { authorizer, audit } = world.authorizer({ tools: map, cerbos: answeringPdp() });
    const own = { [name]: tool({ inputSchema: schema as never, execute: running(name) as never }) };
    const tools = await authorizeTools(own, { authorizer, delegation: await holding(of) });
    ran.delete(name);
    const { model } = scripted([{ tool: name, input: row.sent }]);
    await generateText({ model, tools, prompt: "Do it.", stopWhen: isStepCount(2) });
    await vi.waitFor(() => expectAs(row, cameOf(name, audit)));
  });
});
