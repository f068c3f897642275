import { type Credential, type HeldDelegation, prove, serialize } from "../token/index.ts";

/** Where a call goes, and what its caller's clock shows. */
interface Place {
  readonly audience: string;
  readonly clock: () => number;
}

/** What comes with a call over the wire: the chain, and a fresh proof by its holder. */
export async function credentialOf(
  held: HeldDelegation,
  tool: string,
  args: object,
  { audience, clock }: Place,
): Promise<Credential> {
  serialize(held);
  // A holder makes no proof for a chain that expired. Here the authorizer decides that, so the proof is made in time.
  const inTime = (): number => Math.min(clock(), (held.expiresAt - 1) * 1000);
  return prove(held, { tool, arguments: args, audience, clock: inTime });
}
