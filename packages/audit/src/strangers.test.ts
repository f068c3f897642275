import type { UnverifiedAttempt } from "@hopwise/core/audit";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createStrangers } from "./strangers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const refused: UnverifiedAttempt = {
  invocation: "i",
  time: "t",
  audience: "a",
  tool: "t",
  code: "proof_missing",
  message: "m",
};
const ran: UnverifiedAttempt = { ...refused, enforced: false };

it("asks for a checkpoint a minute after a call ran, and for no more than one a minute", async () => {
  let asked = 0;
  const strangers = createStrangers(() => asked++);
  for (let i = 0; i < 1000; i++) strangers.unverified(ran);
  await vi.advanceTimersByTimeAsync(59_999);
  expect(asked).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toBe(1);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toBe(1);
  strangers.unverified(ran);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked, strangers.counts()]).toEqual([
    2,
    { unverified: { proof_missing: 1001 }, ran: { t: { proof_missing: 1001 } } },
  ]);
});

it("asks for none for what was refused, and none once the log is closed", async () => {
  const strangers = createStrangers(() => expect.unreachable("it asked"));
  strangers.unverified(refused);
  await vi.advanceTimersByTimeAsync(60_000);
  strangers.unverified(ran);
  strangers.close();
  strangers.unverified(ran);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(strangers.counts()).toEqual({ unverified: { proof_missing: 3 }, ran: { t: { proof_missing: 2 } } });
});
