import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { Missed, tripsOf } from "./trips.ts";

const soon = (): number => performance.now() + 20;
const late = (): number => performance.now() + 60_000;
const answered = <T>(): PromiseWithResolvers<T> => Promise.withResolvers<T>();

describe("a trip to a server", () => {
  it("is sent at once, and ends with the answer", async () => {
    const { go } = tripsOf();
    let isSent = false;
    const trip = go("a", late(), async () => {
      isSent = true;
      return 5;
    });
    expect(isSent).toBe(true);
    expect(await trip).toBe(5);
  });

  it("ends with its deadline, and nothing more is sent on that connection until the late answer", async () => {
    const { go } = tripsOf();
    const [one, two] = [answered<number>(), answered<number>()];
    const trips = [go("a", soon(), () => one.promise), go("a", soon(), () => two.promise)];
    for (const trip of trips) await expect(trip).rejects.toThrow(Missed);
    const send = (): Promise<number> => expect.unreachable("it was sent");
    await expect(go("a", late(), send)).rejects.toThrow("has not answered what was asked before");
    expect(await go("b", late(), async () => 7)).toBe(7);
    one.resolve(1);
    await one.promise;
    await expect(go("a", late(), send)).rejects.toThrow(Missed);
    two.reject(new Error("broken"));
    await expect(two.promise).rejects.toThrow();
    expect(await go("a", late(), async () => 8)).toBe(8);
  });

  it("is not missed by a process that was busy itself while the answer came", async () => {
    const { go } = tripsOf();
    const answer = answered<number>();
    const trip = go("a", soon(), () => answer.promise);
    // What comes from a socket is read after timers and before setImmediate; this stands for it.
    setTimeout(() => answer.resolve(5), 20);
    for (const end = performance.now() + 60; performance.now() < end; );
    expect(await trip).toBe(5);
  });

  it("passes an error on", async () => {
    const { go, wait } = tripsOf();
    const broken = async (): Promise<never> => Promise.reject(new Error("broken"));
    await expect(go("a", late(), broken)).rejects.toThrow("broken");
    await expect(wait(late(), broken())).rejects.toThrow("broken");
    await expect(wait(soon(), new Promise(() => {}))).rejects.toThrow(Missed);
    expect(await go("a", late(), async () => 5)).toBe(5);
  });
});
