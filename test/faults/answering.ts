/** What a host's functions answer rightly, and an authorizer that asks them. */
import {
  type AuthorizerOptions,
  createAuthorizer,
  generateSigner,
  inMemoryAgents,
  memoryAudit,
  type Session,
} from "@hopwise/core";
import * as sources from "@hopwise/core/sources";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import type { TrustedKey } from "@hopwise/core/tokens";

const key = await generateSigner();
const company = await createCompany({ agents: { planner: { key } } });
/** Two agents, the second of a class of the first. */
const held = await company.chain("alice", "planner", { to: "planner/reader/AAAAAAAA", holder: await generateSigner() });
const { trustAnchor } = company.issuer;
/** One agent: for what is tried a thousand times. */
export const short = await company.chain("alice", "planner");
export const CALL = { tool: "send_payment", arguments: { to: "ACME", amount: 9 } };

export type Find = () => unknown;
export type Options = Partial<AuthorizerOptions>;

export interface Answering {
  /** What it answers rightly, made anew. */
  readonly right: () => object;
  readonly options: (find: Find) => Options;
  /** The same where answers are kept. */
  readonly kept?: (find: Find) => Options;
}

const asked = (name: string) => ({ name, clock: company.clock });
const keeping = (name: string) => ({ ...asked(name), ttlMs: 86_400_000 });
const user = () => ({ id: "alice", roles: ["clerk"], attributes: { region: "EMEA", limits: { of: [1] } }, scope: "a" });
const planner = () => ({
  roles: ["agent"],
  keys: [{ ...key.publicJwk }],
  attributes: { level: [1] },
  class: "planner",
  owner: "team-a",
  tools: ["send_payment"],
  maxDepth: 3,
  classes: { reader: { roles: ["reader"], tools: ["send_payment"] } },
});
const attributes = () => ({ level: 1, deep: { list: [1, { a: "b" }] } });
const keys = () => (trustAnchor.keys as readonly TrustedKey[]).map(({ kid, jwk }) => ({ kid, jwk: { ...jwk } }));
const loading = (part: object): Options => ({ tools: { send_payment: { kind: "payment", action: "send", ...part } } });
const find_ = <T>(find: Find) => find as () => T;
const agents = (options: object) => (find: Find) => ({
  agents: sources.agentsFrom({
    ...asked("registry"),
    ...options,
    find: (name) => (name === "planner" ? find() : undefined) as never,
  }),
});

export const ROWS: { readonly [what: string]: Answering } = {
  "a user": {
    right: user,
    options: (find) => ({ users: { find: find_<never>(find) } }),
    kept: (find) => ({ users: sources.usersFrom({ ...keeping("hr"), find: find_<never>(find) }) }),
  },
  "an agent": { right: planner, options: agents({}), kept: agents({ ttlMs: 86_400_000 }) },
  "attributes of a user": {
    right: attributes,
    options: (find) => ({ sources: { user: { risk: { find: find_<never>(find) } } } }),
    kept: (find) => ({
      sources: { user: { risk: sources.userAttributesFrom({ ...keeping("risk"), find: find_<never>(find) }) } },
    }),
  },
  "attributes of an agent": {
    right: attributes,
    options: (find) => ({ sources: { agent: { risk: { find: find_<never>(find) } } } }),
    kept: (find) => ({
      sources: { agent: { risk: sources.agentAttributesFrom({ ...keeping("risk"), find: find_<never>(find) }) } },
    }),
  },
  "attributes of a resource": {
    right: attributes,
    options: (find) => loading({ attributes: find }),
    kept: (find) =>
      loading({
        sources: { risk: sources.resourceAttributesFrom({ ...keeping("risk"), key: "to", find: find_<never>(find) }) },
      }),
  },
  "keys of an issuer": {
    right: keys,
    options: (find) => ({ trust: [{ ...trustAnchor, keys: { find: async () => find() as never } }] }),
  },
  "auxiliary data": {
    right: () => ({ jwt: { token: "t", keySetId: "k" } }),
    options: (find) => ({ auxData: find_<never>(find) }),
  },
};

/** Policies that allow everything, whose answer becomes what is made of it. */
export function answersBecome(change: (answer: unknown) => unknown): Options {
  const pdp = answeringPdp();
  const read = async (answer: Promise<unknown>) => change(JSON.parse(JSON.stringify(await answer))) as never;
  return {
    cerbos: {
      checkResources: (request, how) => read(pdp.checkResources(request, how)),
      planResources: (request, how) => read(pdp.planResources(request, how)),
    },
  };
}

/** A session of an authorizer of which all is well, but for these options. */
export async function sessionWith(options: Options, chain = held): Promise<Session> {
  const authorizer = createAuthorizer({
    audience: company.audience,
    trust: [trustAnchor],
    users: company.users,
    agents: inMemoryAgents({ planner: planner() }),
    tools: company.tools,
    audit: memoryAudit(),
    clock: company.clock,
    delegation: "grants-only",
    cerbos: answeringPdp(),
    ...options,
  });
  return authorizer.openSession(chain);
}
