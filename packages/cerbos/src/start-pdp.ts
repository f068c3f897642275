import { connect } from "node:net";
import { resolve } from "node:path";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import type { RunningPdp } from "@hopwise/core/adapter";
import { refuseBrokenPolicies } from "./compile-policies.ts";
import { createEvaluationLog } from "./evaluation-log.ts";
import { findBinary } from "./find-binary.ts";
import type { JwtKeySets, SchemaEnforcement } from "./pdp-config.ts";
import { pdpConfig } from "./pdp-config.ts";
import { checkPolicyFolder } from "./policy-folder.ts";
import { createRunFolder } from "./run-folder.ts";
import type { PdpExit, SupervisedPdp } from "./supervise.ts";
import { supervise } from "./supervise.ts";

/** Options of {@link startPdp}; only `policies` is required. */
export interface StartPdpOptions {
  /** Folder of the policies, with their schemas in `_schemas`. Changes are picked up while the PDP runs. */
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
  /** File for Cerbos' own decision log: JSON lines, with all attributes the PDP was sent. Not written when left out. */
  readonly decisionLog?: string;
  /**
   * The keys by which Cerbos verifies the JWTs of `auxData`, by the id of their set: a JWKS, `{ url }` or `{ file }`. Without
   * any, Cerbos refuses each request that has a JWT.
   */
  readonly jwtKeySets?: JwtKeySets;
  /**
   * How long to wait for the PDP to serve, in milliseconds.
   *
   * @defaultValue 10_000
   */
  readonly startTimeoutMs?: number;
  /** Called with each line Cerbos prints: its log as JSON, levels warn and error. Dropped when left out. */
  readonly onLog?: (line: string) => void;
}

/** A running PDP: a process of its own, behind unix sockets that only this user can open. */
export interface Pdp extends AsyncDisposable {
  /** Connected to this PDP. Its calls have no deadline of their own: pass a `signal`. */
  readonly client: GRPC;
  /** `unix:/…`, where other gRPC clients find the PDP, also those of other processes of the same user. */
  readonly target: string;
  /** Version of Cerbos, such as `0.55.0`. */
  readonly version: string;
  /**
   * The expressions that failed in one request, out of the PDP's own log: an authorizer that was given this `Pdp` puts them
   * on record. Only of requests for checks, and without values of the request. The last 1,000 requests are remembered.
   */
  readonly failuresOf: NonNullable<RunningPdp["failuresOf"]>;
  /** Resolves when the process is gone, for whatever reason. Never rejects. */
  readonly exited: Promise<PdpExit>;
  /** Disconnects `client`, stops the process and removes its sockets. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a Cerbos PDP beside this process and waits until it serves.
 *
 * The PDP goes when this process goes, however it ends, and does not keep it alive. It is never restarted: once it is
 * gone, calls through `client` fail with gRPC code 14, which callers must treat as a denial.
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
 * @throws {HopwiseError} `config_invalid` for a folder without policies, `policy_invalid` for policies or schemas that
 * do not compile, `pdp_missing` without a Cerbos executable, `pdp_start_failed` for all else
 */
export async function startPdp(options: StartPdpOptions): Promise<Pdp> {
  const { policies, strictEvaluation = true, schemaEnforcement = "reject", startTimeoutMs = 10_000 } = options;
  await checkPolicyFolder(policies);
  const binary = await findBinary(options.binary);

  const folder = createRunFolder((folder) =>
    pdpConfig({
      folder,
      policies: resolve(policies),
      strictEvaluation,
      schemaEnforcement,
      decisionLog: options.decisionLog === undefined ? undefined : resolve(options.decisionLog),
      jwtKeySets: options.jwtKeySets,
    }),
  );
  const evaluations = createEvaluationLog();
  const onLog = (line: string): void => {
    evaluations.read(line);
    try {
      options.onLog?.(line);
    } catch {
      // a listener decides nothing
    }
  };
  const supervised = supervise({ binary, folder, onLog });
  const target = `unix:${folder.grpcSocket}`;
  const client = new GRPC(target, { tls: false });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    client.close();
    closing ??= supervised.stop();
    return closing;
  };

  try {
    // Cerbos starts even where a schema is missing or broken, and then denies every call that the schema is for, so
    // starting includes compiling, which also names the line. Run at the same time, the two take little longer than
    // one.
    const sound = refuseBrokenPolicies({ binary, policies, schemaEnforcement, timeoutMs: startTimeoutMs });
    const serving = untilServing(supervised, client, folder.grpcSocket, startTimeoutMs).catch(
      async (fault: unknown) => {
        await sound; // a broken policy says more than "exited with code 1"
        throw fault;
      },
    );
    const [version] = await Promise.all([serving, sound]);
    const failuresOf: Pdp["failuresOf"] = async (callId, effect) => {
      // Under strict evaluation an allowance relies on no rule that failed: the good path waits for nothing.
      if (effect === "allow" && strictEvaluation) return [];
      // Cerbos wrote its log before it answered, and the log is read by another pipe: after two turns of the event loop
      // it has been read.
      await turn();
      await turn();
      return evaluations.failuresOf(callId);
    };
    return { client, target, version, failuresOf, exited: supervised.exited, close, [Symbol.asyncDispose]: close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

/** Polled this often: short against the start of the PDP (about 100 ms), long against one attempt (below 1 ms). */
const POLL_MS = 10;

/** Resolves to the version of the PDP that serves. */
async function untilServing(pdp: SupervisedPdp, client: GRPC, socket: string, timeoutMs: number): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutMs);
  let exit: PdpExit | undefined;
  void pdp.exited.then((value) => {
    exit = value;
  });
  for (;;) {
    const version = await versionOf(client, socket, deadline);
    if (version !== undefined) return version;
    if (exit !== undefined)
      throw startFailed(`stopped before it served (${exit.signal ?? `code ${exit.code ?? "none"}`})`, pdp);
    if (deadline.aborted) throw startFailed(`did not serve within ${timeoutMs} ms`, pdp);
    await delay(POLL_MS);
  }
}

async function versionOf(client: GRPC, socket: string, signal: AbortSignal): Promise<string | undefined> {
  // A gRPC client that cannot connect waits a second before it tries again, so it is asked only once the socket is
  // open.
  if (!(await accepts(socket))) return undefined;
  try {
    const { status } = await client.checkHealth({}, { signal });
    return String(status) === "SERVING" ? (await client.serverInfo({ signal })).version : undefined;
  } catch {
    return undefined;
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ path });
    socket.once("error", () => settle(false));
    socket.once("connect", () => {
      socket.destroy();
      settle(true);
    });
  });
}

function startFailed(what: string, pdp: SupervisedPdp): HopwiseError {
  const lines = pdp.lastLines();
  const tooOld = lines.some((line) => line.includes("field strictEvaluation not found"));
  const advice = tooOld
    ? "It is older than 0.55.0 and has no strict evaluation: use a newer one, or set strictEvaluation to false."
    : "Its last lines should say why.";
  const tail = lines.length === 0 ? ["(it printed nothing)"] : lines;
  const text = [`Cerbos (${pdp.binary}) ${what}. ${advice}`, ...tail.map((line) => `  ${line}`)];
  return new HopwiseError("pdp_start_failed", text.join("\n"));
}
