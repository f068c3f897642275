/** As patient as `expect.poll` of vitest.config.ts, for whose siblings no option says it. */
import { vi } from "vitest";

const TIMEOUT_MS = 20_000;
const PATIENT: unique symbol = Symbol.for("dev.hopwise/test-patient-waits");

type Options = Parameters<typeof vi.waitFor>[1];

const made: { [PATIENT]?: true } = vi as never;
if (!made[PATIENT]) {
  made[PATIENT] = true;
  const { waitFor, waitUntil } = vi;
  const patient = (options: Options): Options =>
    typeof options === "number" ? options : { timeout: TIMEOUT_MS, ...options };
  vi.waitFor = (holds, options) => waitFor(holds, patient(options));
  vi.waitUntil = (holds, options) => waitUntil(holds, patient(options));
}
