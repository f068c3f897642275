/**
 * A source that is late is named in the denial: the walk over everything that may be late, whatever deadline it has of its
 * own, and whatever else is wrong at the same time.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { agentAttributesFrom, agentsFrom, userAttributesFrom, usersFrom } from "../principal/index.ts";
import { resourceAttributesFrom, type ToolEntry } from "../resource/index.ts";
import type { Many, One } from "../source/index.ts";
import { never } from "../world.fixture.ts";
import type { AuthorizerOptions, PrincipalSources } from "./options.ts";
import { createScene, decide, list, type Parts, payment, type Scene, TOOLS } from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

/** The members of options that are sources, or functions that may answer later. */
type Later<T> = {
  [Name in keyof T]-?: IsLater<NonNullable<T[Name]>> extends false ? never : Name;
}[keyof T];
type IsLater<T> = T extends readonly unknown[]
  ? false
  : T extends { find(key: never): unknown }
    ? true
    : T extends (...args: never) => infer Answer
      ? Extract<Answer, Promise<unknown>> extends never
        ? false
        : true
      : false;
/** Whatever is asked about a call. One of these that is new does not compile without a row. */
type Asked =
  | Later<Pick<AuthorizerOptions, "users" | "agents" | "tools" | "auxData" | "sources" | "delegation">>
  | `sources.${keyof PrincipalSources}`
  | `tools.${Later<ToolEntry> | "sources"}`;

/** How a source is asked that has a deadline of its own. */
type Asking = (One<never, never> | Many<never, never>) & { readonly name: string; readonly deadlineMs: number };

interface Row {
  readonly code: string;
  readonly hop?: number;
  /** What the denial says of it, before how late it was. */
  readonly says: RegExp;
  /** It never answers. */
  readonly hangs: Parts;
  /** It is asked through one of our own makers of sources. */
  readonly made?: (how: Asking) => Parts;
  /** Whether a list asks for it, too. */
  readonly inLists: boolean;
}

const hang = (): Promise<never> => never;
const source = { find: hang };
const withEntry = (changed: Partial<ToolEntry>): Parts => ({
  tools: { ...TOOLS, send_payment: { ...(TOOLS["send_payment"] as ToolEntry), ...changed } },
});

const WALK: { readonly [What in Asked]: Row } = {
  users: {
    code: "context_unavailable",
    hop: 0,
    says: /^the user directory could not tell who the user is: /,
    hangs: { users: source },
    made: (how) => ({ users: usersFrom(how as never) }),
    inLists: true,
  },
  agents: {
    code: "registry_unavailable",
    hop: 1,
    says: /^the agent registry could not tell who "planner" is: /,
    hangs: { agents: source },
    made: (how) => ({ agents: agentsFrom(how as never) }),
    inLists: true,
  },
  "sources.user": {
    code: "context_unavailable",
    hop: 0,
    says: /^the source "hr" of the user failed: /,
    hangs: { sources: { user: { hr: source } } },
    made: (how) => ({ sources: { user: { hr: userAttributesFrom(how as never) } } }),
    inLists: true,
  },
  "sources.agent": {
    code: "context_unavailable",
    hop: 1,
    says: /^the source "fleet" of "planner" failed: /,
    hangs: { sources: { agent: { fleet: source } } },
    made: (how) => ({ sources: { agent: { fleet: agentAttributesFrom(how as never) } } }),
    inLists: true,
  },
  auxData: {
    code: "context_unavailable",
    hop: 0,
    says: /^the function auxData, asked about hop 0, failed: /,
    hangs: { auxData: hang },
    inLists: true,
  },
  "tools.attributes": {
    code: "context_unavailable",
    says: /^the resource of "send_payment" could not be told: its loader failed: /,
    hangs: withEntry({ attributes: hang }),
    inLists: false,
  },
  "tools.sources": {
    code: "context_unavailable",
    says: /^the source "stock" of resource failed: /,
    hangs: withEntry({ sources: { stock: source } }),
    made: (how) => withEntry({ sources: { stock: resourceAttributesFrom({ ...how, key: () => "7" } as never) } }),
    inLists: false,
  },
  "tools.scope": {
    code: "context_unavailable",
    says: /^the policies for "send_payment" cannot be told: the function that makes the scope failed: /,
    hangs: withEntry({ scope: hang }),
    inLists: true,
  },
  "tools.policyVersion": {
    code: "context_unavailable",
    says: /^the policies for "send_payment" cannot be told: the function that makes the policyVersion failed: /,
    hangs: withEntry({ policyVersion: hang }),
    inLists: true,
  },
};
const ROWS = Object.entries(WALK).map(([what, row]) => ({ what, ...row }));
const MADE = ROWS.flatMap(({ made, ...row }) => (made === undefined ? [] : [{ ...row, made }]));

