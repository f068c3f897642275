/** An attacker's tokens, made by hand, since the library refuses to make them. */
import { createHash, randomBytes } from "node:crypto";
import { generateSigner, type HeldDelegation, parseDelegation, type Signer, serialize } from "@hopwise/core";
import { type Credential, thumbprintOf } from "@hopwise/core/tokens";

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, "base64url").toString());
const signingInput = (token: string): string => token.slice(0, token.lastIndexOf("."));
const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64url");
const randomId = (): string => randomBytes(16).toString("base64url");

async function sign(header: object, payload: object, signer: Signer): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${Buffer.from(await signer.sign(Buffer.from(input))).toString("base64url")}`;
}

/** A child of the attacker's own token that may read any invoice, where the parent may read two. */
export async function forgeWiderChain(held: HeldDelegation): Promise<Credential> {
  const chain = serialize(held);
  const parent = chain.split("~").at(-1) ?? "";
  const claims = decode(parent.split(".")[1] ?? "");
  const accomplice = await generateSigner();
  const details = structuredClone(claims["authorization_details"]) as [{ tools: Record<string, object> }];
  details[0].tools["read_invoice"] = { id: { constraint_type: "wildcard" } };
  const child = await sign(
    { alg: "Ed25519", typ: "aat+jwt" },
    {
      ...claims,
      jti: randomId(),
      iss: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${await thumbprintOf(held.signer.publicJwk)}`,
      del_depth: Number(claims["del_depth"]) + 1,
      par_hash: sha256(signingInput(parent)),
      cnf: { jwk: accomplice.publicJwk },
      authorization_details: details,
    },
    held.signer,
  );
  const forged = `${chain}~${child}`;
  return { chain: forged, proof: await forgeProof(forged, accomplice, "read_invoice", { id: "INV-21" }) };
}

/** A proof for another holder's chain, signed with the attacker's own key. */
export async function forgeProof(chain: string, signer: Signer, tool: string, args: object): Promise<string> {
  const leaf = chain.split("~").at(-1) ?? "";
  const { audience } = await parseDelegation(chain);
  return sign(
    { alg: "Ed25519", typ: "aat-pop+jwt" },
    {
      aat_aud: audience[0],
      aat_id: decode(leaf.split(".")[1] ?? "")["jti"],
      aat_tool: tool,
      hta: args,
      hw_leaf: sha256(signingInput(leaf)),
      hw_ms: Date.now() % 1000,
      iat: Math.floor(Date.now() / 1000),
      jti: randomId(),
    },
    signer,
  );
}
