/** A user without agents: an ordinary OAuth access token, an ordinary MCP client. */
import type { Signer, Subject } from "@hopwise/core";
import { importJWK, jwtVerify } from "jose";
import { ISSUER, PAY_SERVER } from "./company.ts";

/** The access token that the company's authorization server gives bob's client (RFC 9068). */
export async function accessTokenFor(subject: string, signer: Signer): Promise<string> {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, aud: PAY_SERVER, sub: subject, iat: now, exp: now + 300 };
  const input = `${encode({ alg: "Ed25519", typ: "at+jwt" })}.${encode(claims)}`;
  return `${input}.${Buffer.from(await signer.sign(Buffer.from(input))).toString("base64url")}`;
}

/** Tells the server who sent this very request: it verifies the token in the request's headers. */
export function userFromAuth(signer: Signer): (request: { readonly headers: Headers }) => Promise<Subject | undefined> {
  return async ({ headers }) => {
    const [, token] = /^Bearer (.+)$/.exec(headers.get("authorization") ?? "") ?? [];
    if (token === undefined) return undefined;
    const key = await importJWK({ ...signer.publicJwk }, "Ed25519");
    const { payload } = await jwtVerify(token, key, { issuer: ISSUER, audience: PAY_SERVER, typ: "at+jwt" });
    return payload.sub === undefined ? undefined : { issuer: ISSUER, subject: payload.sub };
  };
}
