import { resolve } from "node:path";
import { GRPC } from "@cerbos/grpc";
import type { RunningPdp } from "@hopwise/core/adapter";
import { composed, flag, maybe, optionsOf } from "@hopwise/core/options";
import type { Health } from "@hopwise/core/state";
import { createChangeover, onePolicySet, type PolicyClient } from "../ask/index.ts";
import {
  createRunFolder,
  findBinary,
  GLOBALS,
  JWT_KEY_SETS,
  type JwtKeySets,
  keepFolder,
  type PdpExit,
  type PolicyGlobals,
  pdpConfig,
  type RunFolder,
  renewRunFolder,
  SCHEMA_ENFORCEMENT,
  type SchemaEnforcement,
} from "../binary/index.ts";
import { BINARY, FOLDER, LISTENER, milliseconds } from "../option-shapes.ts";
import { checkPolicyFolder } from "../policies/index.ts";
import { SHARING, type SharingOptions, shareIn } from "../sharing/index.ts";
import { evaluationsOf } from "./evaluation-log.ts";
import { RESTART, type RestartOptions } from "./keep-running.ts";
import { keepServing } from "./keep-serving.ts";
import { watchLosses } from "./log-losses.ts";
import { copiesOf, servedCopy } from "./policy-copies.ts";
import { type ServingPdp, serve } from "./serve.ts";
import { loadingPdp, takingUp } from "./take-up.ts";
import { warn } from "./warn.ts";

/** Options of {@link startPdp}; only `policies` is required. */
export interface StartPdpOptions {
  /**
   * Folder of the policies, with their schemas in `_schemas`. Cerbos reads a copy of it, which was checked. Changes are served within some seconds, however they are made;
   * one that does not compile has no effect. The PDP is stopped where one is a trap, or where the folder cannot be read for
   * some seconds (see the README): calls fail until the policies are mended, then it serves again by itself.
   */
  readonly policies: string;
  /**
   * Path of a Cerbos executable.
   *
   * @defaultValue `HOPWISE_CERBOS_BINARY` of the environment, else the platform's package, else `cerbos` on the PATH
   */
  readonly binary?: string;
  /**
   * Denies an action when one of its rules cannot be evaluated. When false, Cerbos skips such a rule, also one that
   * denies. Needs Cerbos 0.55.0.
   *
   * @defaultValue true
   */
  readonly strictEvaluation?: boolean;
  /**
   * What Cerbos does with attributes that do not fit the schema a policy names for them.
   *
   * @defaultValue "reject"
   */
  readonly schemaEnforcement?: SchemaEnforcement;
  /**
   * File for Cerbos' own decision log: JSON lines, with all attributes the PDP was sent. Not written when left out. A file
   * that is there already is made readable by this user alone, or refused.
   */
  readonly decisionLog?: string;
  /**
   * The keys by which Cerbos verifies the JWTs of `auxData`, by the id of their set: a JWKS, `{ url }` or `{ file }`. Without
   * any, Cerbos refuses each request that has a JWT.
   */
  readonly jwtKeySets?: JwtKeySets;
  /**
   * What policies read as `globals`, or `G`: Cerbos' own `engine.globals`. Policies that read one which is not here cannot be
   * evaluated.
   */
  readonly globals?: PolicyGlobals;
  /**
   * How long to wait for the PDP to serve, in milliseconds.
   *
   * @defaultValue 10_000
   */
  readonly startTimeoutMs?: number;
  /**
   * Starts the PDP again when it dies, after a pause that grows, until `close`. Its target stays the same, and `client`
   * connects to it again by itself; calls in between fail. Policies that do not compile any more are not served: a new start
   * then fails, and is tried again. An object sets the pauses, and is told what happens.
   *
   * @defaultValue false
   */
  readonly restart?: boolean | RestartOptions;
  /**
   * How checks of `client` about the same principal share requests: see {@link shareRequests}. `false` sends each in a
   * request of its own.
   *
   * @defaultValue as `shareRequests` has it
   */
  readonly sharing?: false | SharingOptions;
  /**
   * Called with each line Cerbos prints: its log as JSON, levels warn and error. Dropped when left out. A line of the same
   * form says that the PDP was stopped for its policies, or died and stays gone; when left out, that is a warning of the process.
   */
  readonly onLog?: (line: string) => void;
}

