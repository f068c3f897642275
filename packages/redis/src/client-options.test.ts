import { createClient, createClientPool, createCluster, createSentinel } from "@redis/client";
import { describe, expect, it } from "vitest";
import { clientOptions, problemOfClient, problemOfConnection } from "./client-options.ts";
import { openRedis } from "./index.ts";

const RIGHT = clientOptions();
const url = "redis://127.0.0.1:1";
const socket = { host: "127.0.0.1", port: 1 };

describe("a client that is passed in", () => {
  it("is fine with the options that clientOptions gives, whatever else it has", () => {
    expect(problemOfClient(createClient({ url, ...RIGHT }))).toBeUndefined();
    expect(problemOfClient(createClient({ url, ...RIGHT, commandsQueueMaxLength: 0 }))).toBeUndefined();
    expect(
      problemOfClient(createClient({ ...RIGHT, socket: { ...RIGHT.socket, ...socket, tls: true } })),
    ).toBeUndefined();
    expect(problemOfClient(createCluster({ rootNodes: [{ url }], defaults: RIGHT }))).toBeUndefined();
    expect(
      problemOfClient(createSentinel({ name: "m", sentinelRootNodes: [socket], nodeClientOptions: RIGHT })),
    ).toBeUndefined();
  });

  it.each([
    ["nothing", {}, /disableOfflineQueue must be true.*connectTimeout.*socketTimeout.*reconnectStrategy/],
    ["a queue while it is offline", { ...RIGHT, disableOfflineQueue: false }, /disableOfflineQueue must be true/],
    [
      "no end of connecting",
      { ...RIGHT, socket: { ...RIGHT.socket, connectTimeout: 0 } },
      /connectTimeout must be 1 to/,
    ],
    [
      "no end of a silence",
      { ...RIGHT, socket: { ...RIGHT.socket, socketTimeout: 60_000 } },
      /socketTimeout must be 1 to/,
    ],
    ["no pings", { ...RIGHT, pingInterval: 0 }, /pingInterval must be less than socket.socketTimeout/],
    ["pings that come too late", { ...RIGHT, pingInterval: 500 }, /pingInterval must be less than/],
    [
      "no second try",
      { ...RIGHT, socket: { ...RIGHT.socket, reconnectStrategy: false as const } },
      /reconnectStrategy must be/,
    ],
    [
      "a queue that is full by one look",
      { ...RIGHT, commandsQueueMaxLength: 20 },
      /commandsQueueMaxLength must be 100 or more/,
    ],
    ["a prefix of its own", { ...RIGHT, keyPrefix: "app:" }, /keyPrefix must be left out: the option prefix/],
  ])("is refused with %s, with the options that are right", (_, options, words) => {
    const message = problemOfClient(createClient({ url, ...options })) ?? "";
    expect(message).toMatch(words);
    expect(message).toContain("Right is { disableOfflineQueue: true, pingInterval: 150, socket: {");
    const { keyPrefix, ...defaults } = options as { keyPrefix?: string };
    expect(problemOfClient(createCluster({ rootNodes: [{ url }], defaults, ...(keyPrefix && { keyPrefix }) }))).toMatch(
      words,
    );
    expect(problemOfConnection(options, "nodeClientOptions")).toMatch(words);
  });

  it("is refused as a cluster that never leaves a master which is gone", () => {
    const options = { rootNodes: [{ url }], defaults: RIGHT, topologyRefreshOnReconnectionAttemptStrategy: 0 };
    expect(problemOfClient(createCluster(options))).toMatch(
      /topologyRefreshOnReconnectionAttemptStrategy of the client must not be off/,
    );
  });

  const { socket: ours } = RIGHT;
  it.each<[string, Parameters<typeof problemOfClient>[0]]>([
    ["url", createClient({ ...RIGHT, url: undefined as never })],
    ["url", createClient({ ...RIGHT, url: "redis://undefined:6379" })],
    ["url", createClient({ ...RIGHT, url: "redis://hopwise:undefined@redis.acme.example" })],
    ["socket.host", createClient({ ...RIGHT, socket: { ...ours, host: undefined as never, port: 6379 } })],
    ["socket.host", createClient({ ...RIGHT, socket: { ...ours, host: "redis-undefined.acme.example", port: 6379 } })],
    ["url", createCluster({ rootNodes: [{ url }, { url: "redis://undefined:7000" }], defaults: RIGHT })],
    ["socket.host", createCluster({ rootNodes: [{ socket: { host: undefined as never, port: 1 } }], defaults: RIGHT })],
  ])("is refused whose %s comes from a variable that is not set: it means another Redis", (place, client) => {
    const problem = problemOfClient(client) ?? "";
    expect(problem).toContain(`the ${place} of the client is undefined, or has "undefined" in it`);
    expect(problem).not.toMatch(/acme|hopwise/);
  });

  it("is refused by who opens a store on it", async () => {
    const error = {
      code: "config_invalid",
      pointer: "/client",
      message: expect.stringMatching(/^openRedis: the client would wait too long/),
    };
    await expect(openRedis({ client: createClient({ url }) })).rejects.toMatchObject(error);
  });

  it.each([
    ["a pool, whose connections take turns", createClientPool({ url, ...RIGHT })],
    ["options", { url }],
    ["nothing", undefined],
  ])("is refused where it is %s", async (_, client) => {
    await expect(openRedis({ client: client as never })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/client (must be|is missing; give) a client of @redis\/client/),
    });
  });
});

describe("options for a client", () => {
  it("take nothing: an address that was given there would be lost, and another Redis be asked", () => {
    const given = clientOptions as (...given: readonly unknown[]) => unknown;
    for (const lost of [{ url: "redis://redis.acme.example" }, undefined]) {
      expect(() => given(lost)).toThrow(
        expect.objectContaining({ code: "config_invalid", message: expect.stringContaining("takes nothing") }),
      );
    }
  });
});
