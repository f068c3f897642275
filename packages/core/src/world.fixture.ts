import type {
  CheckResourcesRequest,
  CheckResourcesResponse,
  PlanResourcesRequest,
  PlanResourcesResponse,
} from "@cerbos/core";
import { expect } from "vitest";
import { encodeBase64url, type SignatureAlgorithm, sha256 } from "./crypto/index.ts";
import type { PolicyDecisionPoint } from "./decision/pdp.ts";
import { HopwiseError } from "./errors.ts";
import { canonicalJson, type JsonValue } from "./json/index.ts";
import type { Chain } from "./token/claims/chain.ts";
import { algorithmOf, thumbprintOf, thumbprintUri } from "./token/keys/key.ts";
import { DEFAULT_LIMITS, type Limits } from "./token/keys/limits.ts";
import { generateSigner, type Signer } from "./token/keys/signer.ts";
import { type ExpectedProof, type Proof, verifyProof } from "./token/proof/verify-proof.ts";
import type { TrustAnchor } from "./token/trust/trust.ts";
import { createChainVerifier } from "./token/verify/verify-chain.ts";

/** The clock of all tests, in seconds. */
export const NOW = 1_760_000_000;
export const ISSUER = "https://id.acme.example";
export const PAY = "https://pay.acme.example/mcp";
export const DOCS = "https://docs.acme.example/mcp";
/** 16 bytes of base64url: the `jti` of roots and of proofs. */
export const JTI = "AAAAAAAAAAAAAAAAAAAAAA";
export const ALGORITHMS = ["Ed25519", "ES256"] as const satisfies readonly SignatureAlgorithm[];

/** Anything that may stand where an honest maker puts JSON; `undefined` members are left out. */
export type Claims = { readonly [name: string]: unknown };

const encoder = new TextEncoder();

const segment = (content: string | Uint8Array | Claims | readonly unknown[]): string =>
  encodeBase64url(
    typeof content === "string"
      ? encoder.encode(content)
      : content instanceof Uint8Array
        ? content
        : encoder.encode(JSON.stringify(content)),
  );

