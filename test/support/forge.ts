/** Tokens and proofs that no library would make, signed with real keys: what an attacker inside the company can send. */
import { createHash, randomBytes } from "node:crypto";
import { type Delegation, generateSigner, type Signer, serialize } from "@hopwise/core";
import { type Credential, prove, thumbprintOf } from "@hopwise/core/tokens";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import type { World } from "./world.ts";

export type Claims = { readonly [name: string]: unknown };

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** What a token says, read without any check. */
export function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

export async function sign(header: object, payload: object, signer: Signer): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${Buffer.from(await signer.sign(Buffer.from(input))).toString("base64url")}`;
}

/** The planner's root with some claims changed, signed by the issuer's own key. */
export async function forgeRoot(
  { planner, issuer, issuerKey }: World,
  changed: Claims,
  header: Claims = {},
): Promise<string> {
  const kid = issuer.trustAnchor.keys[0]?.kid;
  return sign(
    { alg: "Ed25519", typ: "aat+jwt", kid, ...header },
    { ...claimsOf(serialize(planner)), ...changed },
    issuerKey,
  );
}

/** A child of a root of the planner's, for a key of its own, with some claims changed. Signed by the planner. */
export async function forgeChild(root: string, { keys }: World, changed: Claims = {}): Promise<string> {
  const { iat, exp, del_depth, del_max_depth, authorization_details } = claimsOf(root);
  const own = {
    jti: `${hashOf(root).slice(0, 21)}A`,
    iss: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${await thumbprintOf(keys.planner.publicJwk)}`,
    act: { sub: "researcher" },
    iat,
    exp,
    del_depth: Number(del_depth) + 1,
    del_max_depth,
    par_hash: hashOf(root),
    cnf: { jwk: keys.researcher.publicJwk },
    authorization_details,
    ...changed,
  };
  return `${root}~${await sign({ alg: "Ed25519", typ: "aat+jwt" }, own, keys.planner)}`;
}

/** H(t) of a token. */
export function hashOf(token: string): string {
  return createHash("sha256")
    .update(token.slice(0, token.lastIndexOf(".")))
    .digest("base64url");
}

/** A proof by any key, for any chain, of reading an invoice. */
export async function forgeProof(chain: string, signer: Signer, args: object, changed: Claims = {}): Promise<string> {
  const leaf = chain.split("~").at(-1) ?? "";
  const claims = {
    aat_aud: PAY_SERVER,
    aat_id: claimsOf(leaf)["jti"],
    aat_tool: "read_invoice",
    hta: args,
    hw_leaf: hashOf(leaf),
    hw_ms: Date.now() % 1000,
    iat: Math.floor(Date.now() / 1000),
    jti: randomBytes(16).toString("base64url"),
    ...changed,
  };
  return sign({ alg: "Ed25519", typ: "aat-pop+jwt" }, claims, signer);
}

/** A chain with a proof by a stranger's key: for a chain that is refused before its proof is looked at. */
export async function withAnyProof(chain: string, args: object): Promise<Credential> {
  return { chain, proof: await forgeProof(chain, await generateSigner(), args) };
}

/** The planner's own credential for a call, as the library makes it. */
export function credentialFor(
  held: Parameters<typeof prove>[0],
  tool: string,
  args: object,
  clock: () => number = Date.now,
): Promise<Credential> {
  return prove(held, { tool, arguments: args, audience: PAY_SERVER, clock });
}

/** Every piece of a chain or a proof that must not show up anywhere. */
export function tokenPieces(...texts: readonly (string | Delegation)[]): readonly string[] {
  return texts
    .map((text) => (typeof text === "string" ? text : serialize(text)))
    .flatMap((text) => text.split(/[~.]/))
    .filter((piece) => piece.length > 20);
}
