import { describe, expect, it } from "vitest";
import { anyArguments, exact, grant, range } from "../../grant/index.ts";
import { createWorld, DOCS, errorOf, ISSUER, NOW, PAY } from "../../world.fixture.ts";
import type { DelegateOrder } from "./delegate.ts";
import { delegate } from "./delegate.ts";
import { grantFor } from "./grant-for.ts";
import { createIssuer, type IssuerOptions, type RootOrder } from "./issue.ts";

const world = await createWorld("Ed25519");
const pay = grant({ send_payment: { amount: range({ max: 100 }) } });
const clock = () => NOW * 1000;
const ORDER = { subject: "alice", agent: "planner", holder: world.planner, grant: pay };
const BUDGET = { id: "b", from: NOW, until: NOW + 3600 };

const issuerOf = (changed: Partial<IssuerOptions> = {}) =>
  createIssuer({
    issuer: ISSUER,
    signer: world.issuer,
    audiences: [PAY],
    subjects: ["alice"],
    tools: "any",
    clock,
    ...changed,
  });

/** Orders that a verifier's rules refuse, by the member that is at fault; or why none of it reaches them. */
type Refused<Order> = { readonly [Member in keyof Order]-?: readonly Partial<Order>[] | string };

const ROOTS: Refused<RootOrder> = {
  subject: [{ subject: "bob" }],
  agent: [{ agent: "agent:planner" }],
  holder: "its key is read before",
  grant: [{ grant: grant({ wipe: anyArguments }) }, { grant: grantFor({ [PAY]: { send_payment: anyArguments } }) }],
  allowDenyLists: "allows",
  audience: [{ audience: [DOCS] }, { audience: [PAY, PAY] }],
  lifetimeSeconds: [{ lifetimeSeconds: 86_401 }, { lifetimeSeconds: 3_600_000 }],
  maxDepth: [{ maxDepth: 4 }],
  interop: "allows less, and says so by its own name",
  budget: [
    { budget: { ...BUDGET, sums: { "a#b": { amount: 5 } } } },
    {
      budget: { ...BUDGET, calls: 5 },
      audience: [PAY, DOCS],
      grant: grantFor({ [PAY]: { send_payment: anyArguments } }),
    },
  ],
  txn: [{ txn: "x".repeat(200) }],
  login: [{ login: { kind: "local", issuer: "x".repeat(600), subject: "a" } }],
};

const CHILDREN: Refused<Omit<DelegateOrder, "grant" | "lifetimeSeconds" | "maxDepth" | "budget" | "limits" | "clock">> =
  {
    to: [{ to: "agent:researcher" }],
    holder: "its key is read before",
    allowDenyLists: "allows",
    audience: "is held against the parent's, and says so by its own name",
    interop: "allows less, and says so by its own name",
  };

const rowsOf = <Order>(refused: Refused<Order>): [string, Partial<Order>][] =>
  Object.entries<readonly Partial<Order>[] | string>(refused as never).flatMap(([member, orders]) =>
    typeof orders === "string" ? [] : orders.map((order): [string, Partial<Order>] => [member, order]),
  );

/** Words of a verifier about what somebody sent. */
const OF_A_TOKEN = /chain breaks|token is broken|may not say/;

describe("a refusal of what was ordered", () => {
  it.each(rowsOf(ROOTS))("names the member of a root's order that is at fault: %s", async (member, changed) => {
    const bounds =
      member === "audience" || member === "subject"
        ? {}
        : { audiences: [PAY, DOCS], ...(member === "grant" && { audiences: [PAY], tools: ["send_payment"] }) };
    const issuer = await issuerOf({ ...bounds, lifetimeSeconds: 86_400 });
    const order = { ...ORDER, audience: [PAY], ...changed };
    const { message } = await errorOf(issuer.issue(order as typeof ORDER));
    expect(message).toMatch(new RegExp(`^issue: ${member}(: | must be )`));
    expect(message).not.toMatch(OF_A_TOKEN);
  });

  it.each(rowsOf(CHILDREN))("names the member of a child's order that is at fault: %s", async (member, changed) => {
    const parent = await (await issuerOf()).issue(ORDER);
    const { message } = await errorOf(
      delegate(parent, { to: "researcher", holder: world.researcher, grant: pay, clock, ...changed } as never),
    );
    expect(message).toMatch(new RegExp(`^delegate: ${member}(: | must be )`));
    expect(message).not.toMatch(OF_A_TOKEN);
  });

  it("says of a lifetime in milliseconds that seconds are meant, and of a bound which option it is", async () => {
    const pinned = await issuerOf({ lifetimeSeconds: 60 });
    await expect(pinned.issue({ ...ORDER, lifetimeSeconds: 61 })).rejects.toThrow(
      /; createIssuer bounds it by lifetimeSeconds$/,
    );
    const { message } = await errorOf((await issuerOf()).issue({ ...ORDER, lifetimeSeconds: 3_600_000 }));
    expect(message).toBe(
      "issue: lifetimeSeconds: a root may live 86400 seconds, not 3600000; seconds, not milliseconds; for more, set limits: { lifetimeSeconds } of issuer and verifiers alike",
    );
  });

  it("says so, too, of a lifetime that no option takes, and of a child's", async () => {
    const issuer = await issuerOf();
    const day = await errorOf(issuer.issue({ ...ORDER, lifetimeSeconds: 86_400_000 }));
    expect(day.message).toMatch(/^issue: lifetimeSeconds must be a whole number of seconds, not milliseconds, from 1 /);
    const to = { to: "researcher", holder: world.researcher, grant: pay, clock };
    const child = await errorOf(delegate(await issuer.issue(ORDER), { ...to, lifetimeSeconds: 3_600_000 }));
    expect(child.message).toContain("leave lifetimeSeconds out, or give at most 3600, in seconds, not milliseconds");
  });

  it("names grantFor where a chain hands over by audience, and grant where it does not", async () => {
    const issuer = await issuerOf({ audiences: [PAY, DOCS] });
    const both = grantFor({ [PAY]: { send_payment: { amount: range({ max: 100 }) } } });
    const several = await issuer.issue({ ...ORDER, grant: both });
    const one = await issuer.issue({ ...ORDER, audience: [PAY] });
    const to = { to: "researcher", holder: world.researcher, clock };
    const bare = await errorOf(delegate(several, { ...to, audience: [PAY], grant: pay }));
    expect(bare.code).toBe("chain_widened");
    expect(bare.message).toContain(
      `with several audiences, tools are named <audience>#<tool> (grantFor); the audiences of this chain's root: "${PAY}", "${DOCS}"`,
    );
    const named = await errorOf(delegate(one, { ...to, grant: both }));
    expect(named.message).toContain("with one audience, tools have bare names (grant, not grantFor)");
    const wider = await errorOf(delegate(one, { ...to, grant: grant({ send_payment: { amount: exact(500) } }) }));
    expect(wider.message).not.toMatch(/grantFor/);
  });

  it("says to await the function that keeps a delegation alive", async () => {
    const parent = await (await issuerOf()).issue(ORDER);
    const alive = (async () => parent) as never;
    const { message } = await errorOf(delegate(alive, { to: "researcher", holder: world.researcher, grant: pay }));
    expect(message).toMatch(/^not a delegation.*got a function.*\(renewing\), await it\(\)$/);
  });
});
