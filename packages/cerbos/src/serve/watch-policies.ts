import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HopwiseError } from "@hopwise/core";
import { contentOf } from "../policies/index.ts";

/** What is done about a policy folder that changed. */
export interface OfChanges {
  /**
   * Makes the copy that is checked and taken up. Resolves to false where the folder changed meanwhile.
   *
   * @param asItIs takes it then, too
   */
  copy(asItIs: boolean): Promise<boolean>;
  /** Rejects with `policy_invalid` where the policies must not be served, with anything else where it cannot be told. */
  check(): Promise<void>;
  /**
   * Lets the PDP serve the change, if one runs. Rejects with `policy_invalid` for what Cerbos does not serve, with anything
   * else where it did not get there.
   */
  takeUp(): Promise<void>;
  /** Is told each time that the policies change into such that must not be served. */
  onProblem(problem: string): void;
  /** Is told each time that a change is not served, and the PDP goes on without it. */
  onUnserved(problem: string): void;
}

/** A policy folder that is looked at while a PDP serves it. */
export interface PolicyWatch {
  /** Why its policies must not be served at the moment. */
  readonly problem: string | undefined;
  /** Why the PDP serves others than the folder has at the moment. */
  readonly unserved: string | undefined;
  /** Resolves once they may be served, or nobody waits any more. */
  sound(): Promise<void>;
  /** Resolves once nobody looks any more, after it was closed. */
  readonly ended: Promise<void>;
  /** Is to be told of each further start, with the state of the folder before it: only what changed since is taken up. */
  started(before: string): void;
}

const LOOK_MS = 500;
/** How long a folder may go on changing before it is taken as it is. */
const MOST_LOOKS_OF_UNREST = 4;
/** How long a change may wait to be checked and taken up: a file that is being replaced, a mount that is away. */
const PATIENCE_MS = 3_000;

/**
 * Checks a folder again whenever its files have changed, and has the change served: what it sees is what is served. It looks,
 * and is not told: links and mounted folders change in ways of which no file system tells. Nothing is served unchecked, and
 * what cannot be checked or taken up for some seconds is a problem: it may forbid what is served.
 *
 * @param before how the files were when they were checked last: see {@link stateOf}
 */
export function watchPolicies(folder: string, before: string, of: OfChanges, closing: AbortSignal): PolicyWatch {
  const judgement = createJudgement(folder, of, closing);
  let seen: string | undefined = before;
  const watch = async (): Promise<void> => {
    let last = before;
    let unrest = 0;
    while (!closing.aborted) {
      const now = await stateOf(folder);
      if (now !== last) unrest++;
      const asItIs = unrest >= MOST_LOOKS_OF_UNREST;
      const calm = now === last || asItIs;
      if (now === last && now === seen) unrest = 0;
      last = now;
      if (now !== seen && calm) {
        // Set before: a start meanwhile says that it is otherwise.
        seen = now;
        const came = await judgement.judge(now, asItIs);
        if (came !== "done") seen = undefined;
        unrest = came === "changing" ? unrest + 1 : 0;
      }
      // It does not keep the process alive.
      await delay(LOOK_MS, undefined, { signal: closing, ref: false }).catch(() => {});
    }
    judgement.wake();
  };
  const ended = watch();
  return {
    ended,
    get problem() {
      return judgement.problem;
    },
    get unserved() {
      return judgement.unserved;
    },
    sound: judgement.sound,
    started(state) {
      seen = state;
    },
  };
}

interface Judgement extends Omit<PolicyWatch, "started" | "ended"> {
  /** Whether it is done, or must be done again, though nothing changes: since the folder changed under way, or something else. */
  judge(state: string, asItIs: boolean): Promise<"done" | "changing" | "again">;
  /** Lets all go on that wait until the policies may be served. */
  wake(): void;
}

function createJudgement(folder: string, of: OfChanges, closing: AbortSignal): Judgement {
  const now: { problem?: string | undefined; unserved?: string | undefined } = {};
  let faultySince: number | undefined;
  /** The state whose copy must not be served: not all is copied again and again for as long as it is so. */
  let copied: string | undefined;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const settle of waiting) settle();
    waiting.clear();
  };
  /** Tells of it where it is new. */
  const note = (what: keyof typeof now, why: string | undefined): void => {
    const was = now[what];
    now[what] = why;
    if (why === undefined || closing.aborted) return;
    if (what === "problem" && was === undefined) of.onProblem(why);
    if (what === "unserved" && was !== why) of.onUnserved(why);
  };
  const judge: Judgement["judge"] = async (state, asItIs) => {
    try {
      const isCopied = copied === state;
      copied = undefined;
      if (!isCopied && !(await of.copy(asItIs))) return "changing";
      const trap = await reasonAgainst(of.check());
      if (trap !== undefined) copied = state;
      // What cleans up a temporary folder may have taken part of a copy that lay there for long.
      else if (isCopied) return "again";
      if (trap === undefined) note("unserved", await reasonAgainst(of.takeUp()));
      faultySince = undefined;
      note("problem", trap);
      if (trap === undefined) wake();
      // What does not hold may do so for want of an answer: the check itself can fail.
      return trap === undefined ? "done" : "again";
    } catch (fault) {
      if (hasNoRoom(fault)) {
        note("unserved", (fault as Error).message);
        return "again";
      }
      faultySince ??= performance.now();
      if (performance.now() - faultySince >= PATIENCE_MS) note("problem", cannotBeTold(folder, fault));
      return "again";
    }
  };
  const sound = (): Promise<void> =>
    new Promise((settle) => {
      if (now.problem === undefined || closing.aborted) settle();
      else waiting.add(settle);
    });
  return {
    judge,
    wake,
    sound,
    get problem() {
      return now.problem;
    },
    get unserved() {
      return now.problem ?? now.unserved;
    },
  };
}

/** Resolves to what `policy_invalid` says; rejects with any other fault. */
async function reasonAgainst(checked: Promise<void>): Promise<string | undefined> {
  try {
    await checked;
    return undefined;
  } catch (fault) {
    if (fault instanceof HopwiseError && fault.code === "policy_invalid") return fault.message;
    throw fault;
  }
}

/** Of a disk that is full nothing is known of the policies: the ones before it are served on, as where a change does not compile. */
function hasNoRoom(fault: unknown): boolean {
  const { code, cause } = fault as { readonly code?: unknown; readonly cause?: { readonly code?: unknown } };
  return [code, cause?.code].some((it) => it === "ENOSPC" || it === "EDQUOT");
}

function cannotBeTold(folder: string, fault: unknown): string {
  const why = fault instanceof Error ? fault.message : String(fault);
  return `The policies in ${folder} cannot be checked and taken up, so what they forbid now would not be forbidden: ${why}`;
}

/** Differs when a policy came, went, or was written. A folder that cannot be read is in a state of its own. */
export async function stateOf(folder: string): Promise<string> {
  try {
    const { files, links, lost } = await contentOf(folder);
    const stats = await Promise.all(
      [...files, ...links].map(async (file) => {
        const { dev, ino, size, mtimeMs, ctimeMs } = await stat(join(folder, file));
        return [file, dev, ino, size, mtimeMs, ctimeMs];
      }),
    );
    return JSON.stringify([stats, lost]);
  } catch {
    return "cannot be read";
  }
}
