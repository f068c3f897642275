import type { PolicyClient } from "./resilient.ts";

/** A client that asks all of a decision as a whole. */
export type Whole = Required<Pick<PolicyClient, "whole">>;

/**
 * Gives a client that function. It is not copied by `{ ...client, checkResources: own }`: decisions would pass by what was put in
 * its place.
 *
 * @returns the same client
 */
export function withWhole<Client extends PolicyClient>(client: Client, whole: Whole["whole"]): Client & Whole {
  return Object.defineProperty(client, "whole", { value: whole }) as Client & Whole;
}
