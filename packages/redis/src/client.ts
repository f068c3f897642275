/*
 * What this package uses of `@redis/client`, as interfaces: the types of its clients carry modules, scripts and type mappings
 * that make no difference here.
 */

interface Events {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  listenerCount(event: string): number;
}

/** One connection's options, as far as a call could wait by them. */
export interface ConnectionOptions {
  readonly url?: string | undefined;
  readonly disableOfflineQueue?: boolean | undefined;
  readonly pingInterval?: number | undefined;
  readonly commandsQueueMaxLength?: number | undefined;
  readonly keyPrefix?: unknown;
  readonly socket?: object | undefined;
}

/** What `createClient` gives. */
export interface SingleClient extends Events {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options: ConnectionOptions | undefined;
  connect(): Promise<unknown>;
  destroy(): void;
  duplicate(overrides: object): SingleClient;
  sendCommand(args: readonly string[], options?: object): Promise<unknown>;
}

/** A node of a cluster, as its client knows it. */
export interface ClusterNode {
  readonly address: string;
}

/** What `createCluster` gives. */
export interface ClusterClient extends Events {
  readonly isOpen: boolean;
  readonly _options: {
    readonly rootNodes: readonly ConnectionOptions[];
    readonly defaults?: ConnectionOptions | undefined;
    readonly keyPrefix?: unknown;
    readonly topologyRefreshOnReconnectionAttemptStrategy?: unknown;
  };
  readonly slots: readonly { readonly master: ClusterNode }[];
  connect(): Promise<unknown>;
  nodeClient(node: never): Promise<SingleClient>;
  sendCommand(key: string, isReadonly: boolean, args: string[], options?: object): Promise<unknown>;
}

/** What `createSentinel` gives. */
export interface SentinelClient extends Events {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly _keyPrefix?: unknown;
  connect(): Promise<unknown>;
  getMasterNode(): unknown;
  /** With the connection to the master of now. */
  _execute<T>(isReadonly: boolean, run: (client: unknown) => Promise<T>): Promise<T>;
  sendCommand(isReadonly: boolean, args: string[], options?: object): Promise<unknown>;
}

/**
 * How each command is sent. Texts come as texts, whatever the client makes of them for others; and its own timer, which ends when a
 * command is written, is not needed.
 */
export const COMMAND_OPTIONS: object = { typeMapping: {}, timeout: undefined };

/** A client of `@redis/client`, connected or not: what `createClient`, `createCluster` or `createSentinel` gave. */
export type RedisClient = SingleClient | ClusterClient | SentinelClient;

const has = (client: object, ...methods: readonly string[]): boolean =>
  methods.every((method) => typeof (client as { readonly [name: string]: unknown })[method] === "function");

const isThere = (value: unknown): boolean => typeof value === "object" && value !== null;

/** What is a client but for its events, such as a wrapper round one, would fail only when its connection does. */
const hasOfAll = (client: object): boolean => has(client, "connect", "sendCommand", "on", "off", "listenerCount");

export function isCluster(client: object): client is ClusterClient {
  return has(client, "nodeClient") && isThere((client as ClusterClient)._options) && hasOfAll(client);
}

export function isSentinel(client: object): client is SentinelClient {
  return has(client, "getMasterNode", "_execute") && hasOfAll(client);
}

export function isSingle(client: object): client is SingleClient {
  // A pool takes turns between connections: what is asked second could arrive first.
  return (
    has(client, "duplicate", "destroy") &&
    hasOfAll(client) &&
    !has(client, "execute") &&
    !isSentinel(client) &&
    !isCluster(client)
  );
}
