import { memoryAudit } from "@hopwise/core";
import type { MemoryAudit, UnverifiedAttempt } from "@hopwise/core/audit";
import type { Statement } from "./checkpoint.ts";
import { countUnproven, unprovenIn } from "./unproven-calls.ts";

/** Calls of nobody known: counted, and never written but as counts in a checkpoint. */
export interface Strangers extends Pick<MemoryAudit, "unverifiedCounts" | "unverifiedSamples"> {
  unverified(attempt: UnverifiedAttempt): void;
  /** What a checkpoint says of them. */
  counts(): Pick<Statement, "unverified" | "ran">;
  /** No checkpoint is asked for any more. */
  close(): void;
}

/** What ran is in a checkpoint after so long, and no more checkpoints than that: strangers must not fill the disk. */
const COUNTS_MS = 60_000;

/** @param request asks for a checkpoint */
export function createStrangers(request: () => void): Strangers {
  const { unverifiedCounts, unverifiedSamples, unverified } = memoryAudit();
  const ran = new Map<string, Map<string, number>>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const later = (): void => {
    timer = undefined;
    request();
  };
  return {
    unverifiedCounts,
    unverifiedSamples,
    unverified: (attempt) => {
      unverified?.(attempt);
      if (countUnproven(ran, attempt) && !isClosed) timer ??= setTimeout(later, COUNTS_MS).unref();
    },
    counts: () => ({
      ...(unverifiedCounts.size > 0 && { unverified: Object.fromEntries(unverifiedCounts) }),
      ...(ran.size > 0 && { ran: unprovenIn(ran) }),
    }),
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
