import { stripTypeScriptTypes } from "node:module";
import { describe, expect, it } from "vitest";
import { parseAst } from "vitest/node";
import { shipped, textOf } from "./sources.ts";

const LONGEST_FILE = 250;
const LONGEST_FUNCTION = 60;

/** Files that may be longer, and why. */
const LONG_FILES: { readonly [file: string]: string } = {
  "core/codes.ts": "a table, with a row for each code",
};

/** Functions that may be longer, by file, and why. */
const LONG_FUNCTIONS: { readonly [file: string]: { readonly lines: number; readonly why: string } } = {
  "core/way/decide-call.ts": { lines: 80, why: "the law, on one screen" },
  "core/json/parse.ts": { lines: 130, why: "a parser: its parts share one position" },
  "core/json/freeze.ts": { lines: 85, why: "a walk: its parts share one budget" },
  "core/opentelemetry/open-telemetry.ts": { lines: 80, why: "its parts share one tracer, and make it late" },
  "audit/open-audit-log.ts": { lines: 108, why: "its parts share one state of the log" },
  "audit/stream-writer.ts": { lines: 77, why: "its parts share one open file" },
};

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** The lines of each function of a file, longest first. */
function functionLengths(text: string): readonly number[] {
  const code = stripTypeScriptTypes(text);
  const lengths: number[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { type, start, end } = value as Partial<Node>;
    if (typeof type === "string" && /Function/.test(type)) lengths.push(code.slice(start, end).split("\n").length);
    for (const [name, member] of Object.entries(value)) if (name !== "parent") visit(member);
  };
  visit(parseAst(code).body);
  return lengths.sort((a, b) => b - a);
}

/** What is wrong with the length of a file and of its functions, in lines of text. */
function tooLong(file: string, text: string): readonly string[] {
  const lines = text.split("\n").length - 1;
  const [longest = 0] = functionLengths(text);
  const most = LONG_FUNCTIONS[file]?.lines ?? LONGEST_FUNCTION;
  return [
    ...(lines > LONGEST_FILE && !Object.hasOwn(LONG_FILES, file) ? [`${file} has ${lines} lines`] : []),
    ...(longest > most ? [`${file} has a function of ${longest} lines, ${most} are the most`] : []),
  ];
}

describe("what a reader has to hold in mind at once", () => {
  it("is a file of at most 250 lines, with functions of at most 60, but for those that are named with a reason", () => {
    expect(shipped.flatMap((file) => tooLong(file, textOf(file)))).toEqual([]);
  });

  it("has no exception that is not needed any more", () => {
    for (const file of Object.keys(LONG_FILES)) {
      expect(textOf(file).split("\n").length - 1, file).toBeGreaterThan(LONGEST_FILE);
    }
    for (const [file, { lines }] of Object.entries(LONG_FUNCTIONS)) {
      const [longest = 0] = functionLengths(textOf(file));
      expect(longest, file).toBeGreaterThan(LONGEST_FUNCTION);
      expect(longest, file).toBeLessThanOrEqual(lines);
    }
  });

  it("is counted: one line more than the most is seen, in every form that a function can have", () => {
    const body = (lines: number): string => `{\n${"  f();\n".repeat(lines - 2)}}`;
    for (const head of [
      "function f(a: string) ",
      "const f = (a: string): void => ",
      "class C { m(): void ",
      "const o = { async *g() ",
    ]) {
      const tail = head.endsWith("m(): void ") || head.endsWith("g() ") ? " }" : "";
      expect(tooLong("core/x.ts", `${head}${body(60)}${tail}\n`), head).toEqual([]);
      expect(tooLong("core/x.ts", `${head}${body(61)}${tail}\n`), head).toHaveLength(1);
    }
    expect(tooLong("core/x.ts", "f();\n".repeat(250))).toEqual([]);
    expect(tooLong("core/x.ts", "f();\n".repeat(251))).toEqual(["core/x.ts has 251 lines"]);
  });
});
