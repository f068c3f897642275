/**
 * Whether a verifier's memory stays bounded: distinct genuine chains, one after the other, through one verifier, and for
 * every tenth of them one more text that fails late. Prints what is on the heap after each tenth.
 *
 * `node --expose-gc bench/memory.ts [count]`
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { createIssuer, generateSigner, signerFromJwk, type TrustAnchor } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { createChainVerifier, DEFAULT_LIMITS } from "../packages/core/src/token/index.ts";
import { nowSeconds } from "./verify.ts";
import { AUDIENCE, asReceived } from "./world.ts";

/** Four times what the verifier's cache of keys holds, in turns: a key has always fallen out when its turn comes again. */
const HOLDERS = 4096;
const LIFETIME_SECONDS = 60 * 60;

const count = Number(process.argv[2] ?? 1_000_000);
if (!Number.isSafeInteger(count) || count < 10) throw new Error("count must be an integer of 10 or more");
const collect = globalThis.gc;
if (collect === undefined) throw new Error("run it with --expose-gc");

await run(count, collect);

async function run(count: number, collect: () => void): Promise<void> {
  const { trustAnchor, nextChain } = await makeSource();
  const verifier = createChainVerifier([trustAnchor], DEFAULT_LIMITS);
  const started = performance.now();
  const report = (done: number): void => {
    collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `${String(done).padStart(9)} chains   heapUsed ${mebibytes(heapUsed)}   external ${mebibytes(external)}   ` +
        `rss ${mebibytes(rss)}   ${seconds.toFixed(0).padStart(4)} s`,
    );
  };
  report(0);
  let reported = 0;
  for (let done = 1; done <= count; done++) {
    const text = nextChain();
    await verifier.verify(text, nowSeconds());
    if (done % 10 === 0) await mustBeRefused(verifier.verify(forged(text), nowSeconds()));
    const tenth = Math.floor((done * 10) / count);
    if (tenth > reported) {
      reported = tenth;
      report(done);
    }
  }
}

/**
 * Chains of one token that differ in `jti` and holder, each signed anew: one signature each, without the checks of
 * `issue`, which the verifier makes anyway.
 */
async function makeSource(): Promise<{ readonly trustAnchor: TrustAnchor; readonly nextChain: () => string }> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const issuer = await createIssuer({
    issuer: "https://id.acme.example",
    signer: await signerFromJwk(privateKey.export({ format: "jwk" })),
    audiences: [AUDIENCE],
    subjects: ["alice"],
    tools: ["read_invoice"],
  });
  const model = await issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: await generateSigner(),
    grant: grant({ read_invoice: { id: wildcard() } }),
    lifetimeSeconds: LIFETIME_SECONDS,
  });
  const [header, payload] = asReceived(model).split(".") as [string, string];
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const holders = Array.from({ length: HOLDERS }, () => {
    const { kty, crv, x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    return { kty, crv, x };
  });
  let made = 0;
  const nextChain = (): string => {
    const jwk = holders[made++ % HOLDERS];
    return signed(header, { ...claims, jti: randomBytes(16).toString("base64url"), cnf: { jwk } }, privateKey);
  };
  return { trustAnchor: issuer.trustAnchor, nextChain };
}

function signed(header: string, claims: object, key: KeyObject): string {
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  // One flat string, as a server gets it from a socket.
  return Buffer.from(`${input}.${sign(null, Buffer.from(input), key).toString("base64url")}`).toString("latin1");
}

/** The same text with another first character of its signature: everything is read before the check says no. */
function forged(text: string): string {
  const at = text.lastIndexOf(".") + 1;
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}

async function mustBeRefused(verification: Promise<unknown>): Promise<void> {
  const outcome = await verification.then(
    () => undefined,
    (error: { readonly code?: unknown }) => error.code,
  );
  if (outcome !== "token_signature_invalid") throw new Error(`a forged chain gave ${String(outcome)}`);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`.padStart(10);
}
