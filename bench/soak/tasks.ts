/** What a process of the soak is told, and what it tells. */
import type { PublicJwk, TrustAnchor } from "@hopwise/core";
import type { RevocationTarget } from "@hopwise/core/state";
import type { Credential, SignedRevocation } from "@hopwise/core/tokens";

/** What a process is told at its start. */
export interface Setup {
  readonly port: number;
  /** Whether that Redis writes everything to disk first. */
  readonly durable: boolean;
  readonly target: string;
  readonly anchor: TrustAnchor;
  readonly keys: { readonly [agent: string]: PublicJwk };
  readonly approver: PublicJwk;
}

export interface Call {
  readonly tool: string;
  readonly arguments: { readonly [name: string]: string | number };
  readonly credential: Credential;
  readonly approval?: string;
  /** Once it is allowed its tool says that nothing happened. */
  readonly comesToNothing?: true;
}

export type Task =
  | { readonly does: "call"; readonly call: Call }
  | { readonly does: "revoke"; readonly target: RevocationTarget }
  | { readonly does: "accept"; readonly signed: SignedRevocation }
  | { readonly does: "lift"; readonly target: RevocationTarget }
  | { readonly does: "find"; readonly request: string }
  | { readonly does: "answer"; readonly request: string; readonly signed: string }
  | { readonly does: "verify"; readonly chains: readonly string[] }
  | { readonly does: "memory" };

/** What came of it: an outcome or a code, and what else there is to say. */
export interface Answer {
  readonly code: string;
  readonly value?: unknown;
}

/** What a process tells. */
export interface Told {
  readonly ready?: true;
  readonly raw?: string;
  readonly id?: number;
  readonly answer?: Answer;
}

/** The log of revocations, as who signs one names it. */
export const LOG = "https://revocations.acme.example";
