import { join } from "node:path";
import { HopwiseError } from "@hopwise/core";
import { flag, maybe, optionsOf, readerOf } from "@hopwise/core/options";
import { findBinary, mixesUpRules, type SchemaEnforcement } from "../binary/index.ts";
import { type PolicyTrap, policyTraps } from "../lint/index.ts";
import { BINARY, FOLDER } from "../option-shapes.ts";
import { type BrokenFile, checkPolicyFolder, type FolderCopy, noPolicy, readPolicySource } from "../policies/index.ts";
import type { PolicyError } from "./read-compile-output.ts";
import { type CompileResult, type CompileRun, compile } from "./run-compile.ts";

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
  /** The folder, as messages name it. */
  readonly policies: string;
  /** What of it is looked at, and served. */
  readonly copy: FolderCopy;
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
export function refuseBrokenPolicies(check: PolicyCheck): Promise<void> {
  return refuse(check, async (run) => {
    const [errors, traps] = await Promise.all([errorsOf(check, run), trapsOf(run, check.policies)]);
    return { what: errors.length > 0 ? "do not compile" : "do not hold", errors: [...errors, ...traps] };
  });
}

/**
 * The same for what does not compile.
 *
 * @throws {HopwiseError} `policy_invalid`, with the first ten errors
 */
export function refuseUncompiled(check: PolicyCheck): Promise<void> {
  return refuse(check, async (run) => ({ what: "do not compile", errors: await errorsOf(check, run) }));
}

/**
 * The same for traps alone.
 *
 * @throws {HopwiseError} `policy_invalid`, with the first ten traps
 */
export function refuseTraps(check: PolicyCheck): Promise<void> {
  return refuse(check, async (run) => ({ what: "do not hold", errors: await trapsOf(run, check.policies) }));
}

async function errorsOf(
  { schemaEnforcement, copy }: PolicyCheck,
  run: Omit<CompileRun, "flags">,
): Promise<readonly PolicyError[]> {
  const flags = ["--skip-tests", ...(schemaEnforcement === "none" ? ["--ignore-schemas"] : [])];
  const { errors } = await compile({ ...run, flags });
  return [...errors, ...copy.lost.map((file) => ({ file: join(copy.path, file), message: LOST }))];
}

const LOST = "is neither a file nor a folder, such as a link that leads nowhere: put the policy there, or take it away";

/** @param look what is wrong with a copy, by paths below it: who reads of them knows the folder alone */
async function refuse(
  { policies, copy, binary, timeoutMs, signal }: PolicyCheck,
  look: (run: Omit<CompileRun, "flags">) => Promise<{ what: string; errors: readonly PolicyError[] }>,
): Promise<void> {
  const named = (text: string): string => text.replaceAll(copy.path, () => policies);
  const { what, errors } = await look({ binary, policies: copy.path, timeoutMs, signal }).catch((fault: unknown) => {
    if (!(fault instanceof HopwiseError)) throw fault;
    const { code, pointer, cause } = fault;
    throw new HopwiseError(code, named(fault.message), { ...(pointer !== undefined && { pointer }), cause });
  });
  if (errors.length === 0) return;
  const shown = errors.slice(0, SHOWN_ERRORS).map((error) => `  ${named(inOneLine(error))}`);
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
 *
 * @param original the folder that this is a copy of, where it is one
 */
async function trapsOf(options: Omit<CompileRun, "flags">, original?: string): Promise<readonly PolicyError[]> {
  const source = await readPolicySource(options.policies, original);
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
