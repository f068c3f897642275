/**
 * Three tokens cold, as they come off the wire, and whether they cover the call: Hopwise, Biscuit and UCAN, each by the
 * library that its users install. README.md says what each of them does that the others do not.
 */
import {
  AuthorizerBuilder,
  Biscuit,
  BlockBuilder,
  Fact,
  KeyPair,
  Policy,
  SignatureAlgorithm,
} from "@biscuit-auth/biscuit-wasm";
import type { Issuer } from "@hopwise/core";
import { type API, Delegation, delegate, Failure } from "@ucanto/core";
import { ed25519 } from "@ucanto/principal";
import { capability, claim, Schema } from "@ucanto/validator";
import { refuseSent } from "../packages/core/src/way/stages/grant.ts";
import { type Candidate, p50, ratio, takeTurns } from "./measure.ts";
import { nowSeconds, warmVerifier } from "./verify.ts";
import { AUDIENCE, asReceived, CALL, makeChain, makeIssuer } from "./world.ts";

export interface RivalResult {
  readonly overBiscuit: number;
  readonly overUcan: number;
  readonly microseconds: { readonly [name in "hopwise" | "biscuit" | "ucan"]: number };
}

/** All sides only compute, so what counts is the processor's time. Every token is new, and so are its keys. */
export async function measureRivals(): Promise<RivalResult> {
  const issuer = await makeIssuer();
  const hopwise = await makeHopwise(issuer);
  const fast = await takeTurns(
    { hopwise, biscuit: makeBiscuit() },
    { rounds: 150, warmup: 60, batch: 6, clock: "cpu" },
  );
  // UCAN takes much longer: fewer rounds, or the benchmark would last minutes more.
  const slow = await takeTurns({ hopwise, ucan: await makeUcan() }, { rounds: 60, warmup: 30, batch: 3, clock: "cpu" });
  return {
    overBiscuit: ratio(fast.hopwise, fast.biscuit),
    overUcan: ratio(slow.hopwise, slow.ucan),
    microseconds: { hopwise: p50(fast.hopwise), biscuit: p50(fast.biscuit), ucan: p50(slow.ucan) },
  };
}

/** A verifier that knows its anchors, not the chain; then every token's grant against the call, as the authorizer does. */
async function makeHopwise(issuer: Issuer): Promise<Candidate> {
  const unrelated = asReceived(await makeChain(issuer, 1));
  return async (count) => {
    const texts = await times(count, async () => asReceived(await makeChain(issuer, 3)));
    const verifier = await warmVerifier(issuer, unrelated);
    return async () => {
      for (const text of texts) {
        const chain = await verifier.verify(text, nowSeconds());
        if (!chain.audience.includes(AUDIENCE)) throw new Error("the chain is not for this audience");
        const caller = { user: chain.user, chain, audience: AUDIENCE };
        const uncovered = refuseSent({ caller, agents: { agents: [], origins: [] } }, CALL.tool, CALL.arguments, {
          tools: {},
        });
        if (uncovered !== undefined) throw uncovered;
      }
    };
  };
}

const EXPIRY = new Date((nowSeconds() + 3600) * 1000).toISOString().replace(/\.\d+Z$/, "Z");

/** The same three grants as checks: two tools, then one, then one with one value; each block expires. */
const BISCUIT_BLOCKS = [
  `user("alice"); agent("planner"); check if audience("${AUDIENCE}"); check if time($t), $t < ${EXPIRY};
   check if tool($tool), {"get_transactions", "read_invoice"}.contains($tool);`,
  `agent("researcher"); check if time($t), $t < ${EXPIRY}; check if tool("read_invoice");`,
  `agent("researcher"); check if time($t), $t < ${EXPIRY}; check if tool("read_invoice"), argument("id", "INV-7");`,
] as const;
/** By its default limit, a decision now and then ends with a timeout on a busy machine. */
const BISCUIT_LIMITS = { max_facts: 1000, max_iterations: 100, max_time_micro: 1_000_000 };

