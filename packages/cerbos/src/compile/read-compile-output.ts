import { join } from "node:path";
import type { PolicyTrapCode } from "../lint/index.ts";
import { at, list } from "../policies/index.ts";

/** Something in a policy folder that does not parse or compile, or that Cerbos decides otherwise than it is written. */
export interface PolicyError {
  /** Path of the file, below the folder as it was given; the folder itself when no single file is at fault. */
  readonly file: string;
  /** Counted from 1, like `column`; left out where Cerbos names none. */
  readonly line?: number;
  readonly column?: number;
  /** Which trap it is; left out for what Cerbos itself reports. */
  readonly trap?: PolicyTrapCode;
  readonly message: string;
}

/** Outcome of the policy tests of a folder. One test is one action of one principal on one resource. */
export interface PolicyTests {
  readonly passed: number;
  /** Length of `failures`: tests that failed, tests that could not be evaluated, suites that could not be loaded. */
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly PolicyTestFailure[];
}

/** A policy test that failed, or a suite that could not be loaded. */
export interface PolicyTestFailure {
  readonly file: string;
  /** Suite, test, principal, resource and action, joined by ` > `; the suite alone when it could not be loaded. */
  readonly test: string;
  readonly message: string;
}

/**
 * Reads the errors that `cerbos compile --output=json` printed when it ended with code 3: there is always at least one.
 *
 * Two shapes, in Cerbos' runtime.proto: `lintErrors` (IndexBuildErrors) of files that do not fit together or do not
 * parse, `compileErrors` (CompileErrors) of expressions and schemas.
 */
export function readErrors(stdout: string, folder: string): readonly PolicyError[] {
  const root = parse(stdout);
  const lint = at(root, "lintErrors");
  const errors = [
    ...listAt(lint, "load_failures").map((it) => {
      const details = at(it, "error_details");
      return error(text(it, "file"), details, text(details, "message") || text(it, "error"));
    }),
    ...listAt(lint, "missing_imports").map((it) => error(text(it, "importing_file"), it, text(it, "desc"))),
    ...listAt(lint, "duplicate_defs").map((it) => {
      const other = join(folder, text(it, "other_file"));
      return error(text(it, "file"), it, `${text(it, "policy")} is defined here and in ${other}`);
    }),
    ...listAt(lint, "missing_scope_details").map((it) => {
      const needing = listAt(it, "descendants").filter((name) => typeof name === "string");
      const [missing, descendants] = [text(it, "missing_policy"), needing.join(", ")];
      return error("", it, `${missing} is missing, and ${descendants} needs it: scopes have no gaps`);
    }),
    ...listAt(lint, "scope_permissions_conflicts").map((it) => {
      return error("", it, `policies of the scope "${text(it, "scope")}" have conflicting scopePermissions`);
    }),
    ...listAt(at(root, "compileErrors"), "errors").map((it) => {
      return error(text(it, "file"), it, text(it, "description") || text(it, "error"));
    }),
  ];
  // A broken policy must not pass because a newer Cerbos reports it in words of its own.
  return errors.length > 0 ? errors : [error("", root, stdout.trim() || "Cerbos gave no reason")];

  function error(file: string, place: unknown, message: string): PolicyError {
    const position = at(place, "position");
    const [line, column] = [number(position, "line"), number(position, "column")];
    return {
      file: join(folder, file),
      ...(line !== undefined && { line }),
      ...(column !== undefined && { column }),
      message: withAdvice(message),
    };
  }
}

/** What to do about what Cerbos says in words for who knows its protocol buffers. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^unknown field "\\ufeff/,
    "The file begins with a byte order mark, which is not seen: save it as UTF-8 without one",
  ],
  [/^more than one YAML document/, "Give each policy a file of its own"],
  [/^invalid enum value "(?:ALLOW|DENY)"/, "Write EFFECT_ALLOW or EFFECT_DENY"],
  [/Policy\.version: value is required/, "Write version: default, or the version that is asked for"],
  [
    /^(?:unknown field|policyType: )/,
    "Each .yaml, .yml and .json file is taken for a policy: check the name, or move what is no policy out of the folder",
  ],
];

function withAdvice(message: string): string {
  const advice = ADVICE.find(([words]) => words.test(message))?.[1];
  return advice === undefined ? message : `${message}. ${advice}`;
}

/** Reads the TestResults (Cerbos' policy.proto) that `cerbos compile --output=json` printed; nothing when it ran none. */
export function readTests(stdout: string, folder: string): PolicyTests {
  const root = parse(stdout);
  const tallies = listAt(at(root, "summary"), "resultCounts");
  const count = (wanted: string): number => {
    const tally = tallies.find((it) => text(it, "result") === wanted);
    return number(tally, "count") ?? 0;
  };
  const failures = listAt(root, "suites").flatMap((suite) => suiteFailures(suite, join(folder, text(suite, "file"))));
  return { passed: count("RESULT_PASSED"), failed: failures.length, skipped: count("RESULT_SKIPPED"), failures };
}

function suiteFailures(suite: unknown, file: string): PolicyTestFailure[] {
  const failures: PolicyTestFailure[] = [];
  const name = text(suite, "name");
  const fault = text(suite, "error");
  if (fault !== "") failures.push({ file, test: name, message: fault });
  for (const test of listAt(suite, "testCases")) {
    for (const principal of listAt(test, "principals")) {
      for (const resource of listAt(principal, "resources")) {
        for (const action of listAt(resource, "actions")) {
          const message = failureMessage(at(action, "details"));
          if (message === undefined) continue;
          const path = [name, ...[test, principal, resource, action].map((it) => text(it, "name"))];
          failures.push({ file, test: path.join(" > "), message });
        }
      }
    }
  }
  return failures;
}

function failureMessage(details: unknown): string | undefined {
  const result = text(details, "result");
  if (result !== "RESULT_FAILED" && result !== "RESULT_ERRORED") return undefined;
  const failure = at(details, "failure");
  const parts = listAt(failure, "outputs").map(outputFailure);
  const [expected, actual] = [text(failure, "expected"), text(failure, "actual")];
  if (expected !== actual) parts.unshift(`expected ${expected}, got ${actual}`);
  const error = text(details, "error");
  if (error !== "") parts.push(error);
  return parts.join("; ") || result;
}

function outputFailure(output: unknown): string {
  const source = text(output, "src");
  const errored = text(at(output, "errored"), "error");
  if (errored !== "") return `output of ${source}: ${errored}`;
  const mismatched = at(output, "mismatched");
  const expected = json(mismatched, "expected") ?? json(at(output, "missing"), "expected");
  return `output of ${source}: expected ${expected}, got ${json(mismatched, "actual") ?? "none"}`;
}

/** What Cerbos printed. As protojson leaves out what is empty, and a newer Cerbos may say more, nothing in it is sure. */
function parse(stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

function listAt(value: unknown, name: string): readonly unknown[] {
  return list(at(value, name));
}

function text(value: unknown, name: string): string {
  const found = at(value, name);
  return typeof found === "string" ? found : "";
}

function number(value: unknown, name: string): number | undefined {
  const found = at(value, name);
  return typeof found === "number" ? found : undefined;
}

function json(value: unknown, name: string): string | undefined {
  return JSON.stringify(at(value, name));
}
