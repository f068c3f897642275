import type { Principal } from "@cerbos/core";
import { expect, it } from "vitest";
import { hopRequest } from "./hop-request.ts";

const principals: readonly Principal[] = ["alice", "agent:planner"].map((id) => ({ id, roles: ["r"] }));
const hops = [
  { kind: "user", id: "alice" },
  { kind: "agent", id: "agent:planner" },
] as const;

it("a request of a hop has the auxiliary data of that hop alone, and none where it has none", () => {
  const auxData = [undefined, { jwt: { token: "t" } }];
  const question = { hops, principals, auxData, invocation: "inv", chainId: undefined };
  const [first, second] = hops.map((_, hop) => hopRequest(question, hop, [], true));
  expect(first).toEqual({
    principal: principals[0],
    resources: [],
    includeMetadata: true,
    requestId: "inv-0",
    requestContext: { annotations: { "hopwise.invocation": "inv", "hopwise.hop": 0 } },
  });
  expect(Object.keys(first ?? {})).not.toContain("auxData");
  expect(second).toMatchObject({ principal: principals[1], auxData: auxData[1] });
});
