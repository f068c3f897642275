import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import { exitWords, type PdpExit, type RunFolder, type SupervisedPdp, supervise } from "../binary/index.ts";
import { type PolicyCheck, refuseBrokenPolicies } from "../compile/index.ts";
import { makePrivate } from "./decision-log.ts";

/** What every process of one PDP is started with. */
export interface ServeOptions extends PolicyCheck {
  readonly folder: RunFolder;
  readonly client: GRPC;
  readonly decisionLog: string | undefined;
  readonly onLog: (line: string) => void;
  /** Ends the start, and the process with it. */
  readonly signal: AbortSignal;
}

/** A process that serves. */
export interface ServingPdp extends SupervisedPdp {
  readonly version: string;
}

/**
 * Starts one process in the folder that was made for it, and waits until it serves policies that compile. Where it does
 * not, nothing of it stays.
 *
 * Cerbos starts even where a schema is missing or broken, and then denies every call that the schema is for, so starting
 * includes compiling, which also names the line. At the first start, when nobody can ask yet, the two run at the same time
 * and take little longer than one. Later on it compiles before: a client would at once ask a PDP that serves.
 *
 * @throws {HopwiseError} `policy_invalid`, `pdp_start_failed`; `config_invalid` for a decision log that cannot be private
 */
export async function serve(options: ServeOptions, how: "first" | "again"): Promise<ServingPdp> {
  const { binary, folder, client, timeoutMs, signal } = options;
  if (options.decisionLog !== undefined) makePrivate(options.decisionLog);
  const sound = refuseBrokenPolicies(options);
  sound.catch(() => {}); // awaited below, unless something else fails before
  if (how === "again") await sound;
  const supervised = supervise({ binary, folder, onLog: options.onLog });
  const stop = (): void => void supervised.stop();
  signal.addEventListener("abort", stop);
  void supervised.exited.then(() => signal.removeEventListener("abort", stop));
  try {
    if (signal.aborted) stop();
    const serving = untilServing(supervised, client, folder.grpcSocket, timeoutMs).catch(async (fault: unknown) => {
      await sound; // a broken policy says more than "exited with code 1"
      throw fault;
    });
    const [version] = await Promise.all([serving, sound]);
    return { ...supervised, version };
  } catch (fault) {
    await supervised.stop();
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
    if (exit !== undefined) throw startFailed(`stopped before it served (${exitWords(exit)})`, pdp);
    if (deadline.aborted) throw startFailed(`did not serve within ${timeoutMs} ms`, pdp, TAKES_LONGER);
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

/** It is alive, and mostly has nothing to say. */
const TAKES_LONGER =
  "Where the folder has thousands of policies, or the machine has much else to do, give it longer: startTimeoutMs. Else its last lines should say why.";

function startFailed(what: string, pdp: SupervisedPdp, why = "Its last lines should say why."): HopwiseError {
  const lines = pdp.lastLines();
  const tooOld = lines.some((line) => line.includes("field strictEvaluation not found"));
  const advice = tooOld
    ? "It is older than 0.55.0 and has no strict evaluation: use a newer one, or set strictEvaluation to false."
    : why;
  const tail = lines.length === 0 ? ["(it printed nothing)"] : lines;
  const text = [`Cerbos (${pdp.binary}) ${what}. ${advice}`, ...tail.map((line) => `  ${line}`)];
  return new HopwiseError("pdp_start_failed", text.join("\n"));
}
