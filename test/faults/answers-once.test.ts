/**
 * What a host's function answers is an object of the host's, which may be another one by the next line: a row that a driver
 * fills anew for the next query, an entity that asks its database as each member is read. So each member is read once for an
 * answer, and an answer that is kept is a copy.
 */
import { type AuthorizerOptions, createAuthorizer, generateSigner, inMemoryAgents, memoryAudit } from "@hopwise/core";
import * as sources from "@hopwise/core/sources";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import type { TrustedKey } from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";

const key = await generateSigner();
const company = await createCompany({ agents: { planner: { key } } });
const held = await company.chain("alice", "planner", { to: "planner/reader/AAAAAAAA", holder: await generateSigner() });
const { trustAnchor } = company.issuer;
const CALL = { tool: "send_payment", arguments: { to: "ACME", amount: 9 } };

type Find = () => unknown;
type Options = Partial<AuthorizerOptions>;

interface Answering {
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
  attributes: { limits: { of: [1] } },
  class: "planner",
  owner: "team-a",
  tools: ["send_payment"],
  maxDepth: 3,
  classes: { reader: { roles: ["reader"], attributes: { level: 1 }, tools: ["send_payment"], maxDepth: 2 } },
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

const ROWS: { readonly [what: string]: Answering } = {
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

/** A call of a session, and all that the policies were asked with. */
async function ask(options: Options, calls: number, between: () => void = () => {}) {
  const told: unknown[] = [];
  const pdp = answeringPdp();
  const authorizer = createAuthorizer({
    audience: company.audience,
    trust: [trustAnchor],
    users: company.users,
    agents: inMemoryAgents({ planner: planner() }),
    tools: company.tools,
    audit: memoryAudit(),
    clock: company.clock,
    delegation: "grants-only",
    cerbos: {
      ...pdp,
      checkResources: (request, how) => {
        told.push(structuredClone({ principal: request.principal, resources: request.resources }));
        return pdp.checkResources(request, how);
      },
    },
    ...options,
  });
  const session = await authorizer.openSession(held);
  const outcomes: unknown[] = [];
  for (let i = 0; i < calls; i++) {
    outcomes.push(await session.authorize(CALL));
    between();
  }
  return { outcomes, told };
}

type Node = { [name: string]: unknown };
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** The same, whose members are getters that count. */
function counting(value: unknown, reads: Map<string, number>, at = ""): unknown {
  if (!isNode(value)) return value;
  const copy: object = Array.isArray(value) ? new Array(value.length) : {};
  for (const [name, member] of Object.entries(value)) {
    const place = `${at}/${name}`;
    const own = counting(member, reads, place);
    const get = (): unknown => {
      reads.set(place, (reads.get(place) ?? 0) + 1);
      return own;
    };
    Object.defineProperty(copy, name, { get, enumerable: true });
  }
  return copy;
}

/** Another text in the place of each, at every depth, and one more in each list. */
function spoil(value: unknown): void {
  if (!isNode(value)) return;
  for (const name of Object.keys(value)) {
    if (isNode(value[name])) spoil(value[name]);
    else value[name] = "spoiled";
  }
  if (Array.isArray(value)) value.push("spoiled");
  else value["spoiled"] = "spoiled";
}

describe.each(Object.entries(ROWS))("what a host answers as %s", (_, { right, options, kept }) => {
  it("has each member read once", async () => {
    const answers: Map<string, number>[] = [];
    const { outcomes } = await ask(
      options(() => {
        const reads = new Map<string, number>();
        answers.push(reads);
        return counting(right(), reads);
      }),
      1,
    );
    expect(outcomes).toEqual([expect.objectContaining({ outcome: "allowed" })]);
    expect(answers.length).toBeGreaterThan(0);
    expect(
      answers.flatMap((reads) => [...reads].filter(([place, times]) => times > 1 && !COMPARED.test(place))),
    ).toEqual([]);
  });

  it.runIf(kept)("is kept as it was, whatever becomes of the object that it was", async () => {
    const given: unknown[] = [];
    const find = (): unknown => {
      given.push(right());
      return given.at(-1);
    };
    const { outcomes, told } = await ask((kept as NonNullable<typeof kept>)(find), 2, () => given.map(spoil));
    expect(outcomes.map((one) => (one as { outcome: string }).outcome)).toEqual(["allowed", "allowed"]);
    expect(told.length).toBeGreaterThan(3);
    expect(JSON.stringify(told)).not.toContain("spoiled");
  });
});

/** Members of a key are compared, or read as a key each time that it is used: whatever they are, they are that key or none. */
const COMPARED = /\/(kty|crv|x)$/;
