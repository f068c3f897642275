import type { Subject } from "../token/index.ts";

/**
 * Under which name all that is remembered of a user's chains is kept: proofs, budgets, rates. A user is everywhere the pair
 * of issuer and subject, so that a chain which is issued anew goes on where the last one was.
 */
export function ownerOf({ issuer, subject }: Subject): string {
  return JSON.stringify([issuer, subject]);
}
