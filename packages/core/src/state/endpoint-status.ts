/**
 * The HTTP statuses of codes that every endpoint has: what could not be told just now, and what is the sender's. Each endpoint
 * adds its own; any other code is the fault of what was sent.
 */
export const ENDPOINT_STATUS: { readonly [code: string]: number } = {
  state_unavailable: 503,
  guard_failed: 503,
  issuer_keys_unavailable: 503,
  issuer_key_unknown: 503,
  audience_mismatch: 403,
  token_untrusted_issuer: 403,
  proof_replayed: 409,
};
