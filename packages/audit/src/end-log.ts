import type { Checkpoints } from "./checkpoints.ts";
import type { GroupQueue } from "./group-queue.ts";
import type { Strangers } from "./strangers.ts";
import type { StreamWriter } from "./stream-writer.ts";
import { unavailable } from "./unavailable.ts";

/** Writes what waits, and the checkpoint that says that nothing follows. */
export async function endLog(
  strangers: Strangers,
  queue: GroupQueue,
  checkpoints: Checkpoints,
  stream: StreamWriter,
): Promise<void> {
  strangers.close();
  await queue.idle();
  try {
    // A write that was cut is taken back by the next one, in a new segment.
    await checkpoints.close().catch((cause: unknown) => {
      if (!stream.failing) throw cause;
      return checkpoints.close();
    });
  } catch (cause) {
    throw unavailable("the audit log could not be closed with a checkpoint", cause);
  } finally {
    await queue.idle();
    await stream.finish().catch(() => {});
  }
}
