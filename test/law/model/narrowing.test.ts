/**
 * Whenever the table says that a child is narrower, no value passes the child and fails the parent; and what passes a
 * constraint is exactly the set that the model gives it.
 */
import type { JsonValue } from "@hopwise/core/adapter";
import type { Constraint, Grant } from "@hopwise/core/grant";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passes, refusal, wideningOf } from "../../../packages/core/src/grant/index.ts";
import { parseGrant } from "../../../packages/core/src/grant/parse.ts";
import { DEFAULT_LIMITS } from "../../../packages/core/src/token/index.ts";
import { ran } from "../../support/ran.ts";
import { anyConstraint, anyPair } from "../random/constraints.ts";
import { breathe, expectMet, PATIENCE, report, runs, SEED, thousands } from "../random/runs.ts";
import { DOMAIN, probes } from "../random/values.ts";
import { type Argument, covers, has } from "./model.ts";

const PAIRS = runs(20_000, 1_000_000);
const CHUNK = 10_000;

/** Of what a token could say, made or not. */
const isNarrower = (parent: Grant, child: Grant): boolean => wideningOf(parent, child) === undefined;
const grantOf = (constraint: Constraint): Grant => ({ tool: { argument: constraint } });

interface Tally {
  pairs: number;
  edited: number;
  unchanged: number;
  narrower: number;
  narrowerByEdit: number;
  trulyNarrower: number;
  values: number;
  byType: Map<string, number>;
}

/** Holds one pair against the model, over the domain and at the edges of both. */
function check(parent: Constraint, child: Constraint, edited: boolean, tally: Tally): void {
  const said = isNarrower(grantOf(parent), grantOf(child));
  const values: readonly Argument[] = [...DOMAIN, ...probes(parent), ...probes(child)];
  let within = true;
  for (const value of values) {
    const inParent = passes(parent, value);
    const inChild = passes(child, value);
    if (inParent !== has(parent, value)) throw new Error(`passes() differs from the model: ${show({ parent, value })}`);
    if (inChild !== has(child, value)) throw new Error(`passes() differs from the model: ${show({ child, value })}`);
    within &&= inParent || !inChild;
    if (said && inChild && !inParent)
      throw new Error(`widened, and was called narrower: ${show({ parent, child, value })}`);
  }
  tally.pairs++;
  tally.values += values.length;
  ran("values tried on a parent and its child", values.length);
  if (edited) tally.edited++;
  if (JSON.stringify(parent) === JSON.stringify(child)) tally.unchanged++;
  if (within) tally.trulyNarrower++;
  if (!said) return;
  tally.narrower++;
  if (edited) tally.narrowerByEdit++;
  const types = `${child.constraint_type} under ${parent.constraint_type}`;
  tally.byType.set(types, (tally.byType.get(types) ?? 0) + 1);
}

function show(what: { readonly [name: string]: unknown }): string {
  return JSON.stringify(what, (_, value: unknown) => (Object.is(value, -0) ? "-0" : value));
}

