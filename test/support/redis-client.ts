/** A client of Redis that answers at once, and always as a store that was looked at: for what stands before Redis. */
import { clientOptions, type RedisClient } from "@hopwise/redis";
import type { SingleClient } from "../../packages/redis/src/client.ts";

const LIFE = ["a".repeat(40), "b".repeat(40)] as const;

export function quickClient(): RedisClient {
  const answer = (): readonly string[] => {
    const now = `${Date.now() / 1000}`;
    return ["ok", `${now}-a@${LIFE.join(":")}`, `${now}-a`, ...LIFE, now, "7.0.15", "noeviction", "0", "0"];
  };
  const client: SingleClient = {
    isOpen: true,
    isReady: true,
    options: clientOptions(),
    on: () => {},
    off: () => {},
    listenerCount: () => 1,
    connect: async () => {},
    destroy: () => {},
    duplicate: () => client,
    sendCommand: async () => answer(),
  };
  return client;
}
