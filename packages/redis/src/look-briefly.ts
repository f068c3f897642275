import { performance } from "node:perf_hooks";
import type { Tag, Tags } from "./keys.ts";
import type { Line } from "./line.ts";
import type { Watch } from "./watch.ts";

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
  const oneOfEach = [...new Map(tags.marked.map((tag) => [line.connectionOf(tag), tag])).values()];
  const same = await Promise.all(oneOfEach.map((tag) => isAsBefore(tag).catch(() => false)));
  return same.every(Boolean) ? new Map() : watch.look();
}
