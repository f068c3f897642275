import { NotOK, Status, ValidationFailed } from "@cerbos/core";
import { describe, expect, it } from "vitest";
import { type ClientErrorKind, clientErrorKind, clientWords } from "./client-error.ts";
import { policyFaultOf } from "./read-answer.ts";

const { RESOURCE_EXHAUSTED, INVALID_ARGUMENT, OUT_OF_RANGE, INTERNAL, UNAVAILABLE, UNKNOWN } = Status;
const notOK = (code: ConstructorParameters<typeof NotOK>[0], details: string): NotOK => new NotOK(code, details);

/** Errors of each kind. A new kind without a row does not compile. */
const ERRORS: { readonly [Kind in ClientErrorKind]: readonly Error[] } = {
  misfit: [new ValidationFailed([])],
  not_finite: [
    new Error("google.protobuf.Value cannot be NaN or Infinity"),
    notOK(UNKNOWN, "proto: google.protobuf.Value.number_value: invalid +Inf value"),
  ],
  wrong: [notOK(INVALID_ARGUMENT, "invalid request"), notOK(OUT_OF_RANGE, "out of range")],
  too_large: [
    notOK(RESOURCE_EXHAUSTED, "grpc: received message larger than max (5000097 vs. 4194304)"),
    notOK(RESOURCE_EXHAUSTED, "Attempted to send message with a size larger than 5000000"),
  ],
  answer_too_large: [notOK(RESOURCE_EXHAUSTED, "Received message larger than max (5000142 vs 4194304)")],
  unwritable: [notOK(INTERNAL, "Request message serialization failure: x")],
  unplannable: [notOK(INTERNAL, "Resources query plan request failed")],
};

describe.each(Object.entries(ERRORS))("an error of the kind %s", (kind, errors) => {
  it.each(errors)("is told: %s", (error) => {
    expect(clientErrorKind(error)).toBe(kind);
  });

  it.each(errors)("is no outage, which would be asked again: %s", (error) => {
    expect(policyFaultOf(error).unavailable).toBeUndefined();
  });
});

it.each([
  notOK(UNAVAILABLE, "no connection"),
  notOK(RESOURCE_EXHAUSTED, "too many requests"),
  notOK(RESOURCE_EXHAUSTED, "upstream said: Received message larger than max"),
  new Error("hunter2"),
  undefined,
])("any other is a fault of the decision point, or of the way to it: %s", (error) => {
  expect(clientErrorKind(error)).toBeUndefined();
});

it("the client's own words are told, without the label of a note that is not there, and nothing of any other error", () => {
  const label = "no connection. Resolution note: ";
  expect(clientWords(notOK(UNAVAILABLE, label))).toBe("gRPC error 14 (UNAVAILABLE): no connection.");
  for (const other of [
    new Error("hunter2"),
    new Error("gRPC error 14: hunter2"),
    { message: "gRPC error 14", code: 14 },
  ]) {
    expect(clientWords(other)).toBeUndefined();
  }
});
