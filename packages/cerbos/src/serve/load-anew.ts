import { GRPC } from "@cerbos/grpc";
import { ADMIN } from "../binary/index.ts";

/**
 * Lets the PDP at this target load its policies and schemas anew, all at once. Calls that are under way are answered all
 * the same. Resolves once it has read them, a moment before it serves them; rejects where it could not read them, and then it
 * goes on with those before.
 */
export async function loadAnew(
  target: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  // Not the client that hosts get: none of them is to have the Admin API.
  const client = new GRPC(target, { tls: false, adminCredentials: ADMIN });
  try {
    await client.reloadStore({ wait: true }, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
  } finally {
    client.close();
  }
}
