import { describe, expect, it } from "vitest";
import { operationOf } from "../protocol/index.ts";
import { CALL, createStand, request } from "./guard.fixture.ts";
import { askedOfServer, noteListed, type Schemas } from "./server-lists.ts";

const outputSchema = { type: "object" };
const [VERSION, CLIENT, CAPABILITIES] = ["protocolVersion", "clientInfo", "clientCapabilities"].map(
  (name) => `io.modelcontextprotocol/${name}`,
) as [string, string, string];

/** What the guard asks its server for the sake of a call with this `_meta`. The server has two pages. */
async function askedFor(meta: object | undefined): Promise<readonly unknown[]> {
  const { guard } = createStand();
  guard.tools.lists.forget();
  const asked: unknown[] = [];
  guard.handler = ({ id = 0, params }) => {
    asked.push(params);
    const page = asked.length === 1 ? { tools: [], nextCursor: "c" } : { tools: [{ name: "pay", outputSchema }] };
    guard.own.answered({ jsonrpc: "2.0", id, result: page });
  };
  const call = request(1, "tools/call", { ...CALL, ...(meta && { _meta: meta }) });
  expect(await askedOfServer(guard, guard.flights.begin(call, operationOf(call)), "pay")).toMatchObject({
    outputSchema,
  });
  return asked;
}

describe("the list that a guard asks its server for", () => {
  it("is asked for in the version of the call, which a server of a newer one wants each request to name", async () => {
    const said = { [VERSION]: "2026-07-28", [CLIENT]: { name: "c" }, [CAPABILITIES]: {} };
    const more = { "dev.hopwise/chain": "c", progressToken: 1, "io.modelcontextprotocol/related-task": {} };
    expect(await askedFor({ ...said, ...more })).toEqual([{ _meta: said }, { _meta: said, cursor: "c" }]);
  });

  it("names no version where the session agreed on one", async () => {
    for (const meta of [undefined, { progressToken: 1, [CLIENT]: {} }])
      expect(await askedFor(meta)).toEqual([{}, { cursor: "c" }]);
  });
});

it("a list is noted as its caller was told, whatever else came with the list", () => {
  const listed = new Map<string, Schemas>();
  noteListed(listed, {
    jsonrpc: "2.0",
    id: 1,
    result: { tools: [{ name: "pay", outputSchema, _meta: { ui: "card" } }, { name: "bare" }] },
  });
  for (const result of [{}, { tools: "none" }, undefined]) {
    noteListed(listed, { jsonrpc: "2.0", id: 1, ...(result && { result }) });
  }
  expect([...listed]).toEqual([
    ["pay", { outputSchema }],
    ["bare", {}],
  ]);
});