describe("narrowing", () => {
  it(
    "lets no value pass a child and fail the parent that it was called narrower than, over all types and nestings",
    async () => {
      const tally: Tally = {
        pairs: 0,
        edited: 0,
        unchanged: 0,
        narrower: 0,
        narrowerByEdit: 0,
        trulyNarrower: 0,
        values: 0,
        byType: new Map(),
      };
      for (let done = 0; done < PAIRS; done += CHUNK) {
        const numRuns = Math.min(CHUNK, PAIRS - done);
        fc.assert(
          fc.property(anyPair, ({ parent, child, edited }) => check(parent, child, edited, tally)),
          { numRuns, seed: (SEED + done) | 0 },
        );
        await breathe();
      }
      // A property of what is narrower says nothing where hardly anything is.
      expectMet("narrower", tally.narrower, tally.pairs * 0.6);
      expect(tally.byType.size).toBeGreaterThan(40);
      const share = (of: number): string => `${thousands(of)} (${((100 * of) / tally.pairs).toFixed(1)} %)`;
      report("narrowing", [
        `pairs of parent and child: ${thousands(tally.pairs)}, by edits of the parent ${share(tally.edited)}, the same ${share(tally.unchanged)}`,
        `triples with a value: ${thousands(tally.values)}`,
        `called narrower: ${share(tally.narrower)}, by edits ${thousands(tally.narrowerByEdit)}`,
        `narrower over the values tried: ${share(tally.trulyNarrower)}`,
        `pairs of types called narrower: ${tally.byType.size}`,
        "widenings: 0",
      ]);
    },
    PATIENCE,
  );

  it(
    "agrees with the model about whole grants and calls: tools, argument names, any arguments",
    () => {
      const name = fc.constantFrom("a", "b", "constructor", "");
      const tool = fc.constantFrom("t", "u", "toString", "a:b#t", "mcp:resources/read");
      const every = fc.constantFrom("mcp:tools/*", "a:b#mcp:tools/*").map((key): Grant => ({ [key]: {} }));
      const named = fc.dictionary(tool, fc.dictionary(name, anyConstraint, { maxKeys: 2, noNullPrototype: true }), {
        maxKeys: 2,
        noNullPrototype: true,
      }) as fc.Arbitrary<Grant>;
      const grants = fc.oneof({ weight: 4, arbitrary: named }, { weight: 1, arbitrary: every });
      const value = fc.constantFrom(...DOMAIN.filter((one) => one !== undefined));
      const calls = fc.array(
        fc.record({
          tool: fc.oneof(tool, fc.constantFrom("mcp:tools/*", "a:b#mcp:tools/*", "")),
          arguments: fc.dictionary(name, value, { maxKeys: 2, noNullPrototype: true }),
        }),
        { minLength: 1, maxLength: 12 },
      );
      let narrower = 0;
      fc.assert(
        fc.property(grants, grants, calls, fc.boolean(), (parent, other, calls, same) => {
          const child = same
            ? { ...parent, ...(Object.hasOwn(parent, "t") && other["t"] && { t: other["t"] }) }
            : other;
          const said = isNarrower(parent, child);
          if (said && Object.keys(child).length > 0) narrower++;
          for (const call of calls as { tool: string; arguments: { [name: string]: JsonValue } }[]) {
            expect(refusal(parent, call.tool, call.arguments) === undefined).toBe(covers(parent, call));
            if (said && covers(child, call)) expect(covers(parent, call), show({ parent, child, call })).toBe(true);
          }
        }),
        { numRuns: runs(2000, 50_000), seed: SEED },
      );
      expectMet("narrower", narrower, runs(770, 19_000));
    },
    PATIENCE,
  );

  it("draws only what a token can say, so that nothing of it is refused before it is compared", () => {
    fc.assert(
      fc.property(anyPair, ({ parent, child }) => {
        for (const constraint of [parent, child]) {
          const wire = JSON.parse(JSON.stringify(grantOf(constraint))) as JsonValue;
          expect(parseGrant(wire, DEFAULT_LIMITS, "token_malformed")).toEqual(wire);
        }
      }),
      { numRuns: runs(1000, 20_000), seed: SEED },
    );
  });

  it("calls everything narrower than itself, and nothing narrower by the draft's table that is not by its own", () => {
    fc.assert(
      fc.property(anyPair, ({ parent, child }) => {
        expect(isNarrower(grantOf(parent), grantOf(parent)), show({ parent })).toBe(true);
        if (wideningOf(grantOf(parent), grantOf(child), "aat-01") === undefined) {
          expect(isNarrower(grantOf(parent), grantOf(child)), show({ parent, child })).toBe(true);
        }
      }),
      { numRuns: runs(1000, 50_000), seed: SEED },
    );
  });
});
