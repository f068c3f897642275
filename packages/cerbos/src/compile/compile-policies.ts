import { HopwiseError } from "@hopwise/core";
import { flag, maybe, optionsOf, readerOf } from "@hopwise/core/options";
import { findBinary, mixesUpRules, type SchemaEnforcement } from "../binary/index.ts";
import { type PolicyTrap, policyTraps } from "../lint/index.ts";
import { BINARY, FOLDER } from "../option-shapes.ts";
import { type BrokenFile, checkPolicyFolder, noPolicy, readPolicySource } from "../policies/index.ts";
import type { PolicyError } from "./read-compile-output.ts";
import { bytelessErrors, type CompileResult, type CompileRun, compile } from "./run-compile.ts";

/** Options of {@link compilePolicies}. */
export interface CompilePoliciesOptions {
  /**
   * Path of a Cerbos executable.
   *
   * @defaultValue `HOPWISE_CERBOS_BINARY` of the environment, else the platform's package, else `cerbos` on the PATH
   */
  readonly binary?: string;
  /**
   * Runs the tests as {@link startPdp} runs the policies: a rule that cannot be evaluated denies. Needs Cerbos 0.55.0.
   *
   * @defaultValue true
   */
  readonly strictEvaluation?: boolean;
}

const readFolder = readerOf<string>("compilePolicies", FOLDER);
const readOptions = optionsOf<CompilePoliciesOptions>("compilePolicies", {
  binary: maybe(BINARY),
  strictEvaluation: maybe(flag()),
});

/**
 * Compiles the policies and schemas of a folder with the real Cerbos and runs their tests (`*_test.yaml`). What Cerbos
 * compiles, and then decides otherwise than it is written ({@link PolicyTrapCode}), is an error as well.
 *
 * @example
 * ```ts
 * const { ok, errors, tests } = await compilePolicies("./policies");
 * for (const { file, line, message } of errors) console.error(`${file}:${line ?? 1}: ${message}`);
 * for (const { file, test, message } of tests.failures) console.error(`${file}: ${test}: ${message}`);
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right or a folder without policies, `pdp_missing` without a Cerbos executable,
 * `pdp_start_failed` when it cannot be run. Broken policies and failed tests are in the result.
 */
export async function compilePolicies(folder: string, given: CompilePoliciesOptions = {}): Promise<CompileResult> {
  const options = readOptions(given);
  await checkPolicyFolder(readFolder(folder));
  const binary = await findBinary(options.binary);
  const traps = await trapsOf({ binary, policies: folder });
  const flags = options.strictEvaluation === false ? [] : ["--strict-evaluation"];
  if (traps.length === 0) return await compile({ binary, policies: folder, flags });
  const result = await compile({ binary, policies: folder, flags: [...flags, "--skip-tests"] });
  return { ...result, ok: false, errors: [...result.errors, ...traps] };
}

/** Which policies are looked at before a PDP serves them, and how it would. */
export interface PolicyCheck {
  readonly binary: string;
  readonly policies: string;
  readonly schemaEnforcement: SchemaEnforcement;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Checks, for {@link startPdp}, that nothing in the folder is broken, and that it holds no trap of this Cerbos. Tests
 * are not run.
 *
 * @throws {HopwiseError} `policy_invalid`, with the first ten errors
 */
export async function refuseBrokenPolicies(options: PolicyCheck): Promise<void> {
  const [errors, traps] = await Promise.all([errorsOf(options), trapsOf(options)]);
  refuse(options.policies, errors.length > 0 ? "do not compile" : "do not hold", [...errors, ...traps]);
}

/**
 * The same for what does not compile. While a PDP runs, Cerbos itself does not serve that.
 *
 * @throws {HopwiseError} `policy_invalid`, with the first ten errors
 */
export async function refuseUncompiled(options: PolicyCheck): Promise<void> {
  refuse(options.policies, "do not compile", await errorsOf(options));
}

/**
 * The same for files that are empty alone.
 *
 * @throws {HopwiseError} `policy_invalid`, with the first ten of them
 */
export async function refuseByteless({ policies }: Pick<PolicyCheck, "policies">): Promise<void> {
  refuse(policies, "do not compile", await bytelessErrors(policies, "policies"));
}

/**
 * The same for traps alone.
 *
 * @throws {HopwiseError} `policy_invalid`, with the first ten traps
 */
export async function refuseTraps(options: PolicyCheck): Promise<void> {
  refuse(options.policies, "do not hold", await trapsOf(options));
}

async function errorsOf({ schemaEnforcement, ...options }: PolicyCheck): Promise<readonly PolicyError[]> {
  const flags = ["--skip-tests", ...(schemaEnforcement === "none" ? ["--ignore-schemas"] : [])];
  return (await compile({ ...options, flags })).errors;
}

function refuse(policies: string, what: string, errors: readonly PolicyError[]): void {
  if (errors.length === 0) return;
  const shown = errors.slice(0, SHOWN_ERRORS).map((error) => `  ${inOneLine(error)}`);
  if (errors.length > shown.length) shown.push(`  and ${errors.length - shown.length} more`);
  throw new HopwiseError(
    "policy_invalid",
    `The policies in ${policies} ${what}. Correct these places:\n${shown.join("\n")}`,
    { pointer: "/policies" },
  );
}

/**
 * What in the folder this Cerbos would decide otherwise than it is written, and what it takes and cannot be looked into.
 * It is asked only where the answer matters.
 */
async function trapsOf(options: Omit<CompileRun, "flags">): Promise<readonly PolicyError[]> {
  const source = await readPolicySource(options.policies);
  const { broken, documents } = source;
  // Cerbos would deny everything, and that would look as if somebody had forbidden it.
  if (broken.length === 0 && documents.every(({ content }) => content === null)) throw noPolicy(options.policies);
  const { always, ofSome } = policyTraps(source);
  const run = (policies: string, flags: readonly string[]): Promise<CompileResult> =>
    compile({ ...options, policies, flags });
  const mixes = ofSome.length > 0 && (await mixesUpRules(async (folder) => (await run(folder, [])).ok));
  const found = [...always, ...(mixes ? ofSome : [])].map(errorOf);
  if (broken.length === 0) return found;
  // What Cerbos cannot read either it names itself, and does not serve.
  const { errors } = await run(options.policies, ["--skip-tests", "--ignore-schemas"]);
  return errors.length > 0 ? found : [...found, ...broken.map(unreadError)];
}

function unreadError({ message, ...place }: BrokenFile): PolicyError {
  return {
    ...place,
    message: `Cerbos reads this, and it cannot be looked into for rules that are mixed up: ${message}`,
  };
}

function errorOf({ file, line, code, message }: PolicyTrap): PolicyError {
  return { file, line, trap: code, message };
}

const SHOWN_ERRORS = 10;

function inOneLine({ file, line, column, message }: PolicyError): string {
  return `${[file, line, column].filter((part) => part !== undefined).join(":")}: ${message.replace(/\s+/g, " ")}`;
}
