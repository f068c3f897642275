/** How the code tests bring a code about, and what they look at. */
import { inspect } from "node:util";
import {
  type Authorizer,
  type AuthorizerOptions,
  type Call,
  type Delegation,
  type Denied,
  HopwiseError,
} from "@hopwise/core";
import type { MemoryAudit } from "@hopwise/core/audit";
import { credentialFor, tokenPieces } from "../support/forge.ts";
import type { World } from "../support/world.ts";

/** Values that arguments of the calls below have. None of them may show up in a message. */
export const INVOICE = "INV-9";
export const SECRETS = ["Argument-Value", "password", "8713", "INV-9", "INV-21"] as const;

/** How one code comes about. */
export interface Case {
  /** What happened, to be read after "is the answer to". */
  readonly when: string;
  produce(world: World): Promise<Produced>;
  /** What its message says: what is wrong, where, and what to do. */
  readonly says: RegExp;
  /** The place it names besides the text, where there is one. */
  readonly at?: { readonly pointer?: string; readonly hop?: number };
  /** For denials: whether trying again may help. Left out where the code is thrown before anything is served. */
  readonly retryable?: boolean;
}

/** A code, as whoever called gets it. */
export interface Produced {
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean;
  readonly pointer?: string | undefined;
  readonly hop?: number | undefined;
  /** Everything that is shown of it, to anybody, as text. */
  readonly shown: string;
  /** The same as a program's log prints it; left out where it came over a wire. */
  readonly printed?: string;
  /** Pieces of tokens that took part. */
  readonly pieces: readonly string[];
}

/** Makes one call, to be denied. */
export async function denial(
  { authorizer, audit }: { readonly authorizer: Authorizer; readonly audit: MemoryAudit },
  call: Call,
): Promise<Produced> {
  const decision = await authorizer.authorize(call);
  if (decision.outcome !== "denied") throw new Error(`it was ${decision.outcome}`);
  return producedBy(decision, audit, call.credential);
}

/** A denial, with everything that is shown of it. */
export function producedBy(denied: Denied, audit: MemoryAudit, credential: Call["credential"]): Produced {
  const { code, message, retryable, pointer, hop } = denied;
  const texts = credential !== undefined && "chain" in credential ? [credential.chain, credential.proof] : [];
  const shown = JSON.stringify([denied, audit.records, audit.unverifiedSamples], (key, value) =>
    // What a policy gives as its reason is the policy's own choice.
    key === "reason" || key === "reasons" ? undefined : value,
  );
  const printed = print([denied, audit.records, audit.outcomes, audit.unverifiedSamples]);
  return { code, message, retryable, pointer, hop, shown, printed, pieces: tokenPieces(...texts) };
}

/** Lets something be refused by an exception. */
export async function refusal(run: () => Promise<unknown> | unknown, ...secret: Delegation[]): Promise<Produced> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof HopwiseError)) throw error;
    const { code, message, pointer, hop } = error;
    const shown = JSON.stringify(error) + message;
    return { code, message, pointer, hop, shown, printed: print(error), pieces: tokenPieces(...secret) };
  }
  throw new Error("nothing was refused");
}

/** As `console.log` prints it, to its last member. */
export function print(value: unknown): string {
  return inspect(value, { depth: null, maxArrayLength: null, maxStringLength: null });
}

/** A call of the planner's with its own proof, at an authorizer with these options. */
export async function plannerReads(world: World, options: Partial<AuthorizerOptions> = {}): Promise<Produced> {
  const args = { id: INVOICE };
  const credential = await credentialFor(world.planner, "read_invoice", args);
  return denial(world.authorizer(options), { tool: "read_invoice", arguments: args, credential });
}
