import { afterEach, expect, it } from "vitest";
import type { Stage } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { UNWATCHED } from "../telemetry/index.ts";
import { timedStages } from "./timed-stages.ts";

afterEach(() => void Reflect.deleteProperty(Object.prototype, "user"));

it("a stage gives what it found, and what ends a call by a code of ours", async () => {
  const { stage } = timedStages(UNWATCHED);
  expect(await stage("token", () => 5)).toBe(5);
  const refusal = new HopwiseError("revoked", "no more");
  const throws = (): never => {
    throw refusal;
  };
  expect(await stage("state", throws)).toBe(refusal);
  expect(await stage("state", async () => throws())).toBe(refusal);
});

const CODES: { readonly [S in Stage]: string } = {
  ...{ agents: "registry_unavailable", state: "state_unavailable", approval: "state_unavailable" },
  ...{ spending: "state_unavailable", context: "context_unavailable", policy: "policy_unavailable" },
  ...{ audit: "audit_unavailable", token: "guard_failed", arguments: "guard_failed", proof: "guard_failed" },
  ...{ guard: "guard_failed", grant: "guard_failed", result: "guard_failed" },
};

it.each(Object.entries(CODES))(
  "whatever else the stage %s throws ends the call as %s, in our words",
  async (name, code) => {
    const { stage } = timedStages(UNWATCHED);
    for (const thrown of [new Error("hunter2"), new HopwiseError("config_invalid", "of a program"), undefined]) {
      const found = await stage(name as Stage, () => {
        throw thrown;
      });
      expect(found).toBeInstanceOf(HopwiseError);
      const { message, cause } = found as HopwiseError;
      expect([message, cause]).toEqual([
        `the stage "${name}" failed: something that the host program provides threw`,
        thrown,
      ]);
      expect(found).toHaveProperty("code", code);
    }
  },
);

it("a stage gives what it found at once, also where that has a member which a promise has: arguments may be called anything", async () => {
  const { stage } = timedStages(UNWATCHED);
  // biome-ignore lint/suspicious/noThenProperty: data of a caller may have any name
  const received = { then: "after lunch" };
  expect(stage("arguments", () => received)).toBe(received);
});

it("no stage runs while every object has a member that somebody put there", async () => {
  const { stage } = timedStages(UNWATCHED);
  let ran = false;
  Object.assign(Object.prototype, { user: "admin" });
  const found = await stage("token", () => {
    ran = true;
  });
  Reflect.deleteProperty(Object.prototype, "user");
  expect(found).toMatchObject({ code: "guard_failed", message: expect.stringContaining('"user"') });
  expect(ran).toBe(false);
});

it("each stage is timed, also twice, and where it fails; one that did not run is not", async () => {
  const { stage, timings } = timedStages(UNWATCHED);
  const wait = () => new Promise((done) => setTimeout(done, 2));
  await stage("token", wait);
  const { token: once = 0 } = timings();
  await stage("token", async () => {
    await wait();
    throw new Error();
  });
  const { token = 0, total, ...others } = timings();
  expect(others).toEqual({});
  expect(once).toBeGreaterThan(0);
  expect(token).toBeGreaterThan(once);
  expect(total).toBeGreaterThanOrEqual(token);
});

it("a stage is watched by its name", async () => {
  const watched: string[] = [];
  const { stage } = timedStages({
    ...UNWATCHED,
    stage: (name, run) => {
      watched.push(name);
      return UNWATCHED.stage(name, run);
    },
  });
  await stage("proof", () => {});
  expect(watched).toEqual(["proof"]);
});
