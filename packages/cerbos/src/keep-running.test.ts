import { describe, expect, it } from "vitest";
import { keepRunning, type PdpChange, type Run } from "./keep-running.ts";
import type { PdpExit } from "./supervise.ts";

const KILLED: PdpExit = { code: null, signal: "SIGKILL" };
const dead = (): Run => ({ exited: Promise.resolve(KILLED) });

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
    const served = (): Run => ({ exited: new Promise((settle) => setTimeout(settle, 30, KILLED)) });
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
      return { exited };
    };
    expect(await keepRunning(dead(), again, { firstPauseMs: 1 }, closing.signal)).toEqual({ code: 0, signal: null });
    expect(gone).toBe(true);
  });
});
