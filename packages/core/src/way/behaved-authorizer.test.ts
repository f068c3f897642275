import { beforeAll, describe, expect, it } from "vitest";
import { memoryAudit } from "../audit/index.ts";
import { readerOf } from "../options/index.ts";
import { type Company, createCompany } from "../testing/index.ts";
import { errorOf } from "../world.fixture.ts";
import type { Authorizer } from "./authorizer.ts";
import { AUTHORIZER } from "./behaved-authorizer.ts";

const read = readerOf<Authorizer>("authorizeTools", AUTHORIZER);
let company: Company;
let own: Authorizer;
beforeAll(async () => {
  company = await createCompany();
  own = company.authorizer({ audit: memoryAudit() });
});

const CALL = { tool: "send_payment", arguments: { to: "ACME" } };
const ITEMS = [{ tool: "send_payment" }];
const call = () => ({ ...CALL, user: { issuer: company.issuer.trustAnchor.issuer, subject: "alice" } });
const held = () => company.chain("alice", "planner");
const changed = (part: object): Authorizer => read({ ...own, ...part });
const REFUSAL = { code: "guard_failed", message: "m" } as const;

/** What a wrapper may give in the place of any answer. */
const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  true,
  "allowed",
  {},
  [],
  () => {},
  Promise.resolve(undefined),
  { outcome: "denied" },
  { outcome: "denied", code: "nonsense", message: "m" },
  { outcome: "denied", code: "config_invalid", message: "m" },
  { outcome: "denied", code: ["policy_denied"], message: "m" },
  { outcome: "denied", code: "policy_denied", message: 5 },
  { outcome: "refused", code: "policy_denied", message: "m" },
  { outcome: "pending" },
  { outcome: "pending", approval: { request: 5 } },
  { outcome: "waiting", approval: { request: "r" } },
  { outcome: "listed", shown: [] },
  { outcome: "listed", shown: ["yes"] },
  { outcome: "shown", shown: [true] },
  { outcome: "admitted", decide: () => {} },
  { authorize: () => {} },
];

const DENIED = { outcome: "denied", code: "policy_denied", message: "m" };
const DECISIONS: readonly object[] = [
  { outcome: "allowed" },
  { outcome: "pending", approval: { request: "r" } },
  DENIED,
];

/** What a function may give as it is. By the last word of its door. */
const ANSWERS: { readonly [name: string]: readonly object[] } = {
  authorize: DECISIONS,
  decide: DECISIONS,
  filter: DECISIONS,
  list: [{ outcome: "listed", shown: [false] }, DENIED],
  refuse: [DENIED],
  admit: [DENIED],
  openSession: [],
};

/** An authorizer of which one function gives something else, and who asks it. By the place that its error names. */
const DOORS: { readonly [door: string]: (gives: () => unknown) => Promise<unknown> } = {
  "authorizer.authorize": (authorize) => changed({ authorize }).authorize(call()),
  "authorizer.admit": (admit) => changed({ admit }).admit(call()),
  "authorizer.refuse": (refuse) => changed({ refuse }).refuse(CALL, REFUSAL),
  "authorizer.openSession": async (openSession) => changed({ openSession }).openSession(await held()),
  ...Object.fromEntries(
    (["decide", "filter", "list", "refuse"] as const).map((name) => [
      `authorizer.admit.${name}`,
      async (gives: () => unknown) => {
        const admit = async () => ({ ...(await own.admit(call())), [name]: gives });
        const admitted = (await changed({ admit }).admit(call())) as never as {
          [name: string]: (it: unknown) => unknown;
        };
        return admitted[name]?.(name === "list" ? ITEMS : REFUSAL);
      },
    ]),
  ),
  ...Object.fromEntries(
    (["authorize", "filter", "list", "refuse"] as const).map((name) => [
      `authorizer.openSession.${name}`,
      async (gives: () => unknown) => {
        const openSession = async () => ({ ...(await own.openSession(await held())), [name]: gives });
        const session = (await changed({ openSession }).openSession(await held())) as never as {
          [name: string]: (it: unknown) => unknown;
        };
        return session[name]?.(name === "list" ? ITEMS : CALL);
      },
    ]),
  ),
};

describe("an authorizer that a program wrapped", () => {
  it.each(Object.entries(DOORS))("is named where its %s gives something else", async (door, ask) => {
    for (const nonsense of NONSENSE) {
      const error = await errorOf(ask(() => nonsense));
      expect(error, String(nonsense)).toMatchObject({
        code: "config_invalid",
        pointer: `/${door.replaceAll(".", "/")}`,
      });
      expect(error.message).toContain(`${door} gave n`);
    }
  });

  it.each(Object.entries(DOORS))("gives on what its %s answers", async (door, ask) => {
    for (const answer of ANSWERS[door.split(".").at(-1) as string] ?? [])
      expect(await ask(() => answer), JSON.stringify(answer)).toBe(answer);
  });

  it("does what it did, where it passes all answers on", async () => {
    const seen: string[] = [];
    const wrapped = read(
      new Proxy(own, {
        get: (target, name) => {
          const run: unknown = Reflect.get(target, name);
          if (typeof run !== "function") return run;
          return (...args: unknown[]) => {
            seen.push(String(name));
            return run(...args);
          };
        },
      }),
    );
    expect(await wrapped.authorize(call())).toMatchObject({ outcome: "allowed" });
    const session = await wrapped.openSession(await held());
    expect(await session.list(ITEMS)).toEqual({ outcome: "listed", shown: [true] });
    const decision = await session.authorize(CALL);
    expect(decision).toMatchObject({ outcome: "allowed" });
    expect(await session.refuse(CALL)).toMatchObject({ outcome: "denied", code: "arguments_refused" });
    expect(await session.budgetLeft()).toBeUndefined();
    if (decision.outcome === "allowed") await wrapped.report(decision, { outcome: "failed" });
    const admission = await wrapped.admit(call());
    if (admission.outcome !== "admitted") throw new Error("not admitted");
    expect(admission).toMatchObject({ arguments: CALL.arguments, invocation: expect.any(String) });
    expect(admission.user).toEqual(call().user);
    expect(await admission.decide()).toMatchObject({ outcome: "allowed" });
    expect(await wrapped.refuse(CALL, REFUSAL)).toMatchObject({ outcome: "denied", code: "guard_failed" });
    expect(wrapped.hasEntry("mcp:prompts/get")).toBe(false);
    expect(() => wrapped.checkTool("nonsense")).toThrow(/nonsense/);
    expect((await wrapped.health()).ok).toBe(true);
    expect(wrapped.approvals).toBe(own.approvals);
    const asked = ["authorize", "openSession", "report", "admit", "refuse", "hasEntry", "checkTool", "health"];
    expect(seen).toEqual(asked);
  });

  it("tells what is left of a session's budget", async () => {
    const left = { calls: 5 };
    const openSession = async () => ({ ...(await own.openSession(await held())), budgetLeft: async () => left });
    expect(await (await changed({ openSession }).openSession(await held())).budgetLeft()).toBe(left);
  });

  it("may have no onChange, and then has none", () => {
    expect(changed({ onChange: undefined }).onChange).toBeUndefined();
    expect(typeof changed({}).onChange).toBe("function");
  });
});

it("an authorizer of this package's own stays the object that it is", () => {
  expect(read(own)).toBe(own);
});
