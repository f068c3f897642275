import {
  type ClusterClient,
  COMMAND_OPTIONS,
  isCluster,
  isSentinel,
  type RedisClient,
  type SentinelClient,
  type SingleClient,
} from "./client.ts";
import { problemOfConnection } from "./client-options.ts";
import { isReplica, NotConnected } from "./faults.ts";
import type { Tag } from "./keys.ts";

/** The way to the servers: one, those of a cluster, or the master that Sentinel names. */
export interface Line {
  readonly kind: "single" | "cluster" | "sentinel";
  /** For messages, without a password. */
  readonly name: string;
  /** Which connection the commands of a tag take. */
  connectionOf(tag: Tag): string;
  /** Sends in this turn of the event loop, where the client is connected. */
  send(tag: Tag, args: readonly string[]): Promise<unknown>;
  /** The connection to the master of a tag. */
  masterOf(tag: Tag): Promise<SingleClient>;
  /** What is wrong with its options, where these are known only once it is connected. */
  problem(): Promise<string | undefined>;
}

/** @param onReplica is told where one server answers that it is a replica. Clients of a cluster and of Sentinel look for the master themselves */
export function lineOf(client: RedisClient, onReplica: (error: unknown) => void): Line {
  if (isCluster(client)) return clusterLine(client);
  if (isSentinel(client)) return sentinelLine(client);
  return singleLine(client, onReplica);
}

function singleLine(client: SingleClient, onReplica: (error: unknown) => void): Line {
  return {
    kind: "single",
    name: `Redis at ${addressOf(client.options?.socket)}`,
    connectionOf: () => "master",
    send: (_, args) => {
      const answer = client.sendCommand(args, COMMAND_OPTIONS);
      answer.catch((error: unknown) => isReplica(error) && onReplica(error));
      return answer;
    },
    masterOf: async () => client,
    problem: async () => undefined,
  };
}

function clusterLine(client: ClusterClient): Line {
  const { rootNodes } = client._options;
  const nodeOf = ({ slot }: Tag): { readonly address: string } | undefined => client.slots[slot]?.master;
  // Its first part in braces is all that the client reads of a key.
  const send: Line["send"] = (tag, args) => client.sendCommand(tag.text, false, [...args], COMMAND_OPTIONS);
  return {
    kind: "cluster",
    name: `the Redis Cluster of ${rootNodes.map(({ socket, ...node }) => addressOf(socket, node)).join(", ")}`,
    connectionOf: (tag) => nodeOf(tag)?.address ?? "nowhere",
    send,
    masterOf: async (tag) => {
      // The client learns that a slot has moved by what it sends itself, and not by what is sent on a connection of a node.
      await send(tag, ["EXISTS", tag.text]);
      const node = nodeOf(tag);
      if (node === undefined) throw new Error("CLUSTERDOWN");
      return client.nodeClient(node as never);
    },
    problem: async () => undefined,
  };
}

function sentinelLine(client: SentinelClient): Line {
  const master = async (): Promise<SingleClient> => {
    if (!client.isReady) throw new NotConnected();
    return client._execute(false, async (connection) => connection as SingleClient);
  };
  return {
    kind: "sentinel",
    name: "Redis behind Sentinel",
    connectionOf: () => "master",
    // Before it is ready, and while it looks for a new master, it would wait.
    send: async (_, args) => {
      if (!client.isReady) throw new NotConnected();
      return client.sendCommand(false, [...args], COMMAND_OPTIONS);
    },
    masterOf: master,
    problem: async () => {
      const { options } = await master();
      return problemOfConnection(
        { ...options, keyPrefix: client._keyPrefix },
        "is asked by a client whose nodeClientOptions",
      );
    },
  };
}

/** An address without what a URL may say besides. */
function addressOf(socket: object | undefined, { url }: { readonly url?: unknown } = {}): string {
  if (typeof url === "string") return URL.canParse(url) ? new URL(url).host : "an unreadable URL";
  const {
    host = "localhost",
    port = 6379,
    path,
  } = (socket ?? {}) as {
    readonly [name in "host" | "port" | "path"]?: unknown;
  };
  return typeof path === "string" ? path : `${String(host)}:${String(port)}`;
}
