import { decodeBase64url } from "../../crypto/index.ts";
import { isMade, MADE } from "../../grant/index.ts";
import { isJsonObject, type JsonValue } from "../../json/index.ts";
import {
  besides,
  choice,
  composed,
  copied,
  having,
  list,
  METHOD,
  mapOf,
  maybe,
  members,
  mustBe,
  named,
  type Rows,
  type Shape,
  such,
  suchAt,
  text,
  unless,
  type Wrong,
  whole,
} from "../../options/index.ts";
import {
  AGENT_NAME,
  isAudience,
  isIssuer,
  type KeySource,
  KID,
  parseKeptJwk,
  type Signer,
  type TrustedKey,
  YEAR_SECONDS,
} from "../keys/index.ts";
import type { BudgetBounds } from "./budget.ts";

export const AUDIENCE: Shape = composed(
  "an absolute URI without a fragment and up to 512 characters long, such as https://pay.example/mcp",
  isAudience,
);

export const ISSUER: Shape = composed("an https URI, such as https://id.example", isIssuer);

/** The longest text by which the log of revocations names a user or an issuer. */
export const LONGEST_NAME = 65_536;

/**
 * Whether a text can be the name of a user or of an issuer wherever one is named: above all where users are revoked, and in what is
 * sent to others of that. Who could not be named there could not be revoked.
 */
export function isNameOfUser(name: unknown): name is string {
  return typeof name === "string" && name !== "" && name.length <= LONGEST_NAME && name.isWellFormed();
}

/** A user or service, as an issuer may name it. */
export const SUBJECT: Shape = text(
  "a user of the issuer, such as alice, up to 256 characters",
  (name) => name.length <= 256 && name.isWellFormed(),
);

/** An agent, as a token can name it. */
export const AGENT_NAMED: Shape = text(
  "an agent's name without agent:, of letters, digits and . _ - /, up to 128 and none of these at an end, such as planner",
  (name) => AGENT_NAME.test(name),
);

/** A class of agents: one part of the names of those that are made of it. */
export const CLASS_NAME: Shape = text(
  "the name of a class of letters, digits and . _ -, up to 64, such as reader",
  (name) => /^[\w.-]{1,64}$/.test(name),
);

/**
 * A tool in a list of tools. `"*"` is none there: a tool map has it for the tools that it does not name, and whoever writes it in a
 * list means every tool, and would get none.
 *
 * @param every what to say for every tool
 */
export function listedTool(what: string, every: string): Shape {
  return unless(`${what}; "*" is none: for every tool, ${every}`, (value) => value === "*", named(what));
}

/** Form and point of the key are checked here; a key that comes later, by a key set, costs its own issuer. */
export const PUBLIC_JWK: Shape = copied(
  such("a public JWK of an Ed25519 or P-256 key, without d and other members, such as signer.publicJwk", isPublicJwk),
);

function isPublicJwk(value: unknown): boolean {
  try {
    parseKeptJwk(value as JsonValue);
    return true;
  } catch {
    return false;
  }
}

/** A public key as a registry may keep it: with other members, but with no private one. */
export function isKeptJwk(value: unknown): boolean {
  if (!isJsonObject(value as JsonValue)) return false;
  const { kty, crv, x, y, d, k } = value as { readonly [member: string]: unknown };
  return d === undefined && k === undefined && isPublicJwk(kty === "EC" ? { kty, crv, x, y } : { kty, crv, x });
}

/**
 * Whether a text is written as a token's hash or a key's thumbprint is, where somebody revokes one. An operator may write one that is
 * no hash's: to refuse it where others read it would close the log for one slip.
 */
export function isWrittenHash(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** SHA-256 in base64url. */
export function isSha256(value: unknown): boolean {
  return typeof value === "string" && decodeBase64url(value)?.length === 32;
}

export const THUMBPRINT: Shape = such("a thumbprint, such as await thumbprintOf(publicJwk)", isSha256);

export const KEY_ID: Shape = text("up to 64 letters, digits, - and _, such as 2026-11", (kid) => KID.test(kid));

export const TRUSTED_KEY: Shape = members<TrustedKey>(
  { kid: KEY_ID, jwk: PUBLIC_JWK },
  "a public key { kid, jwk }, as localJwks gives them",
);

const A_SIGNER = "a signer, such as await generateSigner(), whose publicJwk has no member but kty, crv, x and y";

export const SIGNER: Shape = such(A_SIGNER, isSigner);

/** @throws {HopwiseError} `config_invalid` for what is no signer */
export function checkSigner(called: string, signer: unknown): void {
  if (!isSigner(signer)) mustBe(called, "signer", A_SIGNER, signer);
}

export function isSigner(value: unknown): value is Signer {
  try {
    const { publicJwk, sign } = Object(value) as Partial<Signer>;
    return typeof sign === "function" && isPublicJwk(publicJwk);
  } catch {
    // A getter of it fails.
    return false;
  }
}

/** `{ pay: {} }` would mean any arguments, which its author may not know: so only a made grant is one. */
export const GRANT: Shape = such(MADE, isMade);

const BOUND: Shape = whole({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 1000 });
const MOST = "the most of each argument, such as { amount: 1000 }";
const SUMS = "sums of arguments by tool, such as { send_payment: { amount: 1000 } }";

export const BUDGET_ROWS: Rows<BudgetBounds> = {
  calls: maybe(BOUND),
  sums: maybe(mapOf(mapOf(BOUND, MOST), SUMS)),
};

/** A budget, or a part of one, that bounds something: one that bounds nothing would only look like it, and no verifier reads it. */
export function bounding<T extends BudgetBounds>(rows: Rows<T>, what: string): Shape {
  return suchAt<T>(`${what}, with calls, sums or both`, wrongBounds, members<T>(rows, what));
}

function wrongBounds({ calls, sums }: BudgetBounds): Wrong | undefined {
  if (sums === undefined) return calls === undefined ? { path: [] } : undefined;
  const tools = Object.entries(sums);
  if (tools.length === 0) return { path: ["sums"], what: `${SUMS}, at least one` };
  const empty = tools.find(([, bounds]) => Object.keys(bounds).length === 0);
  return empty && { path: ["sums", empty[0]], what: `${MOST}, at least one` };
}

export const BUDGET_ID: Shape = text("a budget's id of letters, digits and . _ - /, such as payments/2026-11", (id) =>
  AGENT_NAME.test(id),
);

export const INTEROP: Shape = choice("aat-01");
export const LIFETIME: Shape = whole({ min: 1, max: YEAR_SECONDS, example: 3600, of: "seconds, not milliseconds" });
export const MAX_DEPTH: Shape = whole({ min: 0, max: 64, example: 3 });
export const AUDIENCES: Shape = list(AUDIENCE, "a list of absolute URIs, at least one", { min: 1 });

export const KEY_SOURCE: Shape = besides<Omit<KeySource, "find">>(
  having("a source of keys, such as remoteJwks(…)", "find"),
  { renew: METHOD, begin: METHOD, health: METHOD },
);
