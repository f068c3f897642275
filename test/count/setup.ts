/** Runs in front of each test file: counts what the file does, and hands the counts to the reporter as the file's `meta`. */
import fc from "fast-check";
import { afterEach, expect } from "vitest";
import { SEED } from "../law/random/runs.ts";
import { LISTENER } from "../support/ran.ts";
import type { FileCounts } from "./counts.ts";

const counts: FileCounts = { expects: 0, propertyRuns: 0, ran: {} };

Object.assign(globalThis, {
  [LISTENER]: (what: string, times: number) => {
    counts.ran[what] = (counts.ran[what] ?? 0) + times;
  },
});

/** Whatever fast-check does around a property, each try of its predicate passes through `run` of one of these classes. */
const COUNTED = Symbol.for("dev.hopwise/test-count/property");
type Runs = { run(...args: unknown[]): unknown; [COUNTED]?: () => void };

for (const property of [fc.property(fc.constant(0), () => {}), fc.asyncProperty(fc.constant(0), async () => {})]) {
  const prototype = Object.getPrototypeOf(property) as Runs;
  const { run } = prototype;
  if (prototype[COUNTED] === undefined) {
    prototype.run = function (...args) {
      prototype[COUNTED]?.();
      return run.apply(this, args);
    };
  }
  // A worker that runs several files has one fast-check for all of them.
  prototype[COUNTED] = () => {
    counts.propertyRuns++;
  };
}

// The same inputs in each run, so that two counts can be compared.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });

afterEach(({ task }) => {
  counts.expects += expect.getState().assertionCalls;
  // The same object each time: it leaves with the file's last state, when all of it has been counted.
  Object.assign(task.file.meta, { counts });
});
