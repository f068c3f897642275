import type { OpenStore } from "@hopwise/core/state-contract";
import { stateContract } from "@hopwise/core/state-contract";
import { openRedis } from "@hopwise/redis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { MISSING, type RedisServer, startRedis, type TestClient, unlessMissing, until } from "./redis-server.ts";

describe.skipIf(MISSING !== undefined)(unlessMissing("a driver on one Redis"), () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  let stores = 0;
  const open: OpenStore = ({ mostOfRoot, mostOfUser }) => {
    const clients: TestClient[] = [];
    const prefix = `contract-${++stores}`;
    return {
      open: async () => {
        const client = await server.client();
        clients.push(client);
        return openRedis({
          client,
          prefix,
          deadlineMs: 1500,
          ...(mostOfRoot !== undefined && { maxProofsOfRoot: mostOfRoot }),
          ...(mostOfUser !== undefined && { maxProofsOfUser: mostOfUser }),
        });
      },
      loseEverything: async () => void (await server.ask("FLUSHALL")),
      break: () => server.kill(),
      mend: async () => {
        await server.restart();
        await until(() => clients.every(({ isReady }) => isReady));
      },
      close: () => {
        for (const client of clients) client.destroy();
      },
    };
  };

  it.each(stateContract.map((one) => [one.title, one] as const))("%s", async (_, { run }) => run(open));
});
