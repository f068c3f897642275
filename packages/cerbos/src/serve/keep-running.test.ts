import { describe, expect, it } from "vitest";
import type { PdpExit } from "../binary/supervise.ts";
import { keepRunning, type PdpChange, type Run } from "./keep-running.ts";
import type { PolicyWatch } from "./watch-policies.ts";

const KILLED: PdpExit = { code: null, signal: "SIGKILL" };
const dead = (): Run => ({ exited: Promise.resolve(KILLED), stopped: false });
const SOUND: Pick<PolicyWatch, "problem" | "sound"> = { problem: undefined, sound: async () => {} };

/** Runs until `ends` changes were told; gives what was told, and the end. */
async function told(again: () => Promise<Run>, ends: number, pauses = { firstPauseMs: 1, longestPauseMs: 8 }) {
  const closing = new AbortController();
  const changes: PdpChange[] = [];
  const exit = await keepRunning(
    dead(),
    again,
    {
      ...pauses,
      onChange: (change) => {
        changes.push(change);
        if (changes.length === ends) closing.abort();
        throw new Error("a listener decides nothing");
      },
    },
    SOUND,
    closing.signal,
  );
  return { changes, exit };
}

describe("a PDP that is kept running", () => {
  it("is started again without end while it dies at once, with pauses that double up to the longest", async () => {
    const { changes, exit } = await told(async () => dead(), 15);
    expect(changes.filter(({ up }) => !up).map(({ pauseMs }) => pauseMs)).toEqual([1, 2, 4, 8, 8, 8, 8, 8]);
    expect(changes.filter(({ up }) => up)).toHaveLength(7);
    expect(changes[0]).toEqual({ up: false, problem: "the PDP is gone (SIGKILL)", pauseMs: 1 });
    expect(exit).toEqual(KILLED);
  });

  it("is tried again where a start fails, and the reason is told", async () => {
    const { changes } = await told(() => Promise.reject(new Error("policies do not compile")), 4);
    expect(changes.map(({ problem, pauseMs }) => [problem, pauseMs])).toEqual([
      ["the PDP is gone (SIGKILL)", 1],
      ["policies do not compile", 2],
      ["policies do not compile", 4],
      ["policies do not compile", 8],
    ]);
  });

  it("has the first pause again once it served for as long as the longest", async () => {
    const served = (): Run => ({ exited: new Promise((settle) => setTimeout(settle, 30, KILLED)), stopped: false });
    let starts = 0;
    const { changes } = await told(async () => (++starts === 3 ? served() : dead()), 7);
    expect(changes.filter(({ up }) => !up).map(({ pauseMs }) => pauseMs)).toEqual([1, 2, 4, 1]);
  });

  it("ends in the middle of a pause", async () => {
    const closing = new AbortController();
    const end = keepRunning(
      dead(),
      async () => dead(),
      { firstPauseMs: 3_600_000, onChange: () => closing.abort() },
      SOUND,
      closing.signal,
    );
    expect(await end).toEqual(KILLED);
  });

  it("ends with the process that a start gave in the same moment: it is waited for until it is gone", async () => {
    const closing = new AbortController();
    let gone = false;
    const again = async (): Promise<Run> => {
      closing.abort();
      const exited = new Promise<PdpExit>((settle) =>
        setTimeout(() => {
          gone = true;
          settle({ code: 0, signal: null });
        }, 30),
      );
      return { exited, stopped: false };
    };
    const end = await keepRunning(dead(), again, { firstPauseMs: 1 }, SOUND, closing.signal);
    expect(end).toEqual({ code: 0, signal: null });
    expect(gone).toBe(true);
  });

  it("stays gone where nobody asked for more", async () => {
    const again = (): Promise<Run> => Promise.reject(new Error("it was started again"));
    expect(await keepRunning(dead(), again, undefined, SOUND, new AbortController().signal)).toEqual(KILLED);
  });

  it("that was stopped for its policies comes back, though they were mended before it was gone", async () => {
    const closing = new AbortController();
    let starts = 0;
    const again = async (): Promise<Run> => {
      starts++;
      closing.abort();
      return dead();
    };
    await keepRunning({ ...dead(), stopped: true }, again, undefined, SOUND, closing.signal);
    expect(starts).toBe(1);
  });

  it("that was stopped for its policies comes back once they may be served, whether or not it would otherwise", async () => {
    for (const options of [undefined, { firstPauseMs: 1 }]) {
      const closing = new AbortController();
      const changes: PdpChange[] = [];
      const mended = Promise.withResolvers<void>();
      const policies = { problem: "two rules are mixed up" as string | undefined, sound: () => mended.promise };
      let starts = 0;
      const again = async (): Promise<Run> => {
        starts++;
        closing.abort();
        return dead();
      };
      const onChange = (change: PdpChange): void => void changes.push(change);
      const first: Run = { ...dead(), stopped: true };
      const end = keepRunning(first, again, options && { ...options, onChange }, policies, closing.signal);
      await new Promise((settle) => setTimeout(settle, 150));
      expect(starts).toBe(0);
      if (options !== undefined) expect(changes[0]?.problem).toBe("two rules are mixed up");
      policies.problem = undefined;
      mended.resolve();
      expect([await end, starts]).toEqual([KILLED, 1]);
    }
  });
});
