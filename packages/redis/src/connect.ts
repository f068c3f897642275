import { isKind } from "@hopwise/core/options";
import { isSingle, type RedisClient } from "./client.ts";
import { saysLittle } from "./faults.ts";
import { type Line, lineOf } from "./line.ts";

/** A client that connects, and goes on trying. */
export interface Connected {
  readonly line: Line;
  /** What the client said last of a connection that it could not make: its commands do not tell. */
  lastError(): unknown;
  /** Stops trying, and listening. The client stays as it is. */
  stop(): void;
}

const ERRORS = ["error", "node-error", "client-error"];
const READY = ["ready", "node-ready", "topology-change"];

/** A client of one server goes on by itself, until it is closed. Those of a cluster and of Sentinel give up where the first connection fails. */
const AGAIN_MS = 300;

/** So long a replica is asked before its connection is left. */
const REPLICA_MS = 1000;

/** The client of Sentinel tells of a server by an object that has the error in it. */
function errorIn(said: unknown): unknown {
  const { error } = Object(said) as { readonly error?: unknown };
  return isKind(error, "Error") ? error : said;
}

/** @param ready is called at each new connection to a server */
export function connect(client: RedisClient, ready: () => void): Connected {
  let lastError: unknown;
  let timer: NodeJS.Timeout | undefined;
  let leaving: NodeJS.Timeout | undefined;
  let isStopped = false;

  const onError = (said: unknown): void => {
    const error = errorIn(said);
    if (lastError === undefined || !saysLittle(error)) lastError = error;
  };
  const onReady = (): void => {
    lastError = undefined;
    // That of Sentinel takes hold of its connection only now.
    setImmediate(() => !isStopped && ready());
  };
  for (const event of ERRORS) client.on(event, onError);
  for (const event of READY) client.on(event, onReady);

  /**
   * A server that was demoted keeps its connections, while its name, or the proxy before it, may lead to the new master by now: so
   * the connection is ended, by the one command that every user may give, and the client makes another one.
   */
  const leaveReplica = (error: unknown): void => {
    if (isStopped || !isSingle(client)) return;
    leaving ??= setTimeout(() => {
      leaving = undefined;
      onError(error); // until then no step is told more than that nobody is there
      client.sendCommand(["QUIT"]).catch(() => {});
    }, REPLICA_MS).unref();
  };

  const open = (): void => {
    if (isStopped || client.isOpen) return;
    client.connect().catch((error: unknown) => {
      lastError ??= error; // an event said more than that nobody is there
      if (!isStopped && !isSingle(client)) timer = setTimeout(open, AGAIN_MS).unref();
    });
  };
  open();
  return {
    line: lineOf(client, leaveReplica),
    lastError: () => lastError,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      clearTimeout(leaving);
      for (const event of READY) client.off(event, onReady);
      for (const event of ERRORS) {
        client.off(event, onError);
        // Without a listener an error would end the process, also after this store was closed.
        if (client.listenerCount(event) === 0) client.on(event, () => {});
      }
    },
  };
}
