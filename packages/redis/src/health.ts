import { performance } from "node:perf_hooks";
import type { Health } from "@hopwise/core/state";
import type { Connected } from "./connect.ts";
import { clocksApart } from "./faults.ts";
import type { Tag, Tags } from "./keys.ts";
import type { Line } from "./line.ts";
import { faultOf } from "./run-step.ts";
import { scriptOf } from "./script.ts";
import { type Steps, underClock } from "./steps.ts";
import type { Watch } from "./watch.ts";

/**
 * Looks go on where memory is full or a disk takes nothing more, or where the caller's clock is another, and calls do not: so it
 * writes as they do, and takes that away in the same step.
 */
const WRITE = scriptOf(`
${underClock("ARGV[1]")}
redis.call('SET', KEYS[1], '')
redis.call('DEL', KEYS[1])
return 'ok'
`);

/** Whether calls would be let through: each server is looked at, and written to. */
export async function healthOf(
  connected: Connected,
  watch: Watch,
  steps: Steps,
  tags: Tags,
  {
    deadlineMs,
    nowSeconds = Date.now() / 1000,
  }: { readonly deadlineMs: number; readonly nowSeconds: number | undefined },
): Promise<Health> {
  const { line } = connected;
  try {
    steps.checkOpen();
    if (!Number.isFinite(nowSeconds)) throw clocksApart(line.name);
    for (const wrong of (await lookBriefly(watch, line, tags, deadlineMs)).values()) throw wrong;
    const ours = `${Math.round(nowSeconds * 1000)}`;
    const write = (tag: Tag): Promise<unknown> =>
      steps.askPlainly({ tag, script: WRITE, keys: [`${tag.text}:health`], args: [ours] });
    await Promise.all(oneOfEachServer(line, tags.marked).map(write));
    return { ok: true };
  } catch (error) {
    return { ok: false, problem: faultOf(connected, error).message };
  }
}

/**
 * Looks at each server once, by one of its tags: a probe may ask every second, and all tags are dozens of scripts. Where that
 * finds anything new, or the last look found something wrong, it looks at all.
 *
 * @returns why a server could not be looked at, or may not be used, by tag
 */
export async function lookBriefly(watch: Watch, line: Line, tags: Tags, deadlineMs: number): ReturnType<Watch["look"]> {
  if (watch.wrong !== undefined) return watch.look();
  const endsAt = performance.now() + deadlineMs;
  const isAsBefore = async (tag: Tag): Promise<boolean> => {
    const before = watch.known(tag)?.name;
    await watch.lookAt(tag, endsAt);
    return before === watch.known(tag)?.name;
  };
  const same = await Promise.all(oneOfEachServer(line, tags.marked).map((tag) => isAsBefore(tag).catch(() => false)));
  return same.every(Boolean) ? new Map() : watch.look();
}

function oneOfEachServer(line: Line, tags: readonly Tag[]): readonly Tag[] {
  return [...new Map(tags.map((tag) => [line.connectionOf(tag), tag])).values()];
}
