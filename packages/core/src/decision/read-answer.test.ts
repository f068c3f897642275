import { expect, it } from "vitest";
import { faultOf } from "./read-answer.ts";

it.each([
  [
    "gRPC error 14: No connection established. Last error: null. Resolution note: ",
    "gRPC error 14: No connection established. Last error: null.",
  ],
  ["gRPC error 14: No addresses resolved. Resolution note: pdp.internal is unknown", undefined],
  ["gRPC error 14: Resolution note: none. It is gone", undefined],
])("of a client's own words, the label of a note that is not there is left out: %s", (words, told = words) => {
  expect(faultOf(Object.assign(new Error(words), { name: "NotOK", code: 14 })).problem).toBe(told);
});

it("an answer that is larger than the client takes is no outage, either: the next one is as large", () => {
  const details = "Received message larger than max (5000142 vs 4194304)";
  const cause = Object.assign(new Error(`gRPC error 8 (RESOURCE_EXHAUSTED): ${details}`), {
    name: "NotOK",
    code: 8,
    details,
  });
  expect(faultOf(cause)).toEqual({ problem: cause.message });
});

it.each([
  new Error("google.protobuf.Value cannot be NaN or Infinity"),
  Object.assign(new Error("gRPC error 2 (UNKNOWN): proto: google.protobuf.Value.number_value: invalid +Inf value"), {
    name: "NotOK",
    code: 2,
  }),
])("an answer with a number that none can carry is no outage: %s", (cause) => {
  expect(faultOf(cause)).toEqual({ problem: expect.stringMatching(/^a number in it is not finite/) });
});
