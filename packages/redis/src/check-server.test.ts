import { describe, expect, it } from "vitest";
import { checkServer } from "./check-server.ts";
import type { SingleClient } from "./client.ts";
import type { Found } from "./look.ts";

const FOUND: Found = {
  longestWindowSeconds: 60,
  mark: "m",
  name: "n",
  replicationId: "i",
  runId: "r",
  nowSeconds: 0,
  version: "7.0.15",
  evictionPolicy: "noeviction",
  replicas: 0,
  needsReplicas: false,
};
const WITH_REPLICAS = { ...FOUND, replicas: 2, needsReplicas: true };
const NOTHING = { durable: false, failOverMs: undefined };

/** A server with these settings; where it is an error, it refuses to tell them. */
const server = (settings: object | Error) => async (): Promise<SingleClient> => {
  const sendCommand = async (): Promise<unknown> => {
    if (settings instanceof Error) throw settings;
    return settings;
  };
  return { sendCommand } as unknown as SingleClient;
};
const never = async (): Promise<never> => expect.unreachable("nothing has to be asked");

describe("what a server must be", () => {
  it.each([
    ["7.0.15", undefined],
    ["8.2.0", undefined],
    ["10.0.0", undefined],
    ["6.2.14", /is Redis 6\.2\.14: it must be 7 or newer/],
  ])("of version %s", async (version, words) => {
    const problem = await checkServer({ ...FOUND, version }, "single", never, NOTHING);
    if (words === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(words);
  });

  it.each<[string, object, number | undefined, RegExp | undefined]>([
    ["a lag that is shorter than a fail-over", { "min-replicas-max-lag": "1" }, 3500, undefined],
    ["a lag that is as long, once it is noticed", { "min-replicas-max-lag": "1" }, 3000, /min-replicas-max-lag 1/],
    ["the answer of an older protocol", ["min-replicas-max-lag", "1"], 3500, undefined],
    ["an older protocol, and a lag that is too long", ["min-replicas-max-lag", "9"], 3500, /min-replicas-max-lag 9/],
    ["a fail-over at an unknown time", { "min-replicas-max-lag": "1" }, undefined, /give failOverMs/],
    ["settings that it does not tell, and the operator's word", new Error("NOPERM no"), 3500, undefined],
    ["settings that it does not tell", new Error("ERR unknown command 'CONFIG'"), undefined, /give failOverMs/],
  ])("with replicas: %s", async (_, settings, failOverMs, words) => {
    const problem = await checkServer(WITH_REPLICAS, "single", server(settings), { durable: false, failOverMs });
    if (words === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(words);
  });

  it("in a cluster says itself when it fails over", async () => {
    const settings = { "min-replicas-max-lag": "10", "cluster-node-timeout": "15000" };
    expect(await checkServer(WITH_REPLICAS, "cluster", server(settings), NOTHING)).toBeUndefined();
    const soon = server({ ...settings, "cluster-node-timeout": "12000" });
    expect(await checkServer(WITH_REPLICAS, "cluster", soon, NOTHING)).toMatch(/may take over after 12000 ms/);
  });

  it("passes on that it could not be asked", async () => {
    const gone = server(new Error("Socket closed unexpectedly"));
    await expect(checkServer(WITH_REPLICAS, "single", gone, NOTHING)).rejects.toThrow("Socket closed");
  });
});
