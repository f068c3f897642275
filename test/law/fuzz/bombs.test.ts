/**
 * The heaviest that the limits let through: a token of 8 KB full of clauses, arguments of 64 KB full of elements. It must end
 * with the model's answer. How long it takes is printed by `pnpm test:fuzz`, and asserted nowhere.
 */
import type { JsonValue } from "@hopwise/core/adapter";
import type { Constraint, Grant } from "@hopwise/core/grant";
import { describe, expect, it } from "vitest";
import { parseGrant, passes, wideningOf } from "../../../packages/core/src/grant/index.ts";
import { freezeJson, parseJson } from "../../../packages/core/src/json/index.ts";
import { DEFAULT_LIMITS } from "../../../packages/core/src/token/index.ts";
import { ran } from "../../support/ran.ts";
import { has } from "../model/model.ts";
import { PATIENCE, report, runs, thousands } from "../random/runs.ts";

/** What is left for constraints in a token of 8 KB, and the length of arguments; in `pnpm test` a tenth of both. */
const GRANT_SIZE = runs(650, 6500);
const ARGUMENTS_SIZE = runs(6400, 64_000);

/** As many of these clauses as a token has room for, eight in a group, groups in groups. */
function full(type: "all" | "any", clause: Constraint): Constraint {
  const count = Math.floor(GRANT_SIZE / (JSON.stringify(clause).length + 8));
  let level: readonly Constraint[] = Array<Constraint>(Math.max(2, count)).fill(clause);
  while (level.length > 8) {
    const groups = Array.from({ length: Math.ceil(level.length / 8) }, (_, i) => level.slice(8 * i, 8 * i + 8));
    level = groups.map((own) =>
      own.length === 1 ? (own[0] as Constraint) : { constraint_type: type, constraints: own },
    );
  }
  return { constraint_type: type, constraints: level };
}

/** As many of these elements as arguments have room for. */
function many(element: JsonValue): readonly JsonValue[] {
  return Array<JsonValue>(Math.floor(ARGUMENTS_SIZE / (JSON.stringify(element).length + 1))).fill(element);
}

const EIGHT = ["a", "b", "c", "d", "e", "f", "g", "h"];
const SIXTY_FOUR = [...Array.from({ length: 56 }, (_, i) => `${i}`), ...EIGHT];
const LONG_PATH = `/${"a/".repeat(ARGUMENTS_SIZE / 2 - 2)}a`;
const each = (constraint: Constraint): Constraint => ({ constraint_type: "each", constraint });

const BOMBS: readonly (readonly [what: string, constraint: Constraint, value: JsonValue])[] = [
  ["one long path, against many roots", full("all", { constraint_type: "path", root: "/" }), LONG_PATH],
  ["one long path, against many other roots", full("any", { constraint_type: "path", root: "/b" }), LONG_PATH],
  [
    "one long url, against many origins",
    full("all", { constraint_type: "url", origins: ["a://b"] }),
    `a://b${LONG_PATH}`,
  ],
  ["a long list, against many subsets", full("all", { constraint_type: "subset", allowed: SIXTY_FOUR }), many("h")],
  [
    "a long list, that must contain a lot",
    full("all", { constraint_type: "contains", required: EIGHT }),
    [...many("z"), ...EIGHT],
  ],
  [
    "a long list, each of which may be much",
    full("all", each({ constraint_type: "one_of", values: SIXTY_FOUR })),
    many("h"),
  ],
  ["a long list, each against many clauses", each(full("all", { constraint_type: "wildcard" })), many(1)],
  [
    "a long list of paths, each against many roots",
    each(full("all", { constraint_type: "path", root: "/" })),
    many("/"),
  ],
  [
    "a long list of urls, each against many origins",
    each(full("all", { constraint_type: "url", origins: ["a://b"] })),
    many("a://b"),
  ],
  [
    "objects in a long list",
    each(full("all", { constraint_type: "object", properties: { a: { constraint_type: "wildcard" } } })),
    many({ a: 1 }),
  ],
];

const time = (run: () => unknown): number => {
  const start = performance.now();
  run();
  return performance.now() - start;
};
const best = (run: () => unknown): number => Math.min(time(run), time(run), time(run));

describe("the heaviest that the limits let through", () => {
  it(
    "is decided as the model decides it, or refused where it would be too much work",
    () => {
      const lines = BOMBS.map(([what, constraint, value]) => {
        const grant: Grant = { tool: { argument: constraint } };
        const wire = JSON.parse(JSON.stringify(grant)) as JsonValue;
        expect(parseGrant(wire, DEFAULT_LIMITS, "token_malformed")).toEqual(wire);
        if (passes(constraint, value)) expect(has(constraint, value), what).toBe(true);
        expect(wideningOf(grant, grant)).toBeUndefined();
        const ms = [best(() => passes(constraint, value)), best(() => wideningOf(grant, grant))].map((n) =>
          n.toFixed(1).padStart(7),
        );
        return `${ms[0]} ms to check, ${ms[1]} ms to compare: ${what} (grant ${thousands(JSON.stringify(grant).length)}, arguments ${thousands(JSON.stringify(value).length)} characters)`;
      });
      report("bombs", lines);
      ran("heaviest inputs", lines.length);
    },
    PATIENCE,
  );

  it(
    "is read and copied, or refused",
    () => {
      const size = ARGUMENTS_SIZE;
      const texts: readonly string[] = [
        `[${"1,".repeat(size / 2 - 2)}1]`,
        `"${"\\u0041".repeat(size / 6)}"`,
        `"${"\\n".repeat(size / 2)}"`,
        `{${Array.from({ length: Math.floor(size / 9) }, (_, i) => `"${i}":0`).join()}}`,
        "[".repeat(size),
        "9".repeat(size),
        `0.${"1".repeat(size)}`,
        `${"[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]],".repeat(size / 32)}`,
      ];
      const values: readonly unknown[] = [many(null), many({}), many([]), many(1.5), { a: many(true) }];
      const limits = { maxDepth: 16, maxSize: 64 * 1024 };
      const quiet = (run: () => unknown) => (): void => {
        try {
          run();
        } catch {
          // Whether it is refused is another test's question; here it must end.
        }
      };
      const options = { code: "arguments_malformed", what: "a text", maxDepth: 16 } as const;
      const reading = texts.map(
        (text) => [best(quiet(() => parseJson(text, options))), `a text that begins ${text.slice(0, 12)}`] as const,
      );
      const copying = values.map(
        (value) =>
          [best(quiet(() => freezeJson(value, limits))), `a value like ${JSON.stringify(value).slice(0, 12)}`] as const,
      );
      ran("heaviest inputs", reading.length + copying.length);
      report(
        "bombs for the reader",
        [...reading, ...copying].map(([ms, what]) => `${ms.toFixed(1).padStart(7)} ms: ${what}`),
      );
    },
    PATIENCE,
  );
});
