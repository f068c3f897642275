/** Makes chains and proofs, right ones and wrong ones, from a few words. Shares no code with what verifies them. */
import { base64url, ed25519Key, id, type Key, p256Key, sha256 } from "./keys.ts";
import type { Agent, Anchor, Config, Expect, Vector } from "./vector.ts";

export const NOW = 1_800_000_000;
export const ISSUER = "https://id.acme.example";
export const PAY = "https://pay.acme.example/mcp";
export const DOCS = "https://docs.acme.example/mcp";

export const issuer: Key = ed25519Key("issuer");
export const planner: Key = ed25519Key("planner");
export const researcher: Key = ed25519Key("researcher");
const writer: Key = ed25519Key("writer");
export const stranger: Key = ed25519Key("stranger");
export const cloudIssuer: Key = p256Key("cloud issuer");
export const cloudPlanner: Key = p256Key("cloud planner");
const everybody = [issuer, planner, researcher, writer, stranger, cloudIssuer, cloudPlanner];

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };
export type Members = { readonly [name: string]: Json | undefined };

/** How one JWS differs from what would be right. */
export interface Differences {
  /** Members that are put in; `undefined` takes one out. Claims may be made of the parent's compact text. */
  readonly header?: Members | undefined;
  readonly claims?: Members | ((parent: string) => Members) | undefined;
  /** Rewrites the header's text, the payload's text (or gives bytes), the signature, the compact form. */
  readonly headerText?: (text: string) => string;
  readonly payload?: (text: string) => string | Uint8Array;
  readonly signature?: (signature: Buffer) => Buffer;
  readonly compact?: (text: string) => string;
  readonly signer?: Key | undefined;
}

/** How one token differs. */
export interface TokenDifferences extends Differences {
  readonly grant?: Json;
  readonly holder?: Key | undefined;
  readonly agent?: string | undefined;
}

/** Anchors, which may be made of the text that an issuer signed. */
export type TrustOf = readonly Anchor[] | ((text: string) => readonly Anchor[]);

export interface Scenario {
  readonly rule: string;
  readonly root?: TokenDifferences;
  /** One for each derived token. */
  readonly links?: readonly TokenDifferences[];
  readonly chain?: (text: string) => string;
  /** `false`: the call came without. */
  readonly proof?: Differences | false;
  readonly proofText?: (text: string) => string;
  readonly tool?: string;
  /** A value, or a JSON text as it is. */
  readonly arguments?: Json | { readonly text: string };
  /** What the tool's own schema made of the arguments. */
  readonly parsed?: Json;
  readonly inputSchema?: object;
  readonly adds?: { readonly [tool: string]: readonly string[] };
  readonly now?: number;
  readonly anchor?: Partial<Anchor>;
  readonly trust?: TrustOf;
  readonly audience?: readonly string[];
  readonly agents?: { readonly [name: string]: Agent };
  readonly limits?: { readonly [name: string]: number };
  /** The tools that the enforcement point names one by one. */
  readonly tools?: readonly string[];
}

export const accept: Expect = { result: "accept" };
export const refuse = (code: string, pointer?: string): Expect => ({
  result: "refuse",
  code,
  ...(pointer !== undefined && { pointer }),
});

/** What alice hands to the planner, unless a scenario says otherwise, and what the planner hands on. */
const ROOT_GRANT: Json = {
  read_invoice: { id: { constraint_type: "one_of", values: ["INV-7", "INV-9"] } },
  send_payment: {
    to: { constraint_type: "wildcard" },
    amount: { constraint_type: "range", max: 1000 },
    currency: { constraint_type: "exact", value: "EUR" },
  },
};
const CHILD_GRANT: Json = { read_invoice: { id: { constraint_type: "exact", value: "INV-7" } } };

export const anchorOf = (key: Key, more: Partial<Anchor> = {}): Anchor => ({
  issuer: ISSUER,
  keys: [{ kid: "k1", jwk: key.publicJwk }],
  audiences: [PAY],
  subjects: ["alice"],
  tools: "any",
  ...more,
});

const NAMES = ["planner", "researcher", "writer"];
const HOLDERS = [planner, researcher, writer];
export const thumbprintUri = (key: Key): string => `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${key.thumbprint}`;

export interface Made {
  readonly compact: string;
  readonly hash: string;
  readonly jti: Json;
}

