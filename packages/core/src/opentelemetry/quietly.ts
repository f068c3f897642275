import { diag } from "@opentelemetry/api";

/** Telemetry that fails must not change what is decided: its faults end here, and in OpenTelemetry's own log. */
export function quietly<T>(run: () => T, otherwise: T): T {
  try {
    return run();
  } catch (fault) {
    try {
      diag.error("hopwise: telemetry failed", fault);
    } catch {
      // A logger that fails, too.
    }
    return otherwise;
  }
}
