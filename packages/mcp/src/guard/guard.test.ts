import { describe, expect, it } from "vitest";
import { operationOf } from "../protocol/index.ts";
import { allowed, CALL, createFakeAuthorizer, createStand, denied, PENDING, request } from "./guard.fixture.ts";
import { reportWithdrawn } from "./guard.ts";

describe("a guard", () => {
  it("reports what came of an allowed call once, although the server says it again", () => {
    const { guard, outcomes } = createStand();
    const decision = allowed();
    guard.reportOutcome(decision, { outcome: "failed" });
    guard.reportOutcome(decision, { outcome: "withdrawn" });
    guard.reportOutcome(allowed(), { outcome: "withdrawn" });
    expect(outcomes).toEqual([{ outcome: "failed" }, { outcome: "withdrawn" }]);
  });

  it("tells its host where what came of a call is on no record, as of a copy of a decision", async () => {
    const fault = new Error("report: decision must be the very object");
    const authorizer = { ...createFakeAuthorizer().authorizer, report: () => Promise.reject(fault) };
    const { guard, faults } = createStand({}, { authorizer });
    guard.reportOutcome(allowed(), { outcome: "failed" });
    await Promise.resolve();
    expect(faults).toEqual([fault]);
  });

  it("tells its host of faults, each as an error", () => {
    const { guard, faults } = createStand();
    const fault = new TypeError("a mistake");
    guard.report(fault);
    guard.report("a text");
    expect(faults).toEqual([fault, new Error("a text")]);
  });

  it("goes on where its host does not listen, or fails to, at once or later", () => {
    const { guard, inner } = createStand();
    inner.onerror = () => {
      throw new Error("the disk is full");
    };
    guard.report(new Error("a mistake"));
    // Vitest fails for a rejection that nobody handles, as Node ends a process.
    inner.onerror = () => Promise.reject(new Error("the disk is full")) as never;
    guard.report(new Error("a mistake"));
    inner.onerror = undefined;
    guard.report(new Error("a mistake"));
  });

  it("says of a call whose caller has left that it was withdrawn, where it had been allowed", () => {
    const { guard, outcomes } = createStand();
    const call = request(1, "tools/call", CALL);
    const flight = guard.flights.begin(call, operationOf(call));
    for (const decision of [undefined, denied(), PENDING]) {
      flight.decision = decision;
      reportWithdrawn(guard, flight);
    }
    expect(outcomes).toEqual([]);
    flight.decision = allowed();
    reportWithdrawn(guard, flight);
    expect(outcomes).toEqual([{ outcome: "withdrawn" }]);
  });
});
