import { sha256 } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { type Grant, makeGrant, toolGrantOf } from "../../grant/index.ts";
import { noteMadeHere } from "../../lib/index.ts";
import { maybe, mustBe, optionsOf, unlessAwaited } from "../../options/index.ts";
import {
  type Budget,
  checkSigner,
  grantOf,
  isSigner,
  parseDerivedClaims,
  parseRootClaims,
  type RootClaims,
  type TokenClaims,
} from "../claims/index.ts";
import { restoreChain, shortenChain } from "../compact/index.ts";
import {
  type ChainId,
  DEFAULT_LIMITS,
  DERIVED_HEADER,
  LIMITS,
  type Limits,
  payloadOf,
  ROOT_HEADER,
  type Signer,
  splitJws,
  type TokenHash,
  thumbprintOf,
  toolIdOf,
} from "../keys/index.ts";
import { budgetBelow, splitChain } from "../verify/index.ts";
import { checkNotJson, howToDelegation } from "./not-a-delegation.ts";
import type { Holder } from "./request.ts";

/**
 * A chain as its holder or its maker sees it: its content, not yet verified. Printing or serialising it by accident
 * shows no token; {@link serialize} does so on purpose.
 */
export interface Delegation {
  /** H(root), the same as {@link Chain}.id. */
  readonly id: ChainId;
  /** The names of the agents, first to last. */
  readonly agents: readonly string[];
  /** The subject of the root. */
  readonly subject: string;
  /** What the last agent may do, at most. */
  readonly grant: Grant;
  /** Where the last agent may present the chain. */
  readonly audience: readonly string[];
  /** What the last agent, and whoever it hands on to, may spend in all, where there is a bound. */
  readonly budget?: Budget;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** A delegation with the key of its holder, who alone can use it and hand less of it on. */
export interface HeldDelegation extends Delegation {
  readonly signer: Signer;
}

/**
 * What the maker of a token gets back: held, where the new holder's key is in this process. One type and no overloads, of which the
 * compiler would tell about the last one, whatever is wrong with an order.
 */
export type DelegationOf<Of extends Holder> = Of extends Signer ? HeldDelegation : Delegation;

export interface ParseOptions {
  /** Those that differ from the defaults: the issuer's and the verifier's, where they have others. */
  readonly limits?: Partial<Limits>;
}

const readOptions = optionsOf<ParseOptions>("parseDelegation", { limits: maybe(LIMITS) });

/** The hidden parts of a delegation, for the makers of tokens and proofs. */
export interface DelegationParts {
  readonly compact: string;
  readonly root: RootClaims;
  readonly leaf: TokenClaims;
  readonly leafHash: TokenHash;
  /** By which it was read. */
  readonly limits: Limits;
  /** What each token says, root first, and its identity. */
  readonly tokens: readonly ToldToken[];
}

/** A token as its text says. */
export interface ToldToken {
  readonly claims: TokenClaims;
  readonly hash: TokenHash;
}

/** Kept beside the delegations, so that no property, no log line and no `JSON.stringify` ever shows a token. */
const partsOf = new WeakMap<Delegation, DelegationParts>();

function keepParts(delegation: Delegation, parts: DelegationParts): void {
  partsOf.set(delegation, parts);
  noteMadeHere(delegation);
}

/** The parts of a delegation made by {@link parseDelegation}. */
export function partsOfDelegation(delegation: Delegation): DelegationParts {
  const parts = partsOf.get(delegation);
  if (parts === undefined) {
    throw new HopwiseError(
      "config_invalid",
      `not a delegation: take what issue, delegate, parseDelegation or hold gave, uncopied${fromSource(delegation)}`,
    );
  }
  return parts;
}

/** What to do with what is none, but gives one, or is made of one. */
function fromSource(given: unknown): string {
  if (typeof given === "function")
    return "; got a function: where it gives the delegation of the moment (renewing), await it()";
  const awaited = unlessAwaited(given);
  const how = awaited === "" ? howToDelegation(given) : undefined;
  return how === undefined ? awaited : `; ${how}`;
}

/** Whether a value is a delegation made here, whose parts are known. */
export function isDelegation(value: unknown): value is Delegation {
  return partsOf.has(value as Delegation);
}

/** Whether the key of a delegation is at hand. */
export function isHeld(delegation: Delegation): delegation is HeldDelegation {
  return isSigner((delegation as Partial<HeldDelegation>).signer);
}

/** The parts of a delegation whose key is at hand. @throws {HopwiseError} `config_invalid` */
export function partsOfHeld(held: HeldDelegation): DelegationParts {
  const parts = partsOfDelegation(held);
  if (isHeld(held)) return parts;
  throw new HopwiseError("config_invalid", "the delegation has no signer; take it up by hold(delegation, signer)");
}

/**
 * The text of a chain, to hand it to its holder: compact tokens, root first, joined by `~`. Not a secret, but private.
 * Where room is dear, there is {@link serializeCompact}.
 */
export function serialize(delegation: Delegation): string {
  return partsOfDelegation(delegation).compact;
}

/** Made once for each chain: a client sends it with every request. */
const compactForms = new WeakMap<DelegationParts, string>();

/**
 * The same chain in its compact form, less than half as long, for headers and messages: what {@link parseDelegation}, an
 * authorizer and every other reader of this profile takes for the same. The long form where that is not longer.
 */
export function serializeCompact(delegation: Delegation): string {
  const parts = partsOfDelegation(delegation);
  const text = compactForms.get(parts) ?? shortenChain(parts.compact);
  compactForms.set(parts, text);
  return text;
}

/**
 * Reads the text of a chain, in either form, as a holder: to see its content and to use it. It does not check signatures; the verifier does.
 *
 * @param options limits that differ from those that a verifier has by default
 * @throws {HopwiseError} `token_malformed`, `token_too_large`, `chain_depth_exceeded`, `token_alg_refused`,
 *   `token_version_unsupported`; `config_invalid` for what is no text
 */
export async function parseDelegation(chain: string, options: ParseOptions = {}): Promise<Delegation> {
  if (typeof chain !== "string")
    mustBe("parseDelegation", "chain", "the text of a chain, as serialize gives it", chain);
  checkNotJson(chain);
  const limits: Limits = { ...DEFAULT_LIMITS, ...readOptions(options).limits };
  const compact = restoreChain(chain, limits);
  const tokens: ToldToken[] = [];
  for (const [i, text] of splitChain(compact, limits).entries()) {
    const jws = splitJws(text, i === 0 ? ROOT_HEADER : DERIVED_HEADER, "token_malformed", "a token of the chain");
    const payload = payloadOf(jws, limits);
    const claims = i === 0 ? parseRootClaims(payload, limits) : parseDerivedClaims(payload, limits);
    // Whoever looks into a chain can use what each token hands over as a grant.
    makeGrant(grantOf(claims));
    tokens.push({ claims, hash: (await sha256(jws.signingInput)) as TokenHash });
  }
  const told = tokens.map(({ claims }) => claims);
  const root = told[0] as RootClaims;
  const { claims: leaf, hash: leafHash } = tokens.at(-1) as ToldToken;
  const budget = told.reduce<Budget | undefined>((above, own) => budgetBelow(above, own.budget), root.budget);
  const delegation: Delegation = Object.freeze({
    id: (tokens[0] as ToldToken).hash,
    agents: told.map(({ act }) => act.sub),
    subject: root.sub,
    grant: grantOf(leaf),
    audience: told.reduce<readonly string[]>((audience, { aud }) => aud ?? audience, root.aud),
    ...(budget !== undefined && { budget }),
    expiresAt: leaf.exp,
  });
  keepParts(delegation, { compact, root, leaf, leafHash, limits, tokens });
  return delegation;
}

/**
 * Takes up a delegation as its holder.
 *
 * @throws {HopwiseError} `config_invalid` where the chain was made for another key
 */
export async function hold(delegation: Delegation, signer: Signer): Promise<HeldDelegation> {
  const parts = partsOfDelegation(delegation);
  checkSigner("hold", signer);
  if ((await thumbprintOf(signer.publicJwk)) !== (await thumbprintOf(parts.leaf.cnf.jwk))) {
    throw new HopwiseError(
      "config_invalid",
      `the chain was made for another key, that of its last agent, "${parts.leaf.act.sub}"; hold it with that key, or have it delegated to yours`,
    );
  }
  const held = { ...delegation, signer };
  Object.defineProperty(held, "signer", { enumerable: false });
  keepParts(held, parts);
  return Object.freeze(held);
}

/**
 * Whether a delegation names a tool of an enforcement point, so that its holder may show the tool to a model.
 *
 * @throws {HopwiseError} `config_invalid` for what is no delegation, or no name
 */
export function isToolGranted(delegation: Delegation, tool: string, audience: string): boolean {
  const { root } = partsOfDelegation(delegation);
  if (typeof tool !== "string") mustBe("isToolGranted", "tool", "a tool's name, such as send_payment", tool);
  if (typeof audience !== "string") mustBe("isToolGranted", "audience", "the name of an enforcement point", audience);
  return (
    delegation.audience.includes(audience) &&
    toolGrantOf(delegation.grant, toolIdOf(tool, audience, root.aud)) !== undefined
  );
}
