/** The story's finance team, as small as a measurement needs it: alice → planner → researcher, and longer chains. */
import { fileURLToPath } from "node:url";
import {
  type Authorizer,
  type AuthorizerOptions,
  createAuthorizer,
  createIssuer,
  delegate,
  generateSigner,
  type HeldDelegation,
  type Issuer,
  memoryState,
  type Signer,
  serialize,
  type ToolMap,
} from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import type { AuditSink, DecisionRecord } from "@hopwise/core/audit";
import { exact, type Grant, grant, wildcard } from "@hopwise/core/grant";
import { agentsFrom, type User, usersFrom } from "@hopwise/core/sources";
import type { Budget } from "@hopwise/core/tokens";

export const POLICIES: string = fileURLToPath(new URL("../policies", import.meta.url));
export const AUDIENCE = "https://pay.acme.example/mcp";
const ISSUER = "https://id.acme.example";

/** Whoever measures puts no result through `fulfil`, since no tool runs. */
export const FULFILS = { fulfils: true } as const;

/** The call that is judged: a reader agent reads an invoice, which the policies allow to all three hops. */
export const CALL = { tool: "read_invoice", arguments: { id: "INV-7" } } as const;

/** Lean grants: one audience, one or two tools, one constraint each. What a chain of this length has to say anyway. */
export const WIDE: Grant = grant({ get_transactions: { account: wildcard() }, read_invoice: { id: wildcard() } });
export const NARROW: Grant = grant({ read_invoice: { id: wildcard() } });
const NARROWEST = grant({ read_invoice: { id: exact("INV-7") } });

/** Deep enough for the longest chain that the default limits read: 17 tokens. */
export async function makeIssuer(tools: readonly string[] = Object.keys(WIDE)): Promise<Issuer> {
  return createIssuer({
    issuer: ISSUER,
    signer: await generateSigner(),
    audiences: [AUDIENCE],
    subjects: ["alice"],
    tools,
    maxDepth: 16,
  });
}

/** A chain of so many tokens, each with a fresh key: two tools, then one, then one with one value. */
export async function makeChain(issuer: Issuer, tokens: number): Promise<HeldDelegation> {
  let held = await issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: await generateSigner(),
    grant: WIDE,
  });
  for (let depth = 1; depth < tokens; depth++) {
    held = await delegate(held, {
      to: "researcher",
      holder: await generateSigner(),
      grant: depth === 1 ? NARROW : NARROWEST,
    });
  }
  return held;
}

/** The text of a chain as a server gets it from a socket: one flat string that nobody has looked at yet. */
export function asReceived(held: HeldDelegation, write: typeof serialize = serialize): string {
  return Buffer.from(write(held), "latin1").toString("latin1");
}

/** Alice's chain over planner to researcher: three hops, two tokens. */
export async function makeTeam(wide: Grant = WIDE, narrow: Grant = NARROW): Promise<Team> {
  const [issuer, planner, researcher] = await Promise.all([
    makeIssuer(Object.keys(wide)),
    generateSigner(),
    generateSigner(),
  ]);
  const held = await heldBy({ issuer, planner, researcher }, wide, narrow);
  return { issuer, planner, researcher, held };
}

/** The researcher's delegation of a team, with a budget or without. */
export async function heldBy(
  { issuer, planner, researcher }: Omit<Team, "held">,
  wide: Grant = WIDE,
  narrow: Grant = NARROW,
  budget?: Budget,
): Promise<HeldDelegation> {
  const order = { subject: "alice", agent: "planner", holder: planner, grant: wide };
  const first = await issuer.issue({ ...order, ...(budget && { budget }) });
  return delegate(first, { to: "researcher", holder: researcher, grant: narrow });
}

export interface Team {
  readonly issuer: Issuer;
  readonly planner: Signer;
  readonly researcher: Signer;
  /** The researcher's delegation. */
  readonly held: HeldDelegation;
}

/** The part of a team that an enforcement point must know. Without a secret, so that another process can be told. */
export interface PublicTeam {
  readonly issuer: Pick<Issuer, "trustAnchor">;
  readonly planner: Pick<Signer, "publicJwk">;
  readonly researcher: Pick<Signer, "publicJwk">;
}

export function publicTeam({ issuer, planner, researcher }: Team): PublicTeam {
  return {
    issuer: { trustAnchor: issuer.trustAnchor },
    planner: { publicJwk: planner.publicJwk },
    researcher: { publicJwk: researcher.publicJwk },
  };
}

/** The tools of the call that is judged, without their listing actions: nobody lists. */
export const TOOLS: ToolMap = {
  read_invoice: {
    kind: "invoice",
    action: "read",
    id: "id",
    attributes: () => ({ region: "EMEA", supplier: "acme", amount: 900 }),
  },
  get_transactions: {
    kind: "ledger",
    action: "read",
    id: "account",
    attributes: () => ({ department: "finance" }),
  },
};

const ALICE: User = {
  id: "alice",
  roles: ["employee", "analyst"],
  attributes: { department: "finance", region: "EMEA", paymentLimit: 1000 },
};

/** An authorizer of the story's payment server, on whatever answers for the policies. */
export function makeAuthorizer(
  team: PublicTeam,
  cerbos: PolicyDecisionPoint,
  options: Pick<Partial<AuthorizerOptions>, "audit" | "tools" | "state"> = {},
): Authorizer {
  const owner = "finance-team";
  return createAuthorizer({
    cerbos,
    audience: AUDIENCE,
    trust: [team.issuer.trustAnchor],
    // What a team has in production: a directory and a registry that are asked, and remembered for a minute.
    users: usersFrom({ name: "directory", ttlMs: 60_000, find: () => ALICE }),
    agents: agentsFrom({
      name: "registry",
      ttlMs: 60_000,
      find: (name) =>
        name === "planner"
          ? { roles: ["finance_agent"], class: "finance", owner, keys: [team.planner.publicJwk] }
          : { roles: ["reader_agent"], class: "reader", owner, keys: [team.researcher.publicJwk] },
    }),
    tools: TOOLS,
    delegation: { kind: "delegation", action: "delegate" },
    // A machine that is busy for a moment must not end the measurement.
    deadlineMs: 30_000,
    audit: boundedAudit(),
    // Proofs of this process's first second count, too: nobody used one before.
    state: memoryState({ since: 0 }),
    ...options,
  });
}

/** A sink that is not durable and does not grow: the record is made in full, and writing it costs nothing. */
function boundedAudit(): AuditSink {
  const kept: DecisionRecord[] = [];
  let next = 0;
  return {
    record: (record) => {
      kept[next] = record;
      next = (next + 1) % 1024;
    },
  };
}
