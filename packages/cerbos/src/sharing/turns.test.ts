import { describe, expect, it } from "vitest";
import { turns as settled } from "../testing/echoing-pdp.ts";
import { createTurns } from "./turns.ts";

interface Scene {
  /** What was sent, in order. */
  readonly sent: string[];
  /** Asks by the name of a user and a number, such as `ann 1`. */
  readonly ask: (text: string, caller?: AbortSignal) => Promise<string>;
  /** Answers the oldest that was sent and has no answer. */
  readonly answer: (how?: (text: string) => Promise<string>) => Promise<void>;
}

function scene(most: number): Scene {
  const turns = createTurns(most);
  const sent: string[] = [];
  const open: { readonly text: string; readonly settle: (answer: Promise<string>) => void }[] = [];
  return {
    sent,
    ask: (text, caller) =>
      turns.go(text.slice(0, 3), caller, () => {
        sent.push(text);
        return new Promise((settle) => open.push({ text, settle }));
      }),
    answer: async (how = async (text) => text) => {
      const { text, settle } = open.shift() as (typeof open)[number];
      settle(how(text));
      await settled();
    },
  };
}

const MANY = ["ann 1", "ann 2", "ann 3", "ann 4", "ann 5", "bob 1", "bob 2", "eve 1"];

describe("requests that nobody shares", () => {
  it("are sent at once, up to a bound; then each user has a turn, oldest first", async () => {
    const { sent, ask, answer } = scene(2);
    const answers = Promise.all(MANY.map((text) => ask(text)));
    expect(sent).toEqual(["ann 1", "ann 2"]);
    for (let i = 0; i < MANY.length; i++) await answer();
    expect(sent.slice(2)).toEqual(["ann 3", "bob 1", "eve 1", "ann 4", "bob 2", "ann 5"]);
    expect(await answers).toEqual(MANY);
    void ask("ann 6");
    expect(sent.at(-1)).toBe("ann 6");
  });

  it("have their turn also where others waited before them, and wait no more", async () => {
    const { sent, ask, answer } = scene(1);
    for (const text of ["ann 1", "ann 2", "bob 1"]) void ask(text);
    await answer();
    await answer();
    void ask("eve 1");
    await answer();
    expect(sent).toEqual(["ann 1", "ann 2", "bob 1", "eve 1"]);
  });

  it("are left to who sends them once they are sent", async () => {
    const { ask, answer } = scene(1);
    const caller = new AbortController();
    void ask("ann 1");
    const second = ask("ann 2", caller.signal);
    await answer();
    caller.abort();
    await answer();
    expect(await second).toBe("ann 2");
  });

  it("make room also where one fails", async () => {
    const { sent, ask, answer } = scene(1);
    const failed = expect(ask("ann 1")).rejects.toThrow("gone");
    const other = ask("ann 2");
    await answer(() => Promise.reject(new Error("gone")));
    await failed;
    await answer();
    expect(await other).toBe("ann 2");
    expect(sent).toEqual(["ann 1", "ann 2"]);
  });

  it("are never sent once their caller has left, and the others have their turn", async () => {
    const { sent, ask, answer } = scene(1);
    const caller = new AbortController();
    const first = ask("ann 1");
    const left = ["ann 2", "ann 3", "bob 1"].map((text) => ask(text, caller.signal));
    const stays = ask("bob 2");
    caller.abort();
    const ended = await Promise.allSettled(left);
    expect(ended.map((it) => it.status === "rejected" && it.reason.code)).toEqual(Array(3).fill("policy_unavailable"));
    await answer();
    await answer();
    expect(await Promise.all([first, stays])).toEqual(["ann 1", "bob 2"]);
    expect(sent).toEqual(["ann 1", "bob 2"]);
  });
});
