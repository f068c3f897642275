import * as client from "@redis/client";
import { describe, expect, it } from "vitest";
import { isBroken, isOffline, isReplica, mistakeIn, offlineWordsOf, wordsOf } from "./faults.ts";

class SimpleError extends Error {}
/** A class of the client as a bundler leaves it that minifies. */
class t extends Error {}
const OFFLINE = "The client is offline";
const TIMED_OUT = "Socket timeout timeout. Expecting data, but didn't receive any in 500ms.";
const system = (code: string): Error => Object.assign(new Error(`connect ${code} 10.0.0.1:6379`), { code });

describe("the words for a fault of Redis", () => {
  it.each<[Error, RegExp]>([
    [new SimpleError("OOM command not allowed when used memory > 'maxmemory'."), /^is full/],
    [new SimpleError("READONLY You can't write against a read only replica."), /^is a read-only replica/],
    [new SimpleError("MASTERDOWN Link with MASTER is down"), /has lost its master$/],
    [new SimpleError("NOREPLICAS Not enough good replicas to write."), /^has too few replicas/],
    [new SimpleError("LOADING Redis is loading the dataset in memory"), /^is loading its data$/],
    [new SimpleError("BUSY Redis is busy running a script."), /^is busy with a script$/],
    [new SimpleError("MISCONF Redis is configured to save RDB snapshots"), /^cannot write to its disk$/],
    [new SimpleError("CLUSTERDOWN Hash slot not served"), /^is a cluster that is down/],
    [new SimpleError("TRYAGAIN Multiple keys request during rehashing of slot"), /^is moving these slots/],
    [
      new SimpleError("NOPERM this user has no permissions to run the 'evalsha' command"),
      /^does not give the client's user/,
    ],
    [new SimpleError("NOAUTH Authentication required."), /^refuses the login/],
    [new SimpleError("WRONGPASS invalid username-password pair"), /^refuses the login/],
    [
      new SimpleError("WRONGTYPE Operation against a key holding the wrong kind of value"),
      /^holds what another program/,
    ],
    [new SimpleError("ERR user_script:7: attempt to index alice"), /^holds what another program wrote/],
    [new SimpleError("ERR hash value is not an integer script: 5, on @user_script:9."), /^holds what another/],
    [new SimpleError("ERR max number of clients reached"), /^takes no more clients \(maxclients\)$/],
    [
      new SimpleError("ERR unknown command 'EVALSHA', with args beginning with: 'alice'"),
      /^does not know all commands/,
    ],
    [new SimpleError("ERR DB index is out of range"), /^has no database of the number that the client names/],
    [
      new SimpleError("ERR This instance has cluster support disabled"),
      /^is no cluster: make the client with createClient$/,
    ],
    [new SimpleError("MOVED 3999 10.0.0.1:6381"), /^keeps these slots on another node/],
    [
      new SimpleError(
        "ERR Can't execute 'evalsha': only (P|S)SUBSCRIBE / PING / QUIT / RESET are allowed in this context",
      ),
      /^is asked by a client that subscribes to channels/,
    ],
    [
      new SimpleError("ERR Replica can't interact with the keyspace"),
      /^is asked by a client that monitors \(MONITOR\): give this one a client of its own$/,
    ],
    [new Error("QUEUED"), /^is asked by a client that is in a transaction of somebody else \(MULTI\)/],
    [new SimpleError("ERR whatever of alice"), /^answered ERR$/],
    [new t(OFFLINE), /^cannot be reached$/],
    [new t("The client is closed"), /^is not connected: the client was closed$/],
    [new t("Socket closed unexpectedly"), /^lost its connection, and it is not known/],
    [new t(TIMED_OUT), /^lost its connection, and it is not known/],
    [new t("Disconnects client"), /^lost its connection, and it is not known/],
    [new t("All the root nodes are unavailable"), /^cannot be reached$/],
    [new t("Connection timeout"), /^cannot be reached: nobody answered in time/],
    [new t("Too many Cluster redirections"), /^is a cluster whose slots move faster/],
    [system("ECONNRESET"), /^lost its connection, and it is not known/],
    [system("ECONNREFUSED"), /^cannot be reached \(ECONNREFUSED\)$/],
    [new Error("The queue is full"), /^is asked more than it answers/],
    [new SimpleError("ASK 3999 10.0.0.1:6381"), /^is moving these slots/],
    [new Error("None of the sentinels are available"), /^cannot be reached$/],
    [new Error("no valid master node"), /^has no master that Sentinel knows/],
    [new SimpleError("ERR No such master with that name"), /^has no master of the name/],
    [new Error('Unknown RESP type 72 "H"'), /^does not speak as Redis does/],
    [new SimpleError("DENIED Redis is running in protected mode"), /^is in protected mode/],
    [new TypeError("secret"), /^failed \(TypeError\)$/],
  ])("%s", (error, words) => {
    expect(wordsOf(error)).toMatch(words);
    expect(wordsOf(error)).not.toMatch(/alice|secret|10\.0/);
  });

  it("are of the connection's own trouble where nothing could be sent", () => {
    expect(offlineWordsOf(system("ECONNREFUSED"))).toBe("cannot be reached (ECONNREFUSED)");
    expect(offlineWordsOf(new SimpleError("WRONGPASS invalid"))).toMatch(/^refuses the login/);
    expect(offlineWordsOf(system("CERT_HAS_EXPIRED"))).toBe("cannot be reached (CERT_HAS_EXPIRED)");
    const closed = new t("Socket closed unexpectedly");
    expect(offlineWordsOf(closed)).toMatch(/^cannot be reached: it ends the connection; .* do both sides speak TLS/);
    expect(offlineWordsOf(system("ECONNRESET"))).toMatch(/^cannot be reached \(ECONNRESET\): it ends the connection/);
    expect(offlineWordsOf(new t(TIMED_OUT))).toMatch(/^cannot be reached: nobody answered in time/);
    expect(offlineWordsOf(undefined)).toBe("cannot be reached");
  });

  it("know the client's own errors by what these say, for a bundler gives their classes other names", () => {
    const errors = [
      new client.ClientOfflineError(),
      new client.ClientClosedError(),
      new client.SocketClosedUnexpectedlyError(),
      new client.SocketTimeoutError(500),
      new client.DisconnectsClientError(),
      new client.RootNodesUnavailableError(),
      new client.ConnectionTimeoutError(),
      new client.MaxCommandRedirectionsError(),
    ];
    const words = errors.map(wordsOf);
    for (const word of words) expect(word).not.toMatch(/^(failed|answered)/);
    expect(errors.map(({ message }) => wordsOf(new t(message)))).toEqual(words);
  });

  it("are of any error, whatever was thrown", () => {
    for (const thrown of [undefined, null, 5, "text", {}]) expect(wordsOf(thrown)).toMatch(/^failed \(/);
  });

  it("tell what is not known to be done, what was not sent, and what will not go by itself", () => {
    expect([system("EPIPE"), new t(TIMED_OUT)].map(isBroken)).toEqual([true, true]);
    expect([new t(OFFLINE), new SimpleError("OOM x")].map(isBroken)).toEqual([false, false]);
    expect([new t(OFFLINE), new SimpleError("x")].map(isOffline)).toEqual([true, false]);
    expect(mistakeIn(new SimpleError("NOAUTH x"))).toMatch(/^refuses the login/);
    expect([new SimpleError("OOM x"), system("ECONNREFUSED"), undefined].map(mistakeIn)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([new SimpleError("READONLY x"), new SimpleError("OOM x")].map(isReplica)).toEqual([true, false]);
  });
});
