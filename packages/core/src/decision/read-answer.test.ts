import { NotOK, Status, ValidationFailed } from "@cerbos/core";
import { expect, it } from "vitest";
import { isUnread, policyFaultOf, readAnswers } from "./read-answer.ts";

it.each([
  [
    "gRPC error 14: No connection established. Last error: null. Resolution note: ",
    "gRPC error 14: No connection established. Last error: null.",
  ],
  ["gRPC error 14: No addresses resolved. Resolution note: pdp.internal is unknown", undefined],
  ["gRPC error 14: Resolution note: none. It is gone", undefined],
])("of a client's own words, the label of a note that is not there is left out: %s", (words, told = words) => {
  expect(policyFaultOf(Object.assign(new Error(words), { name: "NotOK", code: 14 })).problem).toBe(told);
});

it("what Cerbos says of a JWT in two words alone comes with what may be wrong", () => {
  const cause = (words: string) => Object.assign(new Error(words), { name: "NotOK", code: 3 });
  const { problem, refused } = policyFaultOf(cause("gRPC error 3 (INVALID_ARGUMENT): invalid auxData"));
  expect([problem, refused]).toEqual([
    expect.stringMatching(/: invalid auxData \(it has expired, .* says which\)$/),
    true,
  ]);
  const further = "gRPC error 3 (INVALID_ARGUMENT): invalid auxData: it has two tokens";
  expect(policyFaultOf(cause(further)).problem).toBe(further);
});

it("an answer that is larger than the client takes is no outage, either: the next one is as large", () => {
  const details = "Received message larger than max (5000142 vs 4194304)";
  const cause = Object.assign(new Error(`gRPC error 8 (RESOURCE_EXHAUSTED): ${details}`), {
    name: "NotOK",
    code: 8,
    details,
  });
  expect(policyFaultOf(cause)).toEqual({ problem: cause.message });
});

it.each([
  new Error("google.protobuf.Value cannot be NaN or Infinity"),
  Object.assign(new Error("gRPC error 2 (UNKNOWN): proto: google.protobuf.Value.number_value: invalid +Inf value"), {
    name: "NotOK",
    code: 2,
  }),
])("an answer with a number that none can carry is no outage: %s", (cause) => {
  expect(policyFaultOf(cause)).toEqual({ problem: expect.stringMatching(/^a number in it is not finite/) });
});

it("what only quotes such words is an outage like any other", () => {
  const details = "upstream said: Received message larger than max";
  const cause = Object.assign(new Error(`gRPC error 8: ${details}`), { name: "NotOK", code: 8, details });
  expect([isUnread(cause), policyFaultOf(cause)]).toEqual([false, { problem: cause.message, unavailable: true }]);
});

class t extends NotOK {}
class e extends ValidationFailed {}

it("errors of the client are known in a bundle, too, where their classes have other names", () => {
  const refused = new t(Status.INVALID_ARGUMENT, "invalid auxData");
  const problems = [new t(Status.UNAVAILABLE, "no connection"), refused, new e([])].map((cause) => {
    expect(cause.name).toMatch(/^[et]$/);
    return policyFaultOf(cause);
  });
  expect(problems).toEqual([
    { problem: "gRPC error 14 (UNAVAILABLE): no connection", unavailable: true },
    { problem: expect.stringMatching(/^gRPC error 3 \(INVALID_ARGUMENT\): invalid auxData /), refused: true },
    { problem: "the request does not fit a policy's schema" },
  ]);
});

it.each([
  Object.assign(new Error("hunter2"), { name: "NotOK" }),
  Object.assign(new Error("hunter2"), { name: "NotOK", code: 14 }),
  Object.assign(new Error("hunter2"), { name: "OwnError", code: 14 }),
  { name: "NotOK", code: 14, message: "hunter2" },
])("only what the client for gRPC itself says is told: %s", (cause) => {
  expect(policyFaultOf(cause).problem).toMatch(/^the policy decision point/);
  expect(policyFaultOf(cause).problem).not.toContain("hunter2");
});

it("a resource is blamed for nothing where the principal does not fit its schema, either", () => {
  const asked = { resource: { kind: "payment", id: "1" }, actions: ["send"] };
  const error = (source: string) => ({ source, path: "/x", message: "m" });
  const misfitOf = (...sources: readonly string[]) => {
    const result = { ...asked, actions: { send: "EFFECT_ALLOW" }, validationErrors: sources.map(error), outputs: [] };
    const request = { principal: { id: "alice", roles: ["r"] }, resources: [asked], requestId: "r" };
    const [[answer] = []] = readAnswers(
      request as never,
      { requestId: "r", cerbosCallId: "c", results: [result] } as never,
    );
    return answer?.misfit;
  };
  expect(misfitOf("SOURCE_RESOURCE")).toBe(true);
  expect(misfitOf("SOURCE_RESOURCE", "SOURCE_PRINCIPAL")).toBeUndefined();
});
