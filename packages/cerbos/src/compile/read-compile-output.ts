import { join } from "node:path";
import type { PolicyTrapCode } from "../lint/index.ts";

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
  const lint = root.child("lintErrors");
  const errors = [
    ...lint.list("load_failures").map((it) => {
      const details = it.child("error_details");
      return error(it.text("file"), details, details.text("message") || it.text("error"));
    }),
    ...lint.list("missing_imports").map((it) => error(it.text("importing_file"), it, it.text("desc"))),
    ...lint.list("duplicate_defs").map((it) => {
      const other = join(folder, it.text("other_file"));
      return error(it.text("file"), it, `${it.text("policy")} is defined here and in ${other}`);
    }),
    ...lint.list("missing_scope_details").map((it) => {
      const descendants = it.strings("descendants").join(", ");
      return error("", it, `${it.text("missing_policy")} is missing, and ${descendants} needs it: scopes have no gaps`);
    }),
    ...lint.list("scope_permissions_conflicts").map((it) => {
      return error("", it, `policies of the scope "${it.text("scope")}" have conflicting scopePermissions`);
    }),
    ...root
      .child("compileErrors")
      .list("errors")
      .map((it) => error(it.text("file"), it, it.text("description") || it.text("error"))),
  ];
  // A broken policy must not pass because a newer Cerbos reports it in words of its own.
  return errors.length > 0 ? errors : [error("", root, stdout.trim() || "Cerbos gave no reason")];

  function error(file: string, at: Place, message: string): PolicyError {
    const position = at.child("position");
    const [line, column] = [position.number("line"), position.number("column")];
    return {
      file: join(folder, file),
      ...(line !== undefined && { line }),
      ...(column !== undefined && { column }),
      message,
    };
  }
}

/** Reads the TestResults (Cerbos' policy.proto) that `cerbos compile --output=json` printed; nothing when it ran none. */
export function readTests(stdout: string, folder: string): PolicyTests {
  const root = parse(stdout);
  const count = (result: string): number =>
    root
      .child("summary")
      .list("resultCounts")
      .find((tally) => tally.text("result") === result)
      ?.number("count") ?? 0;
  const failures = root.list("suites").flatMap((suite) => suiteFailures(suite, join(folder, suite.text("file"))));
  return { passed: count("RESULT_PASSED"), failed: failures.length, skipped: count("RESULT_SKIPPED"), failures };
}

function suiteFailures(suite: Place, file: string): PolicyTestFailure[] {
  const failures: PolicyTestFailure[] = [];
  const name = suite.text("name");
  const fault = suite.text("error");
  if (fault !== "") failures.push({ file, test: name, message: fault });
  for (const test of suite.list("testCases")) {
    for (const principal of test.list("principals")) {
      for (const resource of principal.list("resources")) {
        for (const action of resource.list("actions")) {
          const message = failureMessage(action.child("details"));
          if (message === undefined) continue;
          const path = [name, ...[test, principal, resource, action].map((it) => it.text("name"))];
          failures.push({ file, test: path.join(" > "), message });
        }
      }
    }
  }
  return failures;
}

function failureMessage(details: Place): string | undefined {
  const result = details.text("result");
  if (result !== "RESULT_FAILED" && result !== "RESULT_ERRORED") return undefined;
  const failure = details.child("failure");
  const parts = failure.list("outputs").map(outputFailure);
  const [expected, actual] = [failure.text("expected"), failure.text("actual")];
  if (expected !== actual) parts.unshift(`expected ${expected}, got ${actual}`);
  const error = details.text("error");
  if (error !== "") parts.push(error);
  return parts.join("; ") || result;
}

function outputFailure(output: Place): string {
  const source = output.text("src");
  const errored = output.child("errored").text("error");
  if (errored !== "") return `output of ${source}: ${errored}`;
  const mismatched = output.child("mismatched");
  const expected = mismatched.json("expected") ?? output.child("missing").json("expected");
  return `output of ${source}: expected ${expected}, got ${mismatched.json("actual") ?? "none"}`;
}

/**
 * A place in JSON of which nothing is sure. protojson leaves out what is empty, and a newer Cerbos may say more:
 * what is missing or of another type reads as empty.
 */
interface Place {
  child(name: string): Place;
  list(name: string): readonly Place[];
  strings(name: string): readonly string[];
  text(name: string): string;
  number(name: string): number | undefined;
  json(name: string): string | undefined;
}

function parse(text: string): Place {
  try {
    return place(JSON.parse(text));
  } catch {
    return place(undefined);
  }
}

function place(value: unknown): Place {
  const fields = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  const array = (name: string): readonly unknown[] => {
    const field: unknown = fields.get(name);
    return Array.isArray(field) ? field : [];
  };
  return {
    child: (name) => place(fields.get(name)),
    list: (name) => array(name).map(place),
    strings: (name) => array(name).filter((item) => typeof item === "string"),
    text(name) {
      const field: unknown = fields.get(name);
      return typeof field === "string" ? field : "";
    },
    number(name) {
      const field: unknown = fields.get(name);
      return typeof field === "number" ? field : undefined;
    },
    json: (name) => JSON.stringify(fields.get(name)),
  };
}