/** Merges parts that name different things. */
function both({ sources, tools, ...one }: Parts, other: Parts): Parts {
  const entry = { ...other.tools?.["send_payment"], ...tools?.["send_payment"] } as ToolEntry;
  return {
    ...other,
    ...one,
    sources: {
      user: { ...other.sources?.user, ...sources?.user },
      agent: { ...other.sources?.agent, ...sources?.agent },
    },
    ...withEntry({ ...entry, sources: { ...other.tools?.["send_payment"]?.sources, ...entry.sources } }),
  };
}

async function called(parts: Parts) {
  const { point, audit } = scene.point({ deadlineMs: 60, ...parts });
  const decision = await decide(payment(scene.inSession), point);
  // What the record says is for operators; the caller hears the code.
  expect(audit.records).toHaveLength(1);
  return decision;
}

function named({ code, hop, says }: Pick<Row, "code" | "hop" | "says">, ms: number) {
  const late = new RegExp(`${says.source}no answer within ${ms} ms`);
  return { outcome: "denied", code, message: expect.stringMatching(late), ...(hop !== undefined && { hop }) };
}

describe.each(ROWS)("$what, which is late,", (row) => {
  it("is named where a call waits for it", async () => {
    expect(await called(row.hangs)).toMatchObject(named(row, 60));
  });

  it("is named where it delays a list, and a list that does not ask for it does not wait", async () => {
    const { point } = scene.point({ deadlineMs: 60, ...row.hangs });
    const listing = await list(scene.inSession, [{ tool: "send_payment" }], point);
    if (row.inLists) expect(listing).toMatchObject(named(row, 60));
    else expect(JSON.stringify(listing)).not.toContain("no answer");
  });

  it("is named although an optional source is late, too, which ends before", async () => {
    const optional = { slow: { ...source, optional: true } };
    const parts = both(
      row.hangs,
      both({ sources: { user: optional, agent: optional } }, withEntry({ sources: optional })),
    );
    expect(await called(parts)).toMatchObject(named(row, 60));
  });

  it.each<[string, Parts]>([
    ["somebody that nobody knows", { users: { find: () => undefined } }],
    ["a user whose source has nothing", { sources: { user: { other: { find: () => undefined } } } }],
    ["roles that are none", { users: { find: () => ({ id: "alice", roles: "clerk" as never }) } }],
    ["a resource that is not there", withEntry({ attributes: () => undefined })],
    ["a loader that gives no data", withEntry({ attributes: () => 5 as never })],
    ["a scope that Cerbos never takes", withEntry({ scope: () => "no scope!" })],
  ])("is named where the call is also about %s", async (_, wrong) => {
    const hidden = row.what === "auxData" && ("users" in wrong || "sources" in wrong);
    const decision = await called(both(row.hangs, wrong));
    // Nobody is asked about a user who cannot be one.
    if (hidden) expect(decision.outcome).toBe("denied");
    else expect(decision).toMatchObject(named(row, 60));
  });
});

describe.each(MADE)("$what of our own making, which is late,", ({ made, ...row }) => {
  // Of two deadlines the one that counts is far before the other, also on a machine that does other work.
  it.each<[string, number, number, number]>([
    ["a longer deadline than the authorizer", 60_000, 60, 60],
    ["the same deadline", 60, 60, 60],
    ["a shorter deadline", 20, 5000, 20],
  ])("is named where it has %s", async (_, deadlineMs, pointMs, ms) => {
    const how = { name: "its name", deadlineMs };
    for (const by of [{ find: hang }, { findMany: hang }]) {
      const parts = { ...made({ ...how, ...by } as Asking), deadlineMs: pointMs };
      expect(await called(parts)).toMatchObject(named(row, ms));
    }
  });

  it("is named to each call that waits for the same answer, or in the same batch", async () => {
    const parts = made({ name: "its name", deadlineMs: 60_000, findMany: hang } as Asking);
    const { point } = scene.point({ deadlineMs: 60, ...parts });
    const calls = await Promise.all([1, 2, 3].map(() => decide(payment(scene.inSession), point)));
    for (const decision of calls) expect(decision).toMatchObject(named(row, 60));
  });
});
