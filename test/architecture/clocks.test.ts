import { describe, expect, it } from "vitest";
import { shipped, textOf } from "./sources.ts";

/**
 * Two clocks are there. The machine's (`Date.now`, and every option `clock`) may be put back or ahead; the process's own
 * (`performance.now`) goes on from its start, and may stand still while the machine sleeps. How long something is good is asked
 * by both (`ageBy`). Where one of them alone is right, its file stands here, and why.
 */
const OWN_CLOCK: { readonly [file: string]: string } = {
  "core/lib/age-by.ts": "asks both",
  "core/lib/deadline.ts": "how long an answer is waited for",
  "core/lib/when-time-is-up.ts": "how long an answer is waited for",
  "core/audit/sinks.ts": "for how long a failure is told",
  "core/audit/strangers.ts": "the pause between two lines",
  "core/state/forgetting.ts": "for how long what has ended by the clock is kept, and a jump of that one is doubted",
  "core/state/follow-log.ts": "for how long a new log is closed: it opens later at worst",
  "core/state/state.ts": "how long a store is waited for",
  "core/state-contract/driver.ts": "how long a store is waited for",
  "core/token/keys/pace.ts": "the pause between two fetches",
  "core/way/timed-stages.ts": "how long a stage took, for telemetry",
  "audit/checkpoints.ts": "the pause between two signatures",
  "audit/stream-writer.ts": "when a file is long enough: it grows longer at worst",
  "cerbos/ask/breaker.ts": "the pause before a target is tried again",
  "cerbos/ask/lane.ts": "how long an answer is waited for",
  "cerbos/ask/one-policy-set.ts": "for how long a decision is asked again after policies were loaded",
  "cerbos/ask/resilient.ts": "how long an answer is waited for",
  "cerbos/ask/under-way.ts": "how long an answer is waited for",
  "cerbos/connect/connect-pdp.ts": "how long an answer is waited for",
  "cerbos/connect/lost-policies.ts": "for how long a look counts, in whose place there is a denial",
  "cerbos/serve/keep-running.ts": "the pause between two starts",
  "cerbos/serve/log-losses.ts": "for how long a loss is told",
  "cerbos/serve/watch-policies.ts": "for how long a fault is waited out",
  "mcp/guard/list-changes.ts": "the pause between two notices",
  "redis/append.ts": "how long an answer is waited for",
  "redis/health.ts": "how long an answer is waited for",
  "redis/open-redis.ts": "how long a server is waited for",
  "redis/run-step.ts": "how long an answer is waited for, and for how long a mistake is told",
  "redis/trips.ts": "how long an answer is waited for",
  "redis/watch.ts": "how long ago a server was looked at: after a sleep it is a loss, or the look fails",
  "sqlite/store.ts": "how long a lock is waited for",
  "sqlite/write-queue.ts": "how long a lock is waited for",
};

/** Files that ask the machine what time it is, and no option `clock`. */
const MACHINES_CLOCK: { readonly [file: string]: string } = {
  "core/lib/time-of.ts": "the time of a record, where the clock that was given broke",
  "core/state-contract/case.ts": "of a store that has no clock of its own",
  "core/state/memory-began.ts": "when this process began",
  "core/testing/test-clock.ts": "until a test sets it",
  "core/token/keys/fetched-set.ts": "since when there are keys, for health",
  "audit/blast-radius.ts": "where its caller says no time",
  "audit/open-audit-log.ts": "the time of what the log itself writes",
  "audit/segment.ts": "a name that nobody had before",
  "redis/health.ts": "where its caller says no time",
  "redis/replay.ts": "where its caller says no time",
  "redis/revocation-log.ts": "is held against the server's clock",
  "redis/steps.ts": "where its caller says no time",
  "redis/watch.ts": "is held against the server's clock",
  "sqlite/state-file.ts": "is held against the time of a file, both ways",
};

/** The code without comments and texts. */
const codeOf = (file: string): string =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""');

/** Files in which a clock is asked by its name. */
function askedIn(clock: RegExp, files: readonly string[], code = codeOf): readonly string[] {
  return files.filter((file) => clock.test(code(file))).sort();
}

const OWN = /\bperformance\b(?!\s*\}\s*from)|\bhrtime\b/;
const MACHINES = /\bDate\.now\(|\bnew Date\(\)/;

describe("a clock that is asked by its name", () => {
  it("is the process's own only where nothing is good for longer by it", () => {
    expect(askedIn(OWN, shipped)).toEqual(Object.keys(OWN_CLOCK).sort());
  });

  it("is the machine's only where no clock was given: elsewhere the option is asked, and ages by `ageBy`", () => {
    expect(askedIn(MACHINES, shipped)).toEqual(Object.keys(MACHINES_CLOCK).sort());
  });

  it("is seen wherever it is asked, and not where it is only spoken of", () => {
    const code = (text: string) => () => text;
    for (const text of ["performance.now()", "const { now } = performance;", "process.hrtime.bigint()"])
      expect(askedIn(OWN, ["a.ts"], code(text)), text).toEqual(["a.ts"]);
    for (const text of ["Date.now() - since", "new Date().toISOString()"])
      expect(askedIn(MACHINES, ["a.ts"], code(text)), text).toEqual(["a.ts"]);
    expect(askedIn(OWN, ["a.ts"], code('import { performance } from ""'))).toEqual([]);
    expect(askedIn(MACHINES, ["a.ts"], code("const { clock = Date.now } = options; new Date(at)"))).toEqual([]);
  });
});
