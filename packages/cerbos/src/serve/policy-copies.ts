import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { copyInto, type RunFolder, serveNext } from "../binary/index.ts";
import { type FolderCopy, readWhole, writeCopy } from "../policies/index.ts";

/**
 * The copies of a policy folder that a PDP beside this process reads. It never reads the folder itself: that may change
 * between the check and the moment in which Cerbos reads a file, and Cerbos reads each twice, and a schema when it is first
 * asked about it.
 */
export interface PolicyCopies {
  /** Makes the one that a PDP is to be started with. */
  first(): Promise<FolderCopy>;
  /**
   * Makes that of a change. Undefined where the folder changed meanwhile.
   *
   * @param asItIs takes it then, too
   */
  next(asItIs: boolean): Promise<FolderCopy | undefined>;
  /** Puts that of the change in the place of the one that is served. */
  exchange(): Promise<void>;
}

/** How often a folder that changes is looked at before a PDP is started with it as it is. */
const MOST_TRIES = 4;
const PAUSE_MS = 500;

/** Where Cerbos finds the copy that it serves: its decision log names it, so it ends with the path of the folder itself. */
export function servedCopy({ served }: Pick<RunFolder, "served">, policies: string): string {
  return join(served, policies);
}

/** @param policies its absolute path */
export function copiesOf(policies: string, folder: RunFolder, signal: AbortSignal): PolicyCopies {
  const copy = async (at: "served" | "next", asItIs: boolean): Promise<FolderCopy | undefined> => {
    const whole = await readWhole(policies, asItIs);
    return whole && copyInto(folder, at, (served) => writeCopy(whole, servedCopy({ served }, policies)));
  };
  return {
    async first() {
      for (let tries = 1; ; tries++) {
        const made = await copy("served", tries >= MOST_TRIES || signal.aborted);
        if (made !== undefined) return made;
        await delay(PAUSE_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    },
    next: (asItIs) => copy("next", asItIs),
    exchange: () => serveNext(folder),
  };
}
