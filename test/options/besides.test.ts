/**
 * An object with methods may have members besides. One that is there and cannot be right is refused where it comes in: taken for
 * left out, a sink would never be told how calls ended, and nobody would hear of it.
 */
import { type AuthorizerOptions, createAuthorizer, HopwiseError, memoryAudit, memoryState } from "@hopwise/core";
import type { PolicyDecisionPoint, RunningPdp } from "@hopwise/core/adapter";
import type { AuditSink } from "@hopwise/core/audit";
import { describeContext } from "@hopwise/core/describe";
import type { AttributeSource, UserDirectory } from "@hopwise/core/sources";
import type { RevocationStore, State } from "@hopwise/core/state";
import { allowAll, createCompany } from "@hopwise/core/testing";
import type { KeySource } from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";

const company = await createCompany();
const { trustAnchor } = company.issuer;
const RIGHT: AuthorizerOptions = {
  cerbos: allowAll(),
  audience: company.audience,
  trust: [trustAnchor],
  users: company.users,
  agents: company.agents,
  tools: company.tools,
  audit: memoryAudit(),
};

type Members<T, Required extends keyof T> = { readonly [Name in Exclude<keyof T, Required>]-?: readonly unknown[] };

interface Row {
  readonly right: object;
  readonly options: (own: never) => Partial<AuthorizerOptions>;
  readonly wrong: { readonly [member: string]: readonly unknown[] };
}

/** A member that is new needs wrong values: it does not compile without. */
function row<T, Required extends keyof T>(
  right: Pick<T, Required>,
  options: (own: never) => Partial<AuthorizerOptions>,
  wrong: Members<T, Required>,
): Row {
  return { right: right as object, options, wrong };
}

const NO_METHOD: readonly unknown[] = [null, 5, "text", {}, Promise.resolve(() => {})];
const find = (): undefined => undefined;
const SOURCE = {
  name: ["", 5, null, {}, Promise.resolve("hr")],
  schema: [null, 5, "public", [], Promise.resolve({}), { type: Promise.resolve("object") }, { type: 5n }],
  look: NO_METHOD,
  health: NO_METHOD,
};
const ATTRIBUTES = { ...SOURCE, optional: ["false", 1, null, Promise.resolve(true)] };
const USERS = {
  ...SOURCE,
  issuers: ["https://id.example", null, {}, [undefined], [""], [5], [Promise.resolve("i")], Promise.resolve([])],
  uniqueIds: ["true", 1, null, Promise.resolve(true)],
};

const ROWS: { readonly [place: string]: Row } = {
  audit: row<Omit<AuditSink, "keeps">, "record">({ record: () => {} }, (audit) => ({ audit }), {
    outcome: NO_METHOD,
    unverified: NO_METHOD,
    health: NO_METHOD,
  }),
  users: row<UserDirectory, "find">({ find }, (users) => ({ users }), USERS),
  agents: row<AuthorizerOptions["agents"], "find">({ find }, (agents) => ({ agents }), SOURCE),
  "sources.user.risk": row<AttributeSource<never>, "find">(
    { find },
    (risk) => ({ sources: { user: { risk } } }),
    ATTRIBUTES,
  ),
  "tools.pay.sources.risk": row<AttributeSource<never>, "find">(
    { find },
    (risk) => ({ tools: { pay: { kind: "payment", action: "send", id: "to", sources: { risk } } } }),
    ATTRIBUTES,
  ),
  telemetry: row<NonNullable<AuthorizerOptions["telemetry"]>, "begin">(
    { begin: () => undefined as never },
    (telemetry) => ({ telemetry }),
    { report: NO_METHOD },
  ),
  state: row<State, "replay" | "revocations">(memoryState(), (state) => ({ state }), {
    spending: [null, 5, {}, [], { reserve: find, settle: find }, Promise.resolve({})],
    approvals: [null, 5, {}, [], { keep: find, find, latest: find, answer: find }, Promise.resolve({})],
    health: NO_METHOD,
    close: NO_METHOD,
  }),
  "state.revocations": row<RevocationStore, "find">(
    { find },
    (revocations) => ({ state: { ...memoryState(), revocations } }),
    { health: NO_METHOD },
  ),
  cerbos: row<PolicyDecisionPoint, "checkResources">(
    { checkResources: async () => ({}) as never },
    (cerbos) => ({ cerbos }),
    { planResources: NO_METHOD, whole: NO_METHOD },
  ),
  "cerbos.client": row<PolicyDecisionPoint, "checkResources">(
    { checkResources: async () => ({}) as never },
    (client) => ({ cerbos: { client } }),
    { planResources: NO_METHOD, whole: NO_METHOD },
  ),
  "cerbos, as it runs,": row<RunningPdp, "client">({ client: allowAll() }, (cerbos) => ({ cerbos }), {
    version: ["", 5, null, Promise.resolve("0.55.0")],
    failuresOf: NO_METHOD,
    health: NO_METHOD,
  }),
  "trust[0].keys": row<KeySource, "find">({ find: async () => [] }, (keys) => ({ trust: [{ ...trustAnchor, keys }] }), {
    renew: NO_METHOD,
    begin: NO_METHOD,
    health: NO_METHOD,
  }),
};

function refusalOf(run: () => unknown): string {
  try {
    run();
    return "taken";
  } catch (error) {
    return error instanceof HopwiseError
      ? `${error.code}: ${error.message}`
      : `${String(error)}, which is no error of ours`;
  }
}

/** Fails when that member of it is read. */
const failing = (right: object, member: string): object =>
  Object.defineProperty({ ...right }, member, {
    get: () => {
      throw new TypeError("hunter2");
    },
  });

describe.each(Object.entries(ROWS))("%s", (place, { right, options, wrong }) => {
  const ask = (own: object): string => refusalOf(() => createAuthorizer({ ...RIGHT, ...options(own as never) }));

  it("is taken with what is right, and with what is left out by undefined", () => {
    expect(ask(right)).toBe("taken");
    for (const member of Object.keys(wrong)) expect(ask({ ...right, [member]: undefined })).toBe("taken");
  });

  it.each(Object.keys(wrong))("is refused with what cannot be right as its %s, and it is said where", (member) => {
    const at = `createAuthorizer: ${place.replace(/,.*/, "")}.${member}`;
    for (const value of wrong[member] ?? []) {
      const refusal = ask({ ...right, [member]: value });
      expect(refusal).toMatch(/^config_invalid: .{30}/);
      expect(refusal).toContain(at);
      if (value instanceof Promise) expect(refusal).toContain("a promise; await it first");
    }
    expect(ask(failing(right, member))).toContain(`${at} must be`);
  });
});

it("what a file was read into is no directory and no source of keys, though it has find as a list has", () => {
  const file = Buffer.from("{}");
  for (const wrong of [{ users: file }, { agents: file }, { trust: [{ ...trustAnchor, keys: file }] }]) {
    expect(refusalOf(() => createAuthorizer({ ...RIGHT, ...wrong } as never))).toMatch(/; got an? .*Array$/);
  }
});

it("a description of what policies see refuses a schema that JSON cannot say, at its place", () => {
  const users = { ...company.users, schema: { properties: { region: { type: Promise.resolve("string") } } } };
  expect(refusalOf(() => describeContext({ tools: company.tools, users, agents: company.agents } as never))).toBe(
    "config_invalid: describeContext: users.schema.properties.region.type must be what JSON can say; got a promise; await it first",
  );
});