/** The policy is parsed once; the facts are the call's, and so is the clock's. */
function makeBiscuit(): Candidate {
  const root = new KeyPair(SignatureAlgorithm.Ed25519);
  const publicKey = root.getPublicKey();
  const policies = new AuthorizerBuilder();
  policies.addPolicy(Policy.fromString('allow if user("alice")'));
  return (count) => {
    const tokens = Array.from({ length: count }, () => biscuitBytes(root));
    return () => {
      for (const bytes of tokens) {
        const token = Biscuit.fromBytes(bytes, publicKey);
        const builder = new AuthorizerBuilder();
        builder.merge(policies);
        builder.addFact(Fact.fromString(`tool(${JSON.stringify(CALL.tool)})`));
        builder.addFact(Fact.fromString(`argument("id", ${JSON.stringify(CALL.arguments.id)})`));
        builder.addFact(Fact.fromString(`audience("${AUDIENCE}")`));
        builder.addFact(Fact.fromString(`time(${new Date().toISOString()})`));
        const authorizer = builder.buildAuthenticated(token); // which frees the builder
        // Throws unless it allows.
        authorizer.authorizeWithLimits(BISCUIT_LIMITS);
        authorizer.free();
        token.free();
      }
    };
  };
}

function biscuitBytes(root: KeyPair): Uint8Array {
  const [authority, ...attenuations] = BISCUIT_BLOCKS;
  const builder = Biscuit.builder();
  builder.addCode(authority);
  let token = builder.build(root.getPrivateKey());
  for (const code of attenuations) {
    const block = new BlockBuilder();
    block.addCode(code);
    token = token.appendBlock(block);
  }
  if (token.countBlocks() !== 3) throw new Error("the biscuit must have three blocks");
  return token.toBytes();
}

/** Like our `read_invoice`: without an `id` any invoice, else this one. */
const readInvoice = capability({
  can: "invoice/read",
  with: Schema.did({ method: "key" }),
  nb: Schema.struct({ id: Schema.string().optional() }),
  derives: (claimed, delegated): API.Result<API.Unit, API.Failure> =>
    claimed.with === delegated.with && (delegated.nb.id === undefined || delegated.nb.id === claimed.nb.id)
      ? { ok: {} }
      : { error: new Failure("another invoice") },
});

/** An archive of three delegations, root to leaf, whose leaf must grant the call. */
async function makeUcan(): Promise<Candidate> {
  const [alice, service] = await Promise.all([ed25519.generate(), ed25519.generate()]);
  const options = {
    authority: service.verifier,
    principal: ed25519.Verifier,
    validateAuthorization: (): API.Result<API.Unit, API.Revoked> => ({ ok: {} }),
  };
  return async (count) => {
    const archives = await times(count, () => ucanArchive(alice));
    return async () => {
      for (const archive of archives) {
        const leaf = must(await Delegation.extract(archive));
        const { capability } = must(await claim(readInvoice, [leaf as API.Delegation], options));
        if (capability.with !== alice.did() || capability.nb.id !== CALL.arguments.id) {
          throw new Error("the benchmark's call was not granted");
        }
      }
    };
  };
}

async function ucanArchive(alice: ed25519.EdSigner): Promise<Uint8Array> {
  const [planner, researcher, reader] = await Promise.all([ed25519.generate(), ed25519.generate(), ed25519.generate()]);
  const resource = alice.did();
  const expiration = nowSeconds() + 3600;
  const read = { can: "invoice/read", with: resource, nb: {} } as const;
  const first = await delegate({
    issuer: alice,
    audience: planner,
    expiration,
    capabilities: [{ can: "ledger/read", with: resource, nb: {} }, read],
  });
  const second = await delegate({
    issuer: planner,
    audience: researcher,
    expiration,
    proofs: [first],
    capabilities: [read],
  });
  const third = await delegate({
    issuer: researcher,
    audience: reader,
    expiration,
    proofs: [second],
    capabilities: [{ ...read, nb: { id: CALL.arguments.id } }],
  });
  return must(await third.archive());
}

function must<T>({ ok, error }: { readonly ok?: T | undefined; readonly error?: unknown }): T {
  if (ok === undefined) throw error;
  return ok;
}

async function times<T>(count: number, make: () => Promise<T>): Promise<readonly T[]> {
  const made: T[] = [];
  for (let i = 0; i < count; i++) made.push(await make());
  return made;
}
