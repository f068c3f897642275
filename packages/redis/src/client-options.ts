import { HopwiseError } from "@hopwise/core";
import { hasUnset } from "@hopwise/core/options";
import { type ConnectionOptions, isCluster, isSingle, type RedisClient } from "./client.ts";

/** Options of a connection with which nothing waits for a server that is gone, and one that hangs is left. */
export interface ClientOptions {
  readonly disableOfflineQueue: true;
  readonly pingInterval: number;
  readonly commandsQueueMaxLength: number;
  readonly socket: {
    readonly connectTimeout: number;
    readonly socketTimeout: number;
    readonly reconnectStrategy: (retries: number) => number;
  };
}

/**
 * Options for a client of `@redis/client` with which nothing waits for a server that is gone, and one that hangs is left:
 * spread them into `createClient`, or give them as `defaults` to `createCluster`, as `nodeClientOptions` to `createSentinel`.
 *
 * @example
 * ```ts
 * const client = createClient({ url: "redis://127.0.0.1:6379", ...clientOptions() });
 * ```
 *
 * @throws {HopwiseError} `config_invalid` where it is given anything
 */
export function clientOptions(...given: readonly never[]): ClientOptions {
  // An address that was given here would be lost, and the client be that of a Redis on this machine.
  if (given.length > 0) throw new HopwiseError("config_invalid", TAKES_NOTHING);
  return {
    disableOfflineQueue: true,
    // More often than the socket's own end, which also cuts a connection on which nothing is asked.
    pingInterval: 150,
    commandsQueueMaxLength: 10_000,
    socket: { connectTimeout: 300, socketTimeout: 500, reconnectStrategy: (n) => Math.min(25 * 2 ** n, 300) },
  };
}

const TAKES_NOTHING =
  "clientOptions takes nothing: spread what it gives beside your own options, as in createClient({ url, ...clientOptions() })";

const RIGHT = `{ disableOfflineQueue: true, pingInterval: 150, socket: { connectTimeout: 300, socketTimeout: 500, reconnectStrategy: (n) => Math.min(25 * 2 ** n, 300) } }`;

/** A look asks for all parts of the store in one turn, and calls come beside it. */
const LEAST_QUEUE = 100;

/** The longest that a connection may wait, in milliseconds. */
const LONGEST_MS = 10_000;

/**
 * Whether a client would queue or wait for ever. That of Sentinel tells its options only once it is connected.
 *
 * @returns what is wrong, with the options that are right; undefined where nothing is
 */
export function problemOfClient(client: RedisClient): string | undefined {
  if (isSingle(client))
    return problemOfConnection(client.options ?? {}, "the client") ?? problemOfAddresses([client.options ?? {}]);
  if (!isCluster(client)) return undefined;
  const { defaults, keyPrefix, topologyRefreshOnReconnectionAttemptStrategy: refresh } = client._options;
  if (refresh === false || refresh === 0) {
    return "topologyRefreshOnReconnectionAttemptStrategy of the client must not be off: a master that is gone would never be left";
  }
  return (
    problemOfConnection({ ...defaults, keyPrefix }, "defaults of the client") ??
    problemOfAddresses(client._options.rootNodes)
  );
}

/** An address that is there and undefined is that of this machine, where another Redis may run. */
function problemOfAddresses(connections: readonly ConnectionOptions[]): string | undefined {
  const unset = connections.flatMap(({ socket, ...options }) => [
    ...(isUnset(options, "url") ? ["url"] : []),
    ...(isUnset({ ...socket }, "host") ? ["socket.host"] : []),
  ]);
  if (unset.length === 0) return undefined;
  return `the ${unset[0]} of the client is undefined, or has "undefined" in it: an environment variable that is not set? Left like that it means Redis on this machine, or nowhere`;
}

function isUnset(options: { readonly [name: string]: unknown }, name: string): boolean {
  if (!Object.hasOwn(options, name)) return false;
  const { [name]: value } = options;
  return value === undefined || (typeof value === "string" && hasUnset(value));
}

/** @param whose whose options these are, for the words */
export function problemOfConnection(options: ConnectionOptions, whose: string): string | undefined {
  const problems = problemsOf(options);
  if (problems.length === 0) return undefined;
  return `${whose} would wait too long, or lose its way: ${problems.join("; ")}. Right is ${RIGHT}, as clientOptions() gives it`;
}

function problemsOf({
  disableOfflineQueue,
  pingInterval,
  commandsQueueMaxLength,
  keyPrefix,
  socket = {},
}: ConnectionOptions): readonly string[] {
  const { connectTimeout, socketTimeout, reconnectStrategy } = Object(socket) as Partial<ClientOptions["socket"]>;
  const problems: string[] = [];
  if (disableOfflineQueue !== true) problems.push("disableOfflineQueue must be true");
  if (!isTime(connectTimeout)) problems.push(`socket.connectTimeout must be 1 to ${LONGEST_MS} ms`);
  if (!isTime(socketTimeout)) problems.push(`socket.socketTimeout must be 1 to ${LONGEST_MS} ms`);
  else if (!isTime(pingInterval) || pingInterval >= socketTimeout) {
    problems.push("pingInterval must be less than socket.socketTimeout");
  }
  // 0 is no bound.
  if (commandsQueueMaxLength && commandsQueueMaxLength < LEAST_QUEUE) {
    problems.push(`commandsQueueMaxLength must be ${LEAST_QUEUE} or more`);
  }
  // The default one gives up after a socketTimeout.
  if (typeof reconnectStrategy !== "function" && !Number.isFinite(reconnectStrategy)) {
    problems.push("socket.reconnectStrategy must be a function, or milliseconds");
  }
  if (keyPrefix !== undefined) problems.push("keyPrefix must be left out: the option prefix is in its place");
  return problems;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 1 && value <= LONGEST_MS;
}
