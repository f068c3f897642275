/** The honest parties that the fuzzers attack: issuers, agents with their keys, chains, and what each chain is used for. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  createIssuer,
  delegate,
  type HeldDelegation,
  type PublicJwk,
  type Signer,
  serialize,
  type TrustAnchor,
} from "@hopwise/core";
import type { JsonObject } from "@hopwise/core/adapter";
import {
  all,
  any,
  type Constraint,
  cidr,
  contains,
  each,
  everyTool,
  exact,
  type Grant,
  int,
  length,
  object,
  oneOf,
  optional,
  path,
  prefix,
  range,
  readGrant,
  subset,
  url,
  wildcard,
} from "@hopwise/core/grant";
import type { IssuerOptions } from "@hopwise/core/tokens";

export const NOW = 1_800_000_000;
export const PAY = "https://pay.example/mcp";
export const DOCS = "https://docs.example/mcp";
export const ACME = "https://id.acme.example";
export const PARTNER = "https://id.partner.example";

/** A key that signs at once, without a thread in between: a fuzzer signs hundreds of thousands of times. */
export interface SigningKey extends Signer {
  readonly algorithm: "Ed25519" | "ES256";
  signNow(data: string): Buffer;
}

export function createKey(algorithm: SigningKey["algorithm"]): SigningKey {
  const { privateKey, publicKey } =
    algorithm === "Ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signNow = (data: string): Buffer => signWith(algorithm, privateKey, data);
  const { kty, crv, x, y } = publicKey.export({ format: "jwk" });
  return {
    algorithm,
    publicJwk: { kty, crv, x, ...(y !== undefined && { y }) } as unknown as PublicJwk,
    signNow,
    sign: async (data) => Uint8Array.from(signNow(Buffer.from(data).toString("latin1"))),
  };
}

