import { canonicalJson } from "../json/index.ts";
import {
  parseDelegation,
  type RevocationOf,
  type SignedRevocation,
  type Signer,
  signRevocation,
  thumbprintOf,
} from "../token/index.ts";
import { createWorld, forge, hashOf, ISSUER, JTI, NOW, type World } from "../world.fixture.ts";
import { type AcceptOptions, acceptRevocations, type RevocationAnswer } from "./accept-revocations.ts";
import { type MemoryState, memoryState } from "./memory.ts";
import type { RevocationQuery } from "./revocation.ts";

const LOG = "https://revocations.acme.example";
/** The issuer of the world, as it signs. */
export const AS = { issuer: ISSUER, kid: "k1" };

/** A chain of three tokens, root first, and who holds them; and a partner, whose issuer is trusted, too. */
export interface Chains {
  readonly world: World;
  readonly partner: World;
  readonly root: string;
  readonly child: string;
  readonly grandchild: string;
  /** A log that is empty, at the world's time. */
  log(): Log;
}

/** A log of revocations, where they are taken. */
export interface Log {
  /** The clock, in seconds. */
  now: number;
  readonly state: MemoryState;
  /** What the operator was told. */
  readonly told: readonly RevocationAnswer[];
  desk(changed?: Partial<AcceptOptions>): ReturnType<typeof acceptRevocations>;
  /** @param of what is revoked; of a chain its last token */
  sign(
    signer: Signer,
    of: RevocationOf | string,
    more?: { readonly as?: typeof AS; readonly audience?: string },
  ): Promise<SignedRevocation>;
  isRevoked(chain: string): Promise<boolean>;
}

export async function createChains(): Promise<Chains> {
  const [world, partner] = [await createWorld(), await createWorld()];
  const root = await world.root();
  const child = `${root}~${await world.child(root)}`;
  const grandchild = `${child}~${await world.grandchild(child)}`;
  return { world, partner, root, child, grandchild, log: () => logOf(world, partner) };
}

function logOf(world: World, partner: World): Log {
  const clock = (): number => log.now * 1000;
  const told: RevocationAnswer[] = [];
  const log: Log = {
    now: NOW,
    state: memoryState({ since: 0, clock }),
    told,
    desk: (changed = {}) =>
      acceptRevocations({
        trust: [world.anchor, { ...partner.anchor, issuer: "https://id.partner.example" }],
        audience: LOG,
        state: log.state,
        clock,
        onAnswer: (answer) => told.push(answer),
        ...changed,
      }),
    sign: async (signer, of, more = {}) =>
      signRevocation({
        signer,
        of: typeof of === "string" ? { delegation: await parseDelegation(of) } : of,
        audience: LOG,
        clock,
        ...more,
      }),
    isRevoked: async (chain) => (await log.state.revocations.find(await queryOf(chain))) !== undefined,
  };
  return log;
}

export async function queryOf(chain: string): Promise<RevocationQuery> {
  return {
    tokens: (await Promise.all(chain.split("~").map(hashOf))) as never,
    keys: [],
    agents: ["planner", "researcher"],
    user: { issuer: ISSUER, subject: "alice" },
    issuedAt: NOW,
  };
}

/** H of the last token of a chain. */
export async function leafHash(chain: string): Promise<string> {
  return hashOf(chain.split("~").at(-1) as string);
}

/** A statement that the library refuses to make. */
export async function forgedStatement(signer: Signer, target: object): Promise<string> {
  const jkt = await thumbprintOf(signer.publicJwk);
  const iss = `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${jkt}`;
  const claims = { aud: LOG, hw: 1, hw_ms: 0, iat: NOW, iss, jti: JTI, target };
  return forge({ alg: "Ed25519", typ: "hw-revoke+jwt", jkt }, canonicalJson(claims as never), signer);
}
