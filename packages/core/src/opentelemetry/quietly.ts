import { diag } from "@opentelemetry/api";
import { isThenable, quietly as unawaited } from "../lib/index.ts";

/** Telemetry that fails must not change what is decided: its faults end here, and in OpenTelemetry's own log. */
export function quietly(run: () => unknown): void;
export function quietly<T>(run: () => T, otherwise: T): T;
export function quietly<T>(run: () => T, otherwise?: T): T | undefined {
  try {
    const given = run();
    // Nobody waits for it: one that rejects would end the process.
    if (isThenable(given)) unawaited(() => given);
    return given;
  } catch (fault) {
    try {
      diag.error("hopwise: telemetry failed", fault);
    } catch {
      // A logger that fails, too.
    }
    return otherwise;
  }
}
