import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { PublicJwk, Signer } from "@hopwise/core";
import { thumbprintOf } from "@hopwise/core/tokens";
import { FORMAT, type Head, type Line } from "./line.ts";

/** What a checkpoint says and signs. */
export interface Statement extends Head {
  readonly log: typeof FORMAT;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** How many records the stream held. */
  readonly records: number;
  /** How many unverified attempts were counted since the log was opened, by code. None of them has a record. */
  readonly unverified?: { readonly [code: string]: number };
  /** Which of these ran all the same, in shadow mode, calls and lists: by tool and code. */
  readonly ran?: { readonly [tool: string]: { readonly [code: string]: number } };
  /** The log was closed: only the line with this checkpoint follows. */
  readonly closed?: true;
}

/** Keeps a checkpoint from being anything else that the same key may sign. */
const TYP = "hopwise-audit-checkpoint";

/** Signs a statement as a compact JWS (RFC 7515), which any JOSE library verifies. */
export async function signStatement(statement: Statement, signer: Signer, kid: string): Promise<string> {
  const alg = signer.publicJwk.kty === "OKP" ? "Ed25519" : "ES256";
  const input = `${base64url(JSON.stringify({ alg, typ: TYP, kid }))}.${base64url(JSON.stringify(statement))}`;
  const signature: unknown = await signer.sign(Buffer.from(input, "latin1"));
  return `${input}.${ArrayBuffer.isView(signature) ? base64url(signature as Uint8Array) : ""}`;
}

/** Keys that a verifier trusts, by thumbprint. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

/** @param keys of Ed25519 or P-256 */
export async function trustKeys(keys: readonly PublicJwk[]): Promise<TrustedKeys> {
  const trusted = new Map<string, KeyObject>();
  for (const jwk of keys) trusted.set(await thumbprintOf(jwk), createPublicKey({ key: { ...jwk }, format: "jwk" }));
  return trusted;
}

/** The statement of a checkpoint that a trusted key signed, or what is wrong with it. */
export function readCheckpoint(jws: unknown, keys: TrustedKeys): Statement | "forged_checkpoint" | "unknown_key" {
  const parts = typeof jws === "string" ? jws.split(".") : [];
  const [head, payload, signature] = parts.map(decode);
  if (parts.length !== 3 || head === undefined || payload === undefined || signature === undefined) {
    return "forged_checkpoint";
  }
  const { alg, typ, kid } = (parseObject(head) ?? {}) as { [name: string]: unknown };
  const key = typeof kid === "string" ? keys.get(kid) : undefined;
  if (key === undefined) return "unknown_key";
  const isEd25519 = key.asymmetricKeyType === "ed25519";
  if (typ !== TYP || alg !== (isEd25519 ? "Ed25519" : "ES256")) return "forged_checkpoint";
  const input = Buffer.from(`${parts[0]}.${parts[1]}`, "latin1");
  const genuine = isEd25519
    ? verify(null, input, key, signature)
    : verify("sha256", input, { key, dsaEncoding: "ieee-p1363" }, signature);
  return (genuine && statementOf(jws)) || "forged_checkpoint";
}

/** The statement of a checkpoint, read without checking its signature. */
export function statementOf(jws: unknown): Statement | undefined {
  const payload = typeof jws === "string" ? decode(jws.split(".")[1] ?? "") : undefined;
  const statement = payload && (parseObject(payload) as Statement | undefined);
  return statement?.log === FORMAT && Number.isSafeInteger(statement.seq) ? statement : undefined;
}

/** The same of a line, if it is a checkpoint. */
export function statementIn(line: Line | undefined): Statement | undefined {
  return line?.kind === "checkpoint" ? statementOf(line.value) : undefined;
}

function parseObject(bytes: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function base64url(data: string | Uint8Array): string {
  return Buffer.from(data as Uint8Array).toString("base64url");
}

/** Only the one spelling: base64url leaves bits unused, in which a byte could change unseen. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
