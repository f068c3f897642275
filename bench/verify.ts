/** What verifying a chain costs: cold, against the signatures alone; warm, in microseconds; and how long its text is. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { type HeldDelegation, type Issuer, serialize } from "@hopwise/core";
import { serializeCompact } from "@hopwise/core/tokens";
import { type ChainVerifier, createChainVerifier, DEFAULT_LIMITS } from "../packages/core/src/token/index.ts";
import { type Candidate, p50, ratio, takeTurns } from "./measure.ts";
import { asReceived, makeChain, makeIssuer } from "./world.ts";

const LENGTHS = [1, 3, 8, 16] as const;
/** Tokens a candidate and a round, whatever the length of the chains: some two milliseconds of work. */
const TOKENS_PER_ROUND = 16;
const ROUNDS = 150;
const WARMUP = 40;

export interface ColdResult {
  readonly tokens: number;
  /** Cold verification ÷ the bare signature checks of the same tokens. */
  readonly ratio: number;
  readonly chainMicroseconds: number;
}

/**
 * Cold verification of chains of each length: every chain is new, and so are its keys. Both sides only compute, so what
 * counts is the processor's time.
 */
export async function measureCold(): Promise<readonly ColdResult[]> {
  const results: ColdResult[] = [];
  for (const tokens of LENGTHS) {
    const issuer = await makeIssuer();
    const batch = Math.ceil(TOKENS_PER_ROUND / tokens);
    const chains = await makeSubjects(issuer, tokens, (ROUNDS + WARMUP) * batch);
    const unrelated = asReceived(await makeChain(issuer, 1));
    const times = await takeTurns(
      { cold: coldCandidate(issuer, chains, unrelated), bare: bareCandidate(chains) },
      { rounds: ROUNDS, warmup: WARMUP, batch, clock: "cpu" },
    );
    results.push({ tokens, ratio: ratio(times.cold, times.bare), chainMicroseconds: p50(times.cold) });
  }
  return results;
}

/** Cold verification of chains of three tokens that come in their compact form ÷ that of the same chains in the long one. */
export async function measureCompact(): Promise<number> {
  const issuer = await makeIssuer();
  const batch = Math.ceil(TOKENS_PER_ROUND / 3);
  const long: { readonly text: string }[] = [];
  const compact: { readonly text: string }[] = [];
  for (let i = 0; i < (ROUNDS + WARMUP) * batch; i++) {
    const held = await makeChain(issuer, 3);
    long.push({ text: asReceived(held) });
    compact.push({ text: asReceived(held, serializeCompact) });
  }
  const unrelated = asReceived(await makeChain(issuer, 1));
  const times = await takeTurns(
    { compact: coldCandidate(issuer, compact, unrelated), long: coldCandidate(issuer, long, unrelated) },
    { rounds: ROUNDS, warmup: WARMUP, batch, clock: "cpu" },
  );
  return ratio(times.compact, times.long);
}

/** Microseconds of {@link ChainVerifier.verify} for a chain of three tokens that it remembers. */
export async function measureWarm(): Promise<number> {
  const issuer = await makeIssuer();
  const text = asReceived(await makeChain(issuer, 3));
  const verifier = await warmVerifier(issuer, text);
  const { warm } = await takeTurns(
    {
      warm: (count) => async () => {
        for (let i = 0; i < count; i++) await verifier.verify(text, nowSeconds());
      },
    },
    { rounds: 400, warmup: 100, batch: 100, clock: "wall" },
  );
  return p50(warm);
}

/** Bytes of the text of a chain of so many tokens with lean grants, in its long or its compact form. The text is ASCII. */
export async function chainBytes(tokens: number, write: typeof serialize = serialize): Promise<number> {
  return asReceived(await makeChain(await makeIssuer(), tokens), write).length;
}

/** A chain, and what a bare check of its signatures takes: keys imported, bytes at hand. */
interface Subject {
  readonly text: string;
  readonly checks: readonly { readonly key: KeyObject; readonly input: Buffer; readonly signature: Buffer }[];
}

async function makeSubjects(issuer: Issuer, tokens: number, count: number): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (let i = 0; i < count; i++) subjects.push(subjectOf(issuer, await makeChain(issuer, tokens)));
  return subjects;
}

function subjectOf({ trustAnchor }: Issuer, held: HeldDelegation): Subject {
  const text = asReceived(held);
  let jwk: object | undefined = trustAnchor.keys[0]?.jwk;
  const checks = text.split("~").map((token) => {
    const [header, payload, signature] = token.split(".") as [string, string, string];
    const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
    jwk = JSON.parse(Buffer.from(payload, "base64url").toString()).cnf.jwk;
    return {
      key,
      input: Buffer.from(`${header}.${payload}`, "latin1"),
      signature: Buffer.from(signature, "base64url"),
    };
  });
  return { text, checks };
}

/** A new verifier each round, its anchors imported by a chain that has nothing to do with those to come. */
function coldCandidate(issuer: Issuer, subjects: readonly Pick<Subject, "text">[], unrelated: string): Candidate {
  let next = 0;
  return async (count) => {
    const texts = subjects.slice(next, next + count).map(({ text }) => text);
    next += count;
    const verifier = await warmVerifier(issuer, unrelated);
    const now = nowSeconds();
    return async () => {
      for (const text of texts) await verifier.verify(text, now);
    };
  };
}

function bareCandidate(subjects: readonly Subject[]): Candidate {
  let next = 0;
  return (count) => {
    const checks = subjects.slice(next, next + count).flatMap((subject) => subject.checks);
    next += count;
    return () => {
      for (const { key, input, signature } of checks) {
        if (!verify(null, input, key, signature)) throw new Error("the bare check was given the wrong key or bytes");
      }
    };
  };
}

/** A verifier whose anchors are imported, by a chain that it remembers. */
export async function warmVerifier(issuer: Issuer, text: string): Promise<ChainVerifier> {
  const verifier = createChainVerifier([issuer.trustAnchor], DEFAULT_LIMITS);
  await verifier.verify(text, nowSeconds());
  return verifier;
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
