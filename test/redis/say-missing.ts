import { MISSING } from "./redis-server.ts";

/** Says in one line which tests are left out on this machine, and why. */
export default function sayMissing(): void {
  if (MISSING !== undefined) console.warn(`test/redis: left out, since this machine has no ${MISSING}`);
}