export function vector(vectorId: string, description: string, scenario: Scenario, expect: Expect): Vector {
  const { rule, root = {}, links = [], proof = {}, anchor, trust, now = NOW } = scenario;
  const used = new Set<Key>();
  const use = (key: Key): Key => {
    used.add(key);
    return key;
  };

  const rootSigner = use(root.signer ?? issuer);
  const holders = [use(root.holder ?? planner)];
  const rootClaims = {
    jti: id(`${vectorId} root`),
    iss: ISSUER,
    sub: "alice",
    act: { sub: root.agent ?? "planner" },
    aud: [PAY],
    iat: NOW - 60,
    exp: NOW + 3540,
    del_depth: 0,
    del_max_depth: 3,
    hw: 1,
    cnf: { jwk: holders[0]?.publicJwk as unknown as Json },
    authorization_details: [{ type: "attenuating_agent_token", tools: root.grant ?? ROOT_GRANT }],
  };
  const made: Made[] = [makeJws({ alg: rootSigner.alg, typ: "aat+jwt", kid: "k1" }, rootClaims, root, rootSigner)];
  for (const [i, link] of links.entries()) {
    const parentHolder = holders[i] as Key;
    const holder = use(link.holder ?? (HOLDERS[i + 1] as Key));
    const signer = use(link.signer ?? parentHolder);
    holders.push(holder);
    const claims = {
      jti: id(`${vectorId} link ${i + 1}`),
      iss: thumbprintUri(parentHolder),
      act: { sub: link.agent ?? (NAMES[i + 1] as string) },
      iat: NOW - 30 + i,
      exp: NOW + 1800,
      del_depth: i + 1,
      del_max_depth: 3,
      par_hash: made[i]?.hash as string,
      cnf: { jwk: holder.publicJwk as unknown as Json },
      authorization_details: [{ type: "attenuating_agent_token", tools: link.grant ?? CHILD_GRANT }],
    };
    made.push(makeJws({ alg: signer.alg, typ: "aat+jwt" }, claims, link, signer, made[i]?.compact));
  }
  const leaf = made.at(-1) as Made;
  const chain = made.map(({ compact }) => compact).join("~");

  const tool = scenario.tool ?? "read_invoice";
  const given = scenario.arguments ?? { id: "INV-7" };
  const text =
    typeof given === "object" && given !== null && "text" in given ? String(given.text) : JSON.stringify(given);
  const proofClaims = {
    aat_aud: PAY,
    aat_id: leaf.jti,
    aat_tool: tool,
    hta: leniently(text),
    hw_leaf: leaf.hash,
    hw_ms: 0,
    iat: now,
    jti: id(`${vectorId} proof`),
  };
  const prover = proof === false ? undefined : use(proof.signer ?? (holders.at(-1) as Key));
  const proven =
    proof === false || prover === undefined
      ? undefined
      : makeJws({ alg: prover.alg, typ: "aat-pop+jwt" }, proofClaims, { ...proof, sorted: true }, prover).compact;

  const config: Config = {
    trust: (typeof trust === "function" ? trust(made[0]?.compact as string) : trust) ?? [
      anchorOf(rootSigner === stranger ? issuer : rootSigner, anchor),
    ],
    audience: scenario.audience ?? [PAY],
    agents: scenario.agents ?? Object.fromEntries(holders.map((key, i) => [NAMES[i], { keys: [key.thumbprint] }])),
    ...(scenario.adds && { adds: scenario.adds }),
    ...(scenario.tools && { tools: scenario.tools }),
    ...(scenario.limits && { limits: scenario.limits }),
  };
  return {
    id: vectorId,
    description,
    rule,
    keys: Object.fromEntries(
      everybody.filter((key) => used.has(key)).map(({ name, privateJwk }) => [name, privateJwk]),
    ),
    now,
    config,
    input: {
      chain: scenario.chain?.(chain) ?? chain,
      ...(proven !== undefined && { proof: scenario.proofText?.(proven) ?? proven }),
      tool,
      arguments: text,
      ...(scenario.parsed !== undefined && { parsed: JSON.stringify(scenario.parsed) }),
      ...(scenario.inputSchema && { inputSchema: scenario.inputSchema }),
    },
    expect,
  };
}

/** The value that a proof names for a text: what the sender meant, however odd the text. */
function leniently(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

export function makeJws(
  header: Members,
  claims: Members,
  differences: Differences & { sorted?: boolean },
  signer: Key,
  parent = "",
): Made {
  const head = JSON.stringify({ ...header, ...differences.header });
  const own = differences.claims;
  const all: Members = { ...claims, ...(typeof own === "function" ? own(parent) : own) };
  const body = differences.sorted ? canonical(all) : JSON.stringify(all);
  const input = [differences.headerText?.(head) ?? head, differences.payload?.(body) ?? body].map(base64url).join(".");
  const signature = signer.sign(input);
  const compact = `${input}.${base64url(differences.signature?.(signature) ?? signature)}`;
  return {
    compact: differences.compact?.(compact) ?? compact,
    hash: base64url(sha256(input)),
    jti: all["jti"] ?? null,
  };
}

/** RFC 8785, for values that were written by hand here. */
export function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value as Members).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}