/** A running PDP: a process of its own, behind unix sockets that only this user can open. */
export interface Pdp extends AsyncDisposable {
  /**
   * Connected to this PDP. Its calls have no deadline of their own: pass a `signal`. An authorizer asks all of a decision by
   * `whole`, so that all answers are by one set of policies, also while those of the folder change.
   */
  readonly client: GRPC & Pick<PolicyClient, "whole">;
  /** `unix:/…`, where other gRPC clients find the PDP, also those of other processes of the same user. */
  readonly target: string;
  /** Version of Cerbos, such as `0.55.0`. */
  readonly version: string;
  /**
   * The expressions that failed in one request, out of the PDP's own log: an authorizer that was given this `Pdp` puts them
   * on record, but of requests that several calls shared. Only of requests for checks, and without values of the request. The last 1,000 requests are remembered.
   */
  readonly failuresOf: NonNullable<RunningPdp["failuresOf"]>;
  /**
   * Resolves when the process is gone, unless it was stopped until its policies are mended; with `restart`, after `close`
   * alone. Never rejects.
   */
  readonly exited: Promise<PdpExit>;
  /**
   * Whether it runs, and serves the policies that the folder has. It goes on with those before where a change does not compile;
   * `problem` then says what is wrong, with the places. Nor is it well while Cerbos' decision log loses records.
   */
  health(): Health;
  /** Disconnects `client`, stops the process and removes its sockets. May be called again. */
  close(): Promise<void>;
}

const readOptions = optionsOf<StartPdpOptions>("startPdp", {
  policies: FOLDER,
  binary: maybe(BINARY),
  strictEvaluation: maybe(flag()),
  schemaEnforcement: maybe(SCHEMA_ENFORCEMENT),
  decisionLog: maybe(composed("the path of a file")),
  jwtKeySets: maybe(JWT_KEY_SETS),
  globals: maybe(GLOBALS),
  startTimeoutMs: maybe(milliseconds(10_000)),
  restart: maybe(RESTART),
  sharing: maybe(SHARING),
  onLog: maybe(LISTENER),
});

/**
 * Starts a Cerbos PDP beside this process and waits until it serves.
 *
 * The PDP goes when this process goes, however it ends, and does not keep it alive. Once it is gone, calls through
 * `client` fail with gRPC code 14, which callers must treat as a denial; with `restart`, until it serves again.
 *
 * @example
 * ```ts
 * await using pdp = await startPdp({ policies: "./policies" });
 * const allowed = await pdp.client.isAllowed({
 *   principal: { id: "ann", roles: ["user"] },
 *   resource: { kind: "report", id: "q3" },
 *   action: "read",
 * });
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right, a folder without policies or a decision log that
 * cannot be private, `policy_invalid` for policies or schemas that do not compile, `pdp_missing` without a Cerbos
 * executable, `pdp_start_failed` for all else
 */
export async function startPdp(given: StartPdpOptions): Promise<Pdp> {
  const options = readOptions(given);
  const { policies, jwtKeySets, strictEvaluation = true, schemaEnforcement = "reject" } = options;
  // Written down again at each new start.
  const globals = structuredClone(options.globals);
  const restart = options.restart === true ? {} : options.restart || undefined;
  await checkPolicyFolder(policies);
  const binary = await findBinary(options.binary);
  const decisionLog = options.decisionLog === undefined ? undefined : resolve(options.decisionLog);
  const absolute = resolve(policies);
  const settings = { strictEvaluation, schemaEnforcement, decisionLog, globals, jwtKeySets };
  const config = (folder: RunFolder): string =>
    pdpConfig({ ...settings, folder, policies: servedCopy(folder, absolute) });

  const folder = createRunFolder(config);
  const kept = keepFolder(folder.home);
  const target = `unix:${folder.grpcSocket}`;
  const changeover = createChangeover();
  const client = onePolicySet(new GRPC(target, { tls: false, channelOptions: BACK_SOON }), changeover);
  if (options.sharing !== false) shareIn(client, options.sharing);
  const losses = watchLosses((problem) => warn(options.onLog, problem));
  const { onLog, failuresOf } = evaluationsOf([losses.read, options.onLog], strictEvaluation);
  const ending = new AbortController();
  const timeoutMs = options.startTimeoutMs ?? 10_000;
  const check = { binary, policies: absolute, schemaEnforcement, timeoutMs, signal: ending.signal };
  const copies = copiesOf(absolute, folder, ending.signal);
  const start = async (how: "first" | "again"): Promise<ServingPdp> => {
    if (how === "again") renewRunFolder(folder, config);
    const named = how === "first" ? policies : absolute;
    const copy = await copies.first();
    return serve({ ...check, policies: named, copy, folder, client, decisionLog, onLog }, how);
  };
  let over: Promise<unknown> | undefined;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    client.close();
    ending.abort();
    closing ??= Promise.resolve(over).then(() => kept.release());
    return closing;
  };

  try {
    const serving = await keepServing(start, {
      policies: absolute,
      ...takingUp({ pdp: loadingPdp(target, check), copies, check, changeover }),
      restart,
      listener: options.onLog,
      closing: ending.signal,
    });
    over = serving.over;
    const { version, exited } = serving;
    const health = (): Health => losses.health ?? serving.health();
    return { client, target, version, failuresOf, exited, health, close, [Symbol.asyncDispose]: close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

/** After a new start the PDP is asked soon: gRPC by itself waits up to two minutes. */
const BACK_SOON = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 500 };
