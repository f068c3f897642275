import { describe, expect, it } from "vitest";
import { createCompany } from "../testing/index.ts";
import { memoryState } from "./memory.ts";
import { memoryReplay } from "./replay.ts";

const FIRST = Symbol.for("@hopwise/core:memory");

describe("a memory that nobody says the beginning of", () => {
  it("has seen all since its process began, where it is the first; any later one only what came since it was made", () => {
    Reflect.deleteProperty(globalThis, FIRST);
    const made = Date.now();
    const first = memoryState();
    expect(first.replay.notBefore).toBeLessThanOrEqual(made / 1000);
    expect(first.replay.notBefore).toBeGreaterThanOrEqual(performance.timeOrigin / 1000);
    // Such as that of an authorizer that is built anew: what was spent there must not be good, or there, again.
    for (const { replay, spending, approvals } of [memoryState(), memoryState()]) {
      for (const { notBefore } of [replay, spending, approvals]) expect(notBefore).toBeGreaterThanOrEqual(made / 1000);
    }
    expect(memoryReplay().notBefore).toBeGreaterThanOrEqual(made / 1000);
    expect(memoryReplay({ since: 0 }).notBefore).toBe(0);
  });

  it("is not the first beside an authorizer that remembers elsewhere", async () => {
    Reflect.deleteProperty(globalThis, FIRST);
    const company = await createCompany();
    expect(Reflect.get(globalThis, FIRST)).toBeUndefined();
    company.authorizer({ state: memoryState({ since: 0 }) });
    const made = Date.now();
    for (const notBefore of [memoryState().replay.notBefore, memoryReplay().notBefore]) {
      expect(notBefore).toBeGreaterThanOrEqual(made / 1000);
    }
  });
});
