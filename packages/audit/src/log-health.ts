import type { HopwiseError } from "@hopwise/core";
import type { Health } from "@hopwise/core/state";
import type { GroupQueue } from "./group-queue.ts";
import type { StreamWriter } from "./stream-writer.ts";

/**
 * Whether the log takes a record now. One that failed is tried again by who asks: where nobody calls any more because it says
 * that it failed, it would say so for ever.
 *
 * @param fault why it takes none, before one is written
 */
export async function logHealth(
  fault: HopwiseError | undefined,
  stream: Pick<StreamWriter, "failing" | "isThere">,
  queue: Pick<GroupQueue, "probe">,
): Promise<Health> {
  if (fault !== undefined) return { ok: false, problem: fault.message };
  try {
    if (stream.failing || !(await stream.isThere())) await queue.probe();
    return { ok: true };
  } catch (cause) {
    return { ok: false, problem: (cause as HopwiseError).message };
  }
}
