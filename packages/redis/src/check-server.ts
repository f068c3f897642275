import { COMMAND_OPTIONS, type SingleClient } from "./client.ts";
import type { Line } from "./line.ts";
import type { Found } from "./look.ts";

/** What the operator says of the servers. */
export interface ServerSettings {
  readonly durable: boolean;
  readonly failOverMs: number | undefined;
}

/**
 * Whether a server may keep what must not be lost.
 *
 * @returns what must be set on it, in words that begin after its name; undefined where all is well
 */
export async function checkServer(
  found: Found,
  kind: Line["kind"],
  connection: () => Promise<SingleClient>,
  { durable, failOverMs }: ServerSettings,
): Promise<string | undefined> {
  if (Number.parseInt(found.version, 10) < 7) return `is Redis ${found.version}: it must be 7 or newer`;
  if (found.evictionPolicy !== "noeviction") {
    return `has maxmemory-policy ${found.evictionPolicy}, which drops used proofs in silence: set it to noeviction`;
  }
  const settings = durable || found.replicas > 0 ? await settingsOf(await connection()) : {};
  if (durable && settings["appendfsync"] !== undefined) {
    if (settings["appendonly"] !== "yes" || settings["appendfsync"] !== "always") {
      return "does not write each step to disk before it answers: set appendonly yes and appendfsync always, or leave out durable";
    }
  }
  return found.replicas === 0 ? undefined : checkReplicas(found, kind, settings, failOverMs);
}

type Settings = { readonly [name: string]: string };

/** A master that lost its replicas goes on where nobody stops it, while one of them takes over: then one proof passes at both. */
function checkReplicas(
  { needsReplicas }: Found,
  kind: Line["kind"],
  settings: Settings,
  given: number | undefined,
): string | undefined {
  if (!needsReplicas) {
    return "has replicas, and goes on without them while another one takes over: set min-replicas-to-write to 1 or more, and min-replicas-max-lag";
  }
  const timeout = kind === "cluster" ? settings["cluster-node-timeout"] : undefined;
  const failOverMs = given ?? (timeout === undefined ? undefined : Number(timeout));
  if (failOverMs === undefined) {
    return "has replicas: give failOverMs, the milliseconds after which one of them takes over at the earliest (down-after-milliseconds of Sentinel, cluster-node-timeout)";
  }
  const lag = settings["min-replicas-max-lag"];
  // Who may not be asked for its settings has them by the word of the operator, who gave failOverMs.
  if (lag === undefined || Number(lag) * 1000 + NOTICED_MS < failOverMs) return undefined;
  return `has min-replicas-max-lag ${lag}, and a replica may take over after ${failOverMs} ms: the lag must be shorter by more than ${NOTICED_MS} ms`;
}

/** Within the lag a replica may be gone so long unnoticed. */
const NOTICED_MS = 2000;

const NAMES = ["appendonly", "appendfsync", "min-replicas-max-lag", "cluster-node-timeout"];

/** Settings that its user may read; none where that is forbidden. */
async function settingsOf(connection: SingleClient): Promise<Settings> {
  let answer: unknown;
  try {
    answer = await connection.sendCommand(["CONFIG", "GET", ...NAMES], COMMAND_OPTIONS);
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR)\b/.test(error.message)) return {};
    throw error;
  }
  // A map of RESP 3, or the list of RESP 2.
  if (!Array.isArray(answer)) return { ...(answer as Settings) };
  return Object.fromEntries(NAMES.map((name) => [name, answer[answer.indexOf(name) + 1] as string]));
}