function signWith(algorithm: SigningKey["algorithm"], key: KeyObject, data: string): Buffer {
  const bytes = Buffer.from(data, "latin1");
  return algorithm === "Ed25519" ? sign(null, bytes, key) : sign("sha256", bytes, { key, dsaEncoding: "ieee-p1363" });
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** RFC 7638, written out: the members in their order, without white space. */
export function thumbprint(jwk: { readonly [member: string]: unknown }): string {
  const { crv, kty, x, y } = jwk;
  return sha256(JSON.stringify(kty === "EC" ? { crv, kty, x, y } : { crv, kty, x }));
}

/** A chain as its makers made it. */
export interface HonestChain {
  readonly name: string;
  readonly tokens: readonly string[];
  readonly held: HeldDelegation;
  /** The key that signed each token, and, one further, the key of the last holder. */
  readonly keys: readonly SigningKey[];
  /** Calls that all of its grants cover, as the caller names them. */
  readonly calls: readonly { readonly tool: string; readonly arguments: JsonObject; readonly audience: string }[];
}

/** Everything that exists before the attack begins. */
export interface Honest {
  readonly chains: readonly HonestChain[];
  readonly trust: readonly TrustAnchor[];
  /** The issuer that is trusted with little, and here turns against everybody else. */
  readonly partner: { readonly key: SigningKey; readonly kid: string; readonly anchor: TrustAnchor };
  /** All agents' keys by name: the attackers have them all. Only acme's own key is beyond them. */
  readonly agents: { readonly [name: string]: SigningKey };
  readonly stranger: SigningKey;
}

/** The chains are five minutes old. */
const clock = (): number => (NOW - 300) * 1000;

export async function createHonest(): Promise<Honest> {
  const acmeKey = createKey("Ed25519");
  const partnerKey = createKey("ES256");
  const acme = await createIssuer({
    ...pins(ACME, [PAY, DOCS], "any", "any"),
    everyTool: true,
    signer: acmeKey,
    clock,
  });
  const partner = await createIssuer({
    ...pins(PARTNER, [PAY], ["p1"], ["read", "list"]),
    maxDepth: 1,
    lifetimeSeconds: 600,
    signer: partnerKey,
    kid: "partner",
    clock,
  });
  const agents = {
    planner: createKey("Ed25519"),
    researcher: createKey("ES256"),
    closer: createKey("Ed25519"),
    scribe: createKey("ES256"),
  };
  const { planner, researcher, closer, scribe } = agents;

  const alice = await acme.issue({ subject: "alice", agent: "planner", holder: planner, grant: WIDE, audience: [PAY] });
  const alice2 = await delegate(alice, {
    to: "researcher",
    holder: researcher,
    grant: NARROWER,
    lifetimeSeconds: 1800,
    clock,
  });
  const alice3 = await delegate(alice2, { to: "closer", holder: closer, grant: NARROWEST, maxDepth: 2, clock });
  const bob = await acme.issue({
    subject: "bob",
    agent: "planner",
    holder: planner,
    grant: NARROWER,
    audience: [PAY],
    txn: "t-1",
    login: { kind: "id_token", issuer: ACME, subject: "b", acr: "mfa", authTime: NOW - 60 },
  });
  const bob2 = await delegate(bob, { to: "researcher", holder: researcher, grant: NARROWEST, audience: [PAY], clock });
  const spender = await acme.issue({
    subject: "alice",
    agent: "planner",
    holder: planner,
    grant: NARROWER,
    audience: [PAY],
    budget: { id: "2027-01", from: NOW - 3600, until: NOW + 7200, calls: 10, sums: { send: { amount: 5000 } } },
  });
  const spender2 = await delegate(spender, {
    to: "researcher",
    holder: researcher,
    grant: NARROWEST,
    budget: { calls: 5, sums: { send: { amount: 700 } } },
    clock,
  });
  const trusted = await acme.issue({
    subject: "alice",
    agent: "planner",
    holder: planner,
    grant: everyTool(),
    audience: [PAY],
  });
  const trusted2 = await delegate(trusted, { to: "researcher", holder: researcher, grant: everyTool(), clock });
  const trusted3 = await delegate(trusted2, { to: "closer", holder: closer, grant: NARROWER, clock });
  const everywhere = await acme.issue({
    subject: "alice",
    agent: "scribe",
    holder: scribe,
    grant: everyTool(PAY, DOCS),
    audience: [PAY, DOCS],
  });
  const everywhere2 = await delegate(everywhere, { to: "planner", holder: planner, grant: everyTool(DOCS), clock });
  const both = await acme.issue({
    subject: "alice",
    agent: "scribe",
    holder: scribe,
    grant: qualified(WIDE),
    audience: [PAY, DOCS],
  });
  const both2 = await delegate(both, {
    to: "planner",
    holder: planner,
    grant: qualified(NARROWER),
    audience: [DOCS],
    clock,
  });
  const guest = await partner.issue({
    subject: "p1",
    agent: "scribe",
    holder: scribe,
    grant: readGrant({ read: WIDE["read"] }),
  });

  const chain = (
    name: string,
    held: HeldDelegation,
    keys: readonly SigningKey[],
    calls: HonestChain["calls"],
  ): HonestChain => ({
    name,
    tokens: serialize(held).split("~"),
    held,
    keys,
    calls,
  });
  return {
    chains: [
      chain("alice to closer", alice3, [acmeKey, planner, researcher, closer], callsOf(PAY)),
      chain("alice to planner", alice, [acmeKey, planner], callsOf(PAY)),
      chain("bob to researcher", bob2, [acmeKey, planner, researcher], callsOf(PAY)),
      // No door counts budgets, so no call is let in by it.
      chain("alice within a budget", spender2, [acmeKey, planner, researcher], []),
      chain("alice at two places", both2, [acmeKey, scribe, planner], callsOf(DOCS)),
      chain("alice with every tool", trusted3, [acmeKey, planner, researcher, closer], callsOf(PAY)),
      chain("every tool of two places", everywhere2, [acmeKey, scribe, planner], callsOf(DOCS)),
      chain("a partner's guest", guest, [partnerKey, scribe], callsOf(PAY).slice(0, 1)),
    ],
    trust: [acme.trustAnchor, partner.trustAnchor],
    partner: { key: partnerKey, kid: "partner", anchor: partner.trustAnchor },
    agents,
    stranger: createKey("Ed25519"),
  };
}

function pins(
  issuer: string,
  audiences: readonly string[],
  subjects: TrustAnchor["subjects"],
  tools: TrustAnchor["tools"],
): Omit<IssuerOptions, "signer"> {
  return { issuer, audiences, subjects, tools };
}

const WIDE = readGrant({
  read: { id: wildcard(), limit: optional(int({ min: 1, max: 100 })) },
  send: {
    to: any(oneOf("Globex", "Initech", "Hooli"), prefix("acme/")),
    amount: range({ min: 0, below: 1000 }),
    note: optional(length(20)),
  },
  store: {
    file: path("/a"),
    at: url({ origins: ["https://a.example", "https://b.example"], under: "/a" }),
    from: cidr("10.0.0.0/8", "2001:db8::/32"),
  },
  search: {
    filter: object({ k: all(prefix("a"), length(8)), l: optional(length(8)) }),
    tags: subset("a", "b", "c"),
    lines: each(wildcard()),
    order: optional(any(exact({ by: ["k"], up: true }), exact([]))),
  },
  anything: {},
});

const NARROWER = readGrant({
  read: { id: prefix("INV-"), limit: optional(int({ min: 1, max: 50 })) },
  send: {
    to: any(oneOf("Globex", "Initech"), prefix("acme/eu/")),
    amount: int({ min: 1, max: 999 }),
    note: optional(length(10)),
  },
  store: {
    file: path("/a/b"),
    at: url({ origins: ["https://a.example"], under: "/a" }),
    from: cidr("10.128.0.0/9", "2001:db8::/48"),
  },
  search: {
    order: optional(exact({ by: ["k"], up: true })),
    filter: object({ k: all(prefix("ab"), length(4)), l: optional(all(prefix("ab"), length(8))) }),
    tags: subset("a", "b"),
    lines: each(range({ min: 0 })),
  },
  anything: { a: wildcard(), list: contains("a") },
});

const NARROWEST = readGrant({
  read: { id: oneOf("INV-7", "INV-9"), limit: optional(exact(10)) },
  send: { to: any(exact("Globex")), amount: int({ min: 1, max: 400 }), note: { constraint_type: "absent" } },
  search: {
    order: { constraint_type: "absent" },
    filter: object({ k: exact("abc"), l: { constraint_type: "absent" } }),
    tags: subset("a"),
    lines: each(int({ min: 1 })),
  },
});

/** In a chain of several audiences, tools are named by their place. */
function qualified(grant: Grant): Grant {
  return readGrant(Object.fromEntries(Object.entries(grant).map(([tool, own]) => [`${DOCS}#${tool}`, own])));
}

function callsOf(audience: string): HonestChain["calls"] {
  return [
    { tool: "read", arguments: { id: "INV-7", limit: 10 }, audience },
    { tool: "send", arguments: { to: "Globex", amount: 400 }, audience },
    { tool: "search", arguments: { filter: { k: "abc" }, tags: ["a", "a"], lines: [1, 2] }, audience },
    { tool: "mcp:tools/list", arguments: {}, audience },
  ];
}

/** Every constraint of these grants, as parents for edits. */
export const HONEST_CONSTRAINTS: readonly Constraint[] = [WIDE, NARROWER].flatMap((grant) =>
  Object.values(grant).flatMap((own) => Object.values(own)),
);
