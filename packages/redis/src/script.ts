import { createHash } from "node:crypto";
import { QUEUED } from "./faults.ts";
import type { Tag } from "./keys.ts";
import type { Line } from "./line.ts";

/** A script that runs as one step on the server. */
export interface Script {
  readonly text: string;
  /** By this name a server knows it that ran it before. */
  readonly sha: string;
}

/**
 * @param allows `oom`: it takes nothing more of the memory than it gives back, and runs where that is full. Without flags
 *   Redis refuses all of a script, before its first step, on a replica, without enough replicas, and where memory is full.
 */
export function scriptOf(body: string, allows?: "oom"): Script {
  const text = `#!lua${allows === "oom" ? " flags=allow-oom" : ""}\n${body.trim()}\n`;
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Runs a script where the keys of a tag lie. */
export async function runScript(
  line: Pick<Line, "send">,
  tag: Tag,
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [`${keys.length}`, ...keys, ...args];
  try {
    return await sendAtOnce(line, tag, ["EVALSHA", sha, ...rest]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return sendAtOnce(line, tag, ["EVAL", text, ...rest]);
  }
}

/** Somebody else's `MULTI` on the same connection: nothing is done yet, if ever, and this is no answer to a script. */
async function sendAtOnce(line: Pick<Line, "send">, tag: Tag, command: readonly string[]): Promise<unknown> {
  const answer = await line.send(tag, command);
  if (answer === QUEUED) throw new Error(QUEUED);
  return answer;
}
