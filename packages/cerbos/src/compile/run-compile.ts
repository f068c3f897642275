import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { HopwiseError } from "@hopwise/core";
import { pdpEnvironment } from "../binary/index.ts";
import { bytelessFiles, readPolicySource } from "../policies/index.ts";
import { type PolicyError, type PolicyTests, readErrors, readTests } from "./read-compile-output.ts";

/** The findings of `cerbos compile`. */
export interface CompileResult {
  /** True when everything compiles and no test failed. */
  readonly ok: boolean;
  /** The errors of policies and schemas, and their traps. Where there are any, no test was run. */
  readonly errors: readonly PolicyError[];
  readonly tests: PolicyTests;
  /** The output of Cerbos, unchanged: JSON, and its last line. */
  readonly output: string;
}

/** Exit codes of `cerbos compile`. Any other is a fault of the run, not of a policy; a crash may be one of either. */
const COMPILED = 0;
const CRASHED = 2;
const BROKEN = 3;
const TESTS_FAILED = 4;

export interface CompileRun {
  readonly binary: string;
  readonly policies: string;
  readonly flags: readonly string[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** @throws {HopwiseError} `pdp_start_failed` where Cerbos cannot be run, or says nothing of the policies */
export async function compile(options: CompileRun): Promise<CompileResult> {
  const { binary, policies, flags, timeoutMs = 0, signal } = options;
  const run = await execute(binary, ["compile", ...flags, "--output=json", resolve(policies)], timeoutMs, signal);
  if (run.code !== COMPILED && run.code !== BROKEN && run.code !== TESTS_FAILED) {
    const errors = run.code === CRASHED ? await crashesOf(policies) : [];
    if (errors.length > 0) return { ok: false, errors, tests: readTests("", policies), output: run.stderr };
    const message = `Cerbos (${binary}) could not check the policies in ${policies}: ${run.fault.trim()}. ${lastWords(run)}`;
    throw new HopwiseError("pdp_start_failed", message);
  }
  const output = `${run.stdout}${run.stderr}`;
  const named = run.code === BROKEN ? readErrors(run.stdout, policies) : [];
  const errors = [...named, ...(await bytelessErrors(policies, "policies"))];
  const tests = readTests(errors.length > 0 ? "" : run.stdout, policies);
  return { ok: run.code === COMPILED && errors.length === 0, errors, tests, output };
}

/** Cerbos takes an empty file for one that forbids nothing. */
async function bytelessErrors(policies: string, kind: "policies" | "tests"): Promise<readonly PolicyError[]> {
  const message = "is empty: was it written while the disk was full, or only begun? Write it anew, or take it away";
  return (await bytelessFiles(policies, kind)).map((file) => ({ file: join(policies, file), message }));
}

function lastWords({ stderr }: Run): string {
  const lines = stderr.trim().split("\n").slice(-20);
  if (lines.join("") === "") return "It printed nothing: is it a whole Cerbos program, made for this machine?";
  return `Its last lines:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** What Cerbos 0.55.0 crashes at: `---` with nothing behind it, and tests in a file that is empty. */
async function crashesOf(policies: string): Promise<readonly PolicyError[]> {
  const { documents } = await readPolicySource(policies);
  const empty = documents.filter(({ content }) => content === null);
  const message = "nothing stands behind this --- (an empty YAML document), at which Cerbos crashes: take the line out";
  const places = empty.map(({ file, lineOf }) => ({ file, line: lineOf([]), message }));
  return [...places, ...(await bytelessErrors(policies, "tests"))];
}

/** Only what startPdp does has a time. */
const TAKES_LONGER =
  "where the folder has thousands of policies, or the machine has much else to do, give it longer: startTimeoutMs";

interface Run {
  /** Exit code; null when it was killed or never ran. */
  readonly code: number | null;
  readonly fault: string;
  readonly stdout: string;
  readonly stderr: string;
}

function execute(
  binary: string,
  args: readonly string[],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Run> {
  const options = {
    signal,
    env: pdpEnvironment(process.env),
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    maxBuffer: 256 * 1024 * 1024,
  } as const;
  return new Promise((settle) => {
    execFile(binary, args, options, (error, stdout, stderr) => {
      const code = error === null ? COMPILED : error.code;
      if (typeof code === "number") return settle({ code, fault: `code ${code}`, stdout, stderr });
      const fault = error?.killed ? `no answer within ${timeoutMs} ms (${TAKES_LONGER})` : String(error?.message);
      settle({ code: null, fault, stdout, stderr });
    });
  });
}
