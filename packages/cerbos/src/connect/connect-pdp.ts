import { setTimeout as delay } from "node:timers/promises";
import type { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import { clientWords, quietly } from "@hopwise/core/adapter";
import { choice, either, list, maybe, optionsOf } from "@hopwise/core/options";
import {
  clientFor,
  DEFAULT_TIMEOUT_MS,
  oneConnection,
  type PdpProbe,
  type PdpTls,
  type PdpWarning,
  type PolicyClient,
  probePdp,
  RESILIENCE_ROWS,
  type ResilienceOptions,
  resilient,
  TARGET,
  TLS,
} from "../ask/index.ts";
import { LISTENER, milliseconds } from "../option-shapes.ts";
import { SHARING, type SharingOptions, shareRequests } from "../sharing/index.ts";
import { noticeLostPolicies } from "./lost-policies.ts";
import { createToldWarnings } from "./told-warnings.ts";

/** Options of {@link connectPdp}; only `targets` is required. */
export interface ConnectPdpOptions extends Omit<ResilienceOptions, "onChange"> {
  /**
   * Where the PDPs are, one or several that serve the same policies: `host:port`, `dns:///host:port`, `[IPv6]:port`,
   * `unix:/path`. The one with the fewest requests under way is asked. A name with several addresses is one target.
   */
  readonly targets: string | readonly string[];
  /** Uses TLS for all targets, with these keys. When left out, TLS is used for targets on other machines. */
  readonly tls?: PdpTls;
  /**
   * Uses plain text also with other machines: anyone on the network path can read all attributes and forge the answers.
   */
  readonly plaintext?: "dangerously-unencrypted";
  /**
   * How long to wait until a PDP serves, in milliseconds.
   *
   * @defaultValue 10_000
   */
  readonly startTimeoutMs?: number;
  /**
   * How checks about the same principal share requests, at each target by itself: see {@link shareRequests}. `false` sends
   * each in a request of its own.
   *
   * @defaultValue as `shareRequests` has it
   */
  readonly sharing?: false | SharingOptions;
  /**
   * Called with each warning, at the start and as soon as a target has a new one, since another PDP may be there at each new
   * connection; with `rules_mixed_up` once, for whichever target. Nothing is printed without it.
   */
  readonly onWarning?: (warning: PdpWarning) => void;
  /** Called when a target failed several times and is left alone, and when it is asked again. */
  readonly onChange?: (change: { readonly target: string; readonly up: boolean }) => void;
}

/** PDPs that run elsewhere. */
export interface ConnectedPdp extends AsyncDisposable {
  /**
   * Asks the least busy of the targets, another one where it failed, and leaves alone those that keep failing: see {@link
   * resilient}.
   */
  readonly client: PolicyClient;
  /** The oldest version of Cerbos among the targets that answered at the start. */
  readonly version: string;
  /** The warnings of the first probe. */
  readonly warnings: readonly PdpWarning[];
  /** Disconnects. May be called again. */
  close(): Promise<void>;
}

const readOptions = optionsOf<ConnectPdpOptions>("connectPdp", {
  ...RESILIENCE_ROWS,
  targets: either(
    "a target, such as localhost:3593 (a port of gRPC, without http://), or a list of them",
    TARGET,
    list(TARGET, "a list of targets, at least one, such as localhost:3593", { min: 1 }),
  ),
  tls: maybe(TLS),
  plaintext: maybe(choice("dangerously-unencrypted")),
  startTimeoutMs: maybe(milliseconds(10_000)),
  sharing: maybe(SHARING),
  onWarning: maybe(LISTENER),
  onChange: maybe(LISTENER),
});

/**
 * Connects to PDPs that run elsewhere, and waits until one of them serves.
 *
 * @example
 * ```ts
 * await using pdp = await connectPdp({
 *   targets: ["pdp-1.internal:3593", "pdp-2.internal:3593"],
 *   tls: { ca: await readFile("/etc/pki/internal-ca.pem") },
 *   onWarning: ({ target, code, text }) => console.warn(`${target}: ${code}: ${text}`),
 * });
 * const authorizer = createAuthorizer({ cerbos: pdp, … });
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right or keys that are not valid, `pdp_missing` when no target serves
 *   in time
 */
export async function connectPdp(options: ConnectPdpOptions): Promise<ConnectedPdp> {
  const { tls, plaintext, startTimeoutMs = 10_000, sharing, onWarning, onChange, ...others } = readOptions(options);
  const { targets: given, ...resilience } = others;
  const targets = [given].flat();
  if (tls !== undefined && plaintext !== undefined) {
    throw new HopwiseError("config_invalid", "tls and plaintext contradict each other", { pointer: "/plaintext" });
  }
  const clients: GRPC[] = [];
  const close = async (): Promise<void> => {
    for (const client of clients) client.close();
  };
  try {
    for (const target of targets)
      clients.push(clientFor(target, { tls, plaintext }, resilience.timeoutMs ?? DEFAULT_TIMEOUT_MS));
    const told = createToldWarnings(onWarning);
    let isStarted = false;
    /** The PDP there may be another one: an older version, or one that was set up anew. */
    const probeAgain = (index: number): void => {
      if (!isStarted) return;
      const signal = AbortSignal.timeout(startTimeoutMs);
      probePdp(clients[index] as GRPC, { signal }).then(
        (probe) => void told.report(probe, targets[index] as string),
        () => {},
      );
    };
    const watched = clients.map((client, index) => {
      const shared = sharing === false ? client : shareRequests(client, sharing);
      const asked = noticeLostPolicies(client, () => told.sawCanary, shared);
      return oneConnection(client, asked, () => probeAgain(index));
    });
    const client = resilient(watched, {
      ...resilience,
      onChange({ index, up }) {
        quietly(() => onChange?.({ target: targets[index] as string, up }));
        // Also where its connection stayed: it may be one to a proxy.
        if (up) probeAgain(index);
      },
    });
    const probes = await probeAll(targets, clients, startTimeoutMs);
    const warnings = targets.flatMap((target, i) => told.report(probes[i], target));
    isStarted = true;
    return { client, version: oldest(probes), warnings, close, [Symbol.asyncDispose]: close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

/** Polled this often; the clients reconnect by themselves. */
const POLL_MS = 50;
/** How much longer than the first the other targets may take to serve. */
const GRACE_MS = 1_000;

/** One probe a target, undefined for a target that did not serve in time. */
async function probeAll(
  targets: readonly string[],
  clients: readonly GRPC[],
  timeoutMs: number,
): Promise<readonly (PdpProbe | undefined)[]> {
  const stop = new AbortController();
  const faults: string[] = [];
  let timer = setTimeout(() => stop.abort(), timeoutMs);
  const from = performance.now();
  const probes = await Promise.all(
    clients.map(async (client, i) => {
      while (!stop.signal.aborted) {
        try {
          // A signal of its own each time: Cerbos' client never takes its listeners off, and Node.js 20 warns of a leak at the 11th.
          const probe = await probePdp(client, { signal: AbortSignal.any([stop.signal]) });
          clearTimeout(timer);
          timer = setTimeout(() => stop.abort(), Math.min(GRACE_MS, timeoutMs - (performance.now() - from)));
          return probe;
        } catch (fault) {
          if (!stop.signal.aborted || faults[i] === undefined)
            faults[i] = clientWords(fault) ?? (fault as Error).message;
          await delay(POLL_MS);
        }
      }
      return undefined;
    }),
  );
  clearTimeout(timer);
  if (probes.some((probe) => probe !== undefined)) return probes;
  const lines = targets.map((target, i) => `  ${target}: ${faults[i] ?? "no answer"}`);
  throw new HopwiseError(
    "pdp_missing",
    `No Cerbos PDP served within ${timeoutMs} ms. Start it, or correct the targets and how they are protected (TLS, unless ` +
      `they are on this machine):\n${lines.join("\n")}`,
    { pointer: "/targets" },
  );
}

function oldest(probes: readonly (PdpProbe | undefined)[]): string {
  const versions = probes.flatMap((probe) => (probe === undefined ? [] : [probe.version]));
  return versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true }))[0] as string;
}