/** Signs ANY header and ANY payload with any key: what an attacker can make. Texts and bytes go in as they are. */
export async function forge(
  header: string | Claims,
  payload: string | Uint8Array | Claims | readonly unknown[],
  signer: Pick<Signer, "sign">,
): Promise<string> {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${encodeBase64url(await signer.sign(encoder.encode(input)))}`;
}

/** What a token says, read without any check. */
export function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString()) as Claims;
}

/** H(t): what a child names its parent by. */
export async function hashOf(token: string): Promise<string> {
  return sha256(token.slice(0, token.lastIndexOf(".")));
}

/** The same token under the other of the two ECDSA signatures that anybody can make of one: r, and n - s. */
export function twinOf(token: string): string {
  const n = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const at = token.lastIndexOf(".") + 1;
  const signature = Buffer.from(token.slice(at), "base64url").toString("hex");
  const s = (n - BigInt(`0x${signature.slice(64)}`)).toString(16).padStart(64, "0");
  return token.slice(0, at) + Buffer.from(signature.slice(0, 64) + s, "hex").toString("base64url");
}

/** A grant as it stands in a token. */
export function details(tools: unknown): Claims {
  return { authorization_details: [{ type: "attenuating_agent_token", tools }] };
}

export const TOOLS = {
  send_payment: {
    to: { constraint_type: "wildcard" },
    amount: { constraint_type: "range", max: 1000 },
  },
  read_invoice: { id: { constraint_type: "one_of", values: ["INV-7", "INV-9"] } },
};

/** An issuer, three agents and a stranger, with their keys, and the means to make good and broken tokens. */
export interface World {
  readonly algorithm: SignatureAlgorithm;
  readonly issuer: Signer;
  readonly planner: Signer;
  readonly researcher: Signer;
  readonly clerk: Signer;
  readonly mallory: Signer;
  readonly anchor: TrustAnchor;
  /** A root for `planner`, with these claims changed. */
  root(claims?: Claims, maker?: Maker): Promise<string>;
  /** A token for `researcher` under the last token of `parent`, signed by its holder `planner`, with these claims changed. */
  child(parent: string, claims?: Claims, maker?: Maker): Promise<string>;
  /** A token for `clerk` under `researcher`'s. */
  grandchild(parent: string, claims?: Claims, maker?: Maker): Promise<string>;
  /** A root and a child, joined. */
  chain(): Promise<string>;
  /** A proof of `send_payment` by `researcher` for the last token of a chain. */
  proof(chain: string, claims?: Claims, maker?: ProofMaker): Promise<string>;
}

interface Maker {
  readonly signer?: Signer;
  /** Header parameters changed. */
  readonly header?: Claims;
}

interface ProofMaker extends Maker {
  /** The payload's text, where it is not to be the canonical one. */
  readonly write?: (claims: Claims) => string;
}

export const ARGUMENTS = { to: "ACME-Supplies", amount: 900 };

export async function createWorld(algorithm: SignatureAlgorithm = "Ed25519"): Promise<World> {
  const [issuer, planner, researcher, clerk, mallory] = (await Promise.all(
    Array.from({ length: 5 }, () => generateSigner(algorithm)),
  )) as [Signer, Signer, Signer, Signer, Signer];

  const token = async (typ: string, claims: Claims, maker: Maker & { readonly signer: Signer }): Promise<string> =>
    forge({ alg: algorithmOf(maker.signer.publicJwk), typ, ...maker.header }, claims, maker.signer);

  const derive =
    (from: Signer, to: Signer, name: string): World["child"] =>
    async (parent, claims = {}, { signer = from, header } = {}) => {
      const last = parent.split("~").at(-1) as string;
      const up = claimsOf(last);
      const depth = (up["del_depth"] as number) + 1;
      const own = {
        jti: encodeBase64url(new Uint8Array(16).fill(depth)),
        iss: thumbprintUri(await thumbprintOf(from.publicJwk)),
        act: { sub: name },
        iat: up["iat"],
        exp: up["exp"],
        del_depth: depth,
        del_max_depth: up["del_max_depth"],
        par_hash: await hashOf(last),
        cnf: { jwk: to.publicJwk },
        authorization_details: up["authorization_details"],
        ...claims,
      };
      return token("aat+jwt", own, { signer, header: { ...header } });
    };

  const world: World = {
    algorithm,
    issuer,
    planner,
    researcher,
    clerk,
    mallory,
    anchor: {
      issuer: ISSUER,
      keys: [{ kid: "k1", jwk: issuer.publicJwk }],
      audiences: [PAY, DOCS],
      subjects: ["alice"],
      tools: "any",
    },
    root: async (claims = {}, { signer = issuer, header } = {}) => {
      const own = {
        jti: JTI,
        iss: ISSUER,
        sub: "alice",
        act: { sub: "planner" },
        aud: [PAY],
        iat: NOW,
        exp: NOW + 3600,
        del_depth: 0,
        del_max_depth: 3,
        hw: 1,
        cnf: { jwk: planner.publicJwk },
        ...details(TOOLS),
        ...claims,
      };
      return token("aat+jwt", own, { signer, header: { kid: "k1", ...header } });
    },
    child: derive(planner, researcher, "researcher"),
    grandchild: derive(researcher, clerk, "clerk"),
    chain: async () => {
      const root = await world.root();
      return `${root}~${await world.child(root)}`;
    },
    proof: async (chain, claims = {}, { signer = researcher, header, write } = {}) => {
      const leaf = chain.split("~").at(-1) as string;
      const own = {
        aat_aud: PAY,
        aat_id: claimsOf(leaf)["jti"],
        aat_tool: "send_payment",
        hta: ARGUMENTS,
        hw_leaf: await hashOf(leaf),
        hw_ms: 0,
        iat: NOW,
        jti: JTI,
        ...claims,
      };
      const plain = JSON.parse(JSON.stringify(own)) as Claims;
      const payload = write === undefined ? canonicalJson(plain as JsonValue) : write(plain);
      const alg = algorithmOf(signer.publicJwk);
      return forge({ alg, typ: "aat-pop+jwt", ...header }, payload, signer);
    },
  };
  return world;
}

/** Verifies with a verifier of its own: nothing is remembered from before. */
export function verifyAt(
  chain: string,
  trust: readonly TrustAnchor[],
  { now = NOW, limits = {} }: { readonly now?: number; readonly limits?: Partial<Limits> } = {},
): Promise<Chain> {
  return createChainVerifier(trust, { ...DEFAULT_LIMITS, ...limits }).verify(chain, now);
}

/** Verifies a proof of `send_payment` at {@link PAY}. */
export function proveAt(chain: Chain, proof: string, changed: Partial<ExpectedProof> = {}): Promise<Proof> {
  return verifyProof(proof, {
    chain,
    tool: "send_payment",
    arguments: ARGUMENTS,
    audience: [PAY],
    nowSeconds: NOW,
    limits: DEFAULT_LIMITS,
    ...changed,
  });
}

/** How something was refused: its code, and the pointer where it has one, as `code /pointer`; else `accepted`. */
export async function refusalOf(run: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof run === "function" ? run() : run);
  } catch (error) {
    if (!(error instanceof HopwiseError)) throw error;
    return error.pointer ? `${error.code} ${error.pointer}` : error.code;
  }
  return "accepted";
}

/** The {@link HopwiseError} that something was refused with. Fails where it was not, or by another error. */
export async function errorOf(run: Promise<unknown> | (() => unknown)): Promise<HopwiseError> {
  let error: unknown = "nothing was refused";
  try {
    await (typeof run === "function" ? run() : run);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(HopwiseError);
  return error as HopwiseError;
}

/** One result of a decision point: what Cerbos answers, or something that only looks like it. */
export type Result = Record<string, unknown>;

/** A result that allows what was asked, with these members changed. */
export function allowing(
  { resource, actions }: CheckResourcesRequest["resources"][number],
  changed: Result = {},
): Result {
  const of = <T>(value: T): { [action: string]: T } => Object.fromEntries(actions.map((action) => [action, value]));
  return {
    resource: { kind: resource.kind, id: resource.id },
    actions: of("EFFECT_ALLOW"),
    validationErrors: [],
    outputs: [],
    metadata: { actions: of({ matchedPolicy: `resource.${resource.kind}` }) },
    ...changed,
  };
}

export function allowAll(request: CheckResourcesRequest): Result[] {
  return request.resources.map((asked) => allowing(asked));
}

export const never: Promise<never> = new Promise<never>(() => {});

/**
 * A decision point that gives these results and plans, right or wrong, and remembers the requests as they came. Where only
 * right answers matter, take `answeringPdp` of the test kit.
 */
export function pdpOf(
  results: (request: CheckResourcesRequest) => unknown = allowAll,
  planKindOf: (request: PlanResourcesRequest) => unknown = () => never,
): {
  readonly pdp: PolicyDecisionPoint;
  readonly asked: readonly CheckResourcesRequest[];
  readonly planned: readonly PlanResourcesRequest[];
  readonly signals: readonly (AbortSignal | undefined)[];
} {
  const asked: CheckResourcesRequest[] = [];
  const planned: PlanResourcesRequest[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const pdp: PolicyDecisionPoint = {
    checkResources: async (request, options) => {
      asked.push(request);
      signals.push(options?.signal);
      return { cerbosCallId: "call", requestId: "", results: await results(request) } as CheckResourcesResponse;
    },
    planResources: async (request, options) => {
      planned.push(request);
      signals.push(options?.signal);
      return { kind: await planKindOf(request) } as PlanResourcesResponse;
    },
  };
  return { pdp, asked, planned, signals };
}
