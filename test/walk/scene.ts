/** One allowed call of the story's pay server: the server, its guard and the PDP are real, the wire is in memory. */
import { startPdp } from "@hopwise/cerbos";
import type { HeldDelegation } from "@hopwise/core";
import { prove } from "@hopwise/core/tokens";
import type { JsonRpcMessage, McpTransport } from "@hopwise/mcp";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { createPayServer } from "../../examples/finance-team/pay-server.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import { createWorld, type World } from "../support/world.ts";
import type { Recorder } from "./recorder.ts";

export const CALLS = {
  /** alice → planner */
  planner: { tool: "send_payment", arguments: { to: "Globex", amount: 400, currency: "EUR" } },
  /** alice → planner → researcher; the policies take the account out of the result */
  researcher: { tool: "read_invoice", arguments: { id: "INV-7" } },
} as const;

export type Agent = keyof typeof CALLS;

/** Lets one agent make its call, and records from its arrival until it was answered and its outcome was reported. */
export async function makeCall(agent: Agent, recorder: Recorder): Promise<void> {
  const world = await createWorld(await startPdp({ policies: STORY_POLICIES }));
  try {
    await callInWorld(world, agent, recorder);
  } finally {
    await world.pdp.close();
  }
}

async function callInWorld(world: World, agent: Agent, recorder: Recorder): Promise<void> {
  const { authorizer, audit } = world.authorizer({ deadlineMs: 30_000 });
  const server = createPayServer(authorizer, []);
  const wire = createWire();
  await server.connect(wire.transport);
  await wire.ask("initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "walk", version: "1" },
  });
  wire.tell("notifications/initialized");
  const params = await withProof(world[agent], CALLS[agent]);
  await quiet(recorder);

  recorder.begin();
  const answer = await wire.ask("tools/call", params);
  await quiet(recorder, () => audit.outcomes.length > 0);
  await server.stop();
  const [outcome] = audit.outcomes;
  const result = answer.result as { isError?: boolean } | undefined;
  if (result === undefined || result.isError === true || outcome?.outcome !== "returned")
    throw new Error(`the call was not allowed: ${JSON.stringify(answer)}`);
}

async function withProof(held: HeldDelegation, call: (typeof CALLS)[Agent]): Promise<object> {
  const { chain, proof } = await prove(held, { ...call, audience: PAY_SERVER });
  return {
    name: call.tool,
    arguments: call.arguments,
    _meta: { "dev.hopwise/chain": chain, "dev.hopwise/proof": proof },
  };
}

/** Waits until no function runs and none is entered any more. */
async function quiet(recorder: Recorder, also = () => true): Promise<void> {
  for (let turns = 0, before = -1; turns < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const still = also() && recorder.running === 0 && recorder.entries === before;
    turns = still ? turns + 1 : 0;
    before = recorder.entries;
  }
}

/** The server's end of a wire, and a client at the other end. */
function createWire(): {
  readonly transport: McpTransport;
  ask(method: string, params: object): Promise<JsonRpcMessage>;
  tell(method: string): void;
} {
  const waiting = new Map<unknown, (answer: JsonRpcMessage) => void>();
  let last = 0;
  const transport: McpTransport = {
    start: async () => {},
    close: async () => transport.onclose?.(),
    send: async (message) => waiting.get(message.id)?.(message),
  };
  return {
    transport,
    ask: (method, params) =>
      new Promise((resolve) => {
        const id = ++last;
        waiting.set(id, resolve);
        transport.onmessage?.({ jsonrpc: "2.0", id, method, params } as JsonRpcMessage);
      }),
    tell: (method) => transport.onmessage?.({ jsonrpc: "2.0", method }),
  };
}
