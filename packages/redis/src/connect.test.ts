import { EventEmitter } from "node:events";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { SentinelClient } from "./client.ts";
import { connect } from "./connect.ts";
import { offlineWordsOf } from "./faults.ts";

const CAUSE = { code: "DEPTH_ZERO_SELF_SIGNED_CERT" };

it.each([
  ["its own", new Error("self-signed certificate")],
  ["Node's, which under Jest are of another realm", runInNewContext("new Error('self-signed certificate')") as Error],
])(
  "what is wrong with a server behind Sentinel is said as of any other, though the client wraps it: by errors of %s",
  (_, error) => {
    const client = Object.assign(new EventEmitter(), {
      isOpen: true,
      isReady: false,
      connect: async () => {},
      getMasterNode: () => {},
      _execute: async () => {},
      sendCommand: async () => {},
    }) as unknown as SentinelClient & EventEmitter;
    const { lastError, stop } = connect(client, () => {});
    const cause = Object.assign(error, CAUSE);
    client.emit("client-error", { type: "MASTER", node: { host: "10.0.0.1", port: 6379 }, error: cause });
    client.emit("error", new Error("None of the sentinels are available"));
    expect(offlineWordsOf(lastError())).toMatch(/^shows a certificate that is not trusted here/);
    stop();
  },
);
