import { provider } from "#crypto";

const LENGTH = 16;
/** Bytes for the next names, drawn together: asking the system for each name alone takes longer than all else it needs. */
const drawn = new Uint8Array(64 * LENGTH);
let used = drawn.length;

/** Whether a text can be a name that {@link randomId} gave. */
export function isRandomId(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{22}$/.test(value);
}

/** 16 random bytes as base64url: names a token, a proof, a call. */
export function randomId(): string {
  // Not when the module is loaded: some runtimes give no random bytes before the first request.
  if (used === drawn.length) {
    crypto.getRandomValues(drawn);
    used = 0;
  }
  const bytes = drawn.subarray(used, used + LENGTH);
  used += LENGTH;
  return provider.encodeBase64url(bytes);
}
