/**
 * What a tool's own schema makes of the arguments: a call runs only where what was sent and what was read lie within the
 * grant of every token, as the model says it; and a longer chain lets nothing run that a shorter one refuses.
 */
import type { Grant } from "@hopwise/core/grant";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refusalOfRead, refusalOfSent, wideningOf } from "../../../packages/core/src/grant/index.ts";
import { pointerTo } from "../../../packages/core/src/json/index.ts";
import { ownArguments } from "../../../packages/core/src/resource/index.ts";
import { ran } from "../../support/ran.ts";
import { anyReading, type Reading } from "../random/readings.ts";
import { breathe, expectMet, PATIENCE, report, runs, SEED, thousands } from "../random/runs.ts";
import { type Call, covers, has, type Outside, outsideAsRead, outsideAsSent } from "./model.ts";

const CALLS = runs(6000, 400_000);
const CHUNK = 10_000;

const callOf = ({ sent, parsed, inputSchema, adds }: Reading): Call => ({
  tool: "t",
  arguments: sent,
  read: parsed,
  announced: inputSchema,
  adds,
});

interface Said {
  readonly code: string;
  readonly pointer: string;
}

/** What core says of a chain with these grants: first of what was sent, by each token, then of what was read. */
function refusedByCore({ sent, parsed, inputSchema, adds }: Reading, grants: readonly Grant[]): Said | undefined {
  const isOwn = ownArguments({ kind: "thing", action: "use", adds }, inputSchema);
  for (const grant of grants) {
    const refused = refusalOfSent(grant, "t", sent);
    if (refused !== undefined) return refused;
  }
  for (const grant of grants) {
    const refused = refusalOfRead(grant, "t", { sent, parsed, isOwn });
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function outsideByModel(call: Call, grants: readonly Grant[]): Outside | undefined {
  const first = (of: (grant: Grant, call: Call) => Outside | undefined): Outside | undefined =>
    grants.map((grant) => of(grant, call)).find((outside) => outside !== undefined);
  return first(outsideAsSent) ?? first(outsideAsRead);
}

/** Every argument that runs, one by one: it passes the grant, or nobody sent it and no grant asks for it. */
function isWithin(call: Call, grant: Grant): boolean {
  const constraints = grant["t"] ?? {};
  if (Object.keys(constraints).length === 0) return true;
  return Object.entries(call.read ?? call.arguments).every(([name, value]) => {
    const constraint = Object.hasOwn(constraints, name) ? constraints[name] : undefined;
    const sent = Object.hasOwn(call.arguments, name);
    if (constraint !== undefined && has(constraint, value)) return !sent || has(constraint, call.arguments[name]);
    return !sent && (constraint === undefined || constraint.constraint_type === "absent");
  });
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

describe("the arguments of a call", () => {
  it(
    "run as the model says, within every grant, and never under a longer chain alone",
    async () => {
      const tally = new Map<string, number>();
      const count = (what: string): unknown => tally.set(what, (tally.get(what) ?? 0) + 1);
      const check = (reading: Reading): void => {
        const call = callOf(reading);
        const answers = reading.grants.map((_, i) => {
          const grants = reading.grants.slice(0, i + 1);
          const [said, expected] = [refusedByCore(reading, grants), outsideByModel(call, grants)];
          expect(said?.code, JSON.stringify(reading)).toBe(expected?.code);
          if (said !== undefined && expected !== undefined && expected.code !== "grant_tool_missing") {
            expect(expected.names.map((name) => pointerTo("", name))).toContain(said.pointer);
          }
          const runs = said === undefined;
          if (runs)
            expect(
              grants.every((grant) => isWithin(call, grant)),
              JSON.stringify(reading),
            ).toBe(true);
          return runs;
        });
        expect(answers.slice(answers.indexOf(false)).includes(true) && answers.includes(false)).toBe(false);
        ran("prefixes of a chain asked about a call", answers.length);
        count(refusedByCore(reading, reading.grants)?.code ?? "runs");
        if (reading.parsed !== undefined && !same(reading.parsed, reading.sent)) count("changed");
        if (answers.at(-1) && reading.parsed !== undefined && !same(reading.parsed, reading.sent))
          count("changed, runs");
        if (answers[0] && !answers.at(-1)) count("lost on the way");
      };
      for (let done = 0; done < CALLS; done += CHUNK) {
        const numRuns = Math.min(CHUNK, CALLS - done);
        fc.assert(fc.property(anyReading, check), { numRuns, seed: (SEED + done) | 0 });
        await breathe();
      }
      const of = (what: string): number => tally.get(what) ?? 0;
      report("arguments that a schema reads", [
        `calls: ${thousands(CALLS)}, of which a schema changed ${thousands(of("changed"))}`,
        ...[...tally].map(([what, n]) => `${what}: ${thousands(n)}`),
        "differences from the model: 0, arguments outside of a grant that ran: 0",
      ]);
      for (const what of ["changed, runs", "runs", "grant_argument_refused"]) expectMet(what, of(what), CALLS / 11);
      for (const what of ["grant_argument_missing", "lost on the way"]) expectMet(what, of(what), CALLS / 22);
    },
    PATIENCE,
  );

  it(
    "pass a parent wherever they pass a narrower child, but for what the tool puts where the child wants nothing",
    () => {
      let narrower = 0;
      fc.assert(
        fc.property(anyReading, (reading) => {
          const call = callOf(reading);
          for (const [i, child] of reading.grants.entries()) {
            const parent = reading.grants[i - 1];
            if (parent === undefined || wideningOf(parent, child) !== undefined || !covers(child, call)) continue;
            narrower++;
            if (covers(parent, call)) continue;
            const put = (outsideAsSent(parent, call) ?? outsideAsRead(parent, call))?.names ?? [];
            const isAbsent = (name: string): boolean => child["t"]?.[name]?.constraint_type === "absent";
            expect([put.length > 0, put.every(isAbsent)], JSON.stringify({ parent, child, call })).toEqual([
              true,
              true,
            ]);
          }
        }),
        { numRuns: CALLS, seed: SEED },
      );
      expectMet("narrower", narrower, CALLS / 8);
    },
    PATIENCE,
  );
});
