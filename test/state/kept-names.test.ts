/**
 * Under which names a call is remembered, and in which texts. Servers are replaced one by one, so that two versions share a store for a while:
 * where one of them looks under another name, a proof is good twice, and a budget is there twice. Whoever changes anything here gives
 * the mark of `@hopwise/redis` another form (`look.ts`), and the tables of `@hopwise/sqlite` the next number (`schema.ts`): then an
 * older version refuses the store.
 */

import {
  acceptRevocations,
  createNonces,
  memoryDriver,
  openedState,
  type Reservation,
  type StateDriver,
} from "@hopwise/core/state";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { inspectDelegation, prove, signRevocation, thumbprintOf } from "@hopwise/core/tokens";
import { expect, it } from "vitest";

type Asked = { readonly [step: string]: readonly (readonly unknown[])[] };

/** A driver that notes what it is asked to keep. */
function noting(driver: StateDriver): { readonly driver: StateDriver; readonly asked: Asked } {
  const asked: { [step: string]: unknown[][] } = { claim: [], reserve: [], keep: [], append: [] };
  const watched = <Store extends object>(store: Store): Store =>
    new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function" || !((name as string) in asked)) return value;
        return (...args: unknown[]) => {
          asked[name as string]?.push(args);
          return value.apply(target, args);
        };
      },
    });
  const { replay, spending, approvals, revocations } = driver;
  const stores = { replay, spending, approvals, revocations };
  const noted = Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, watched(store)]));
  return { driver: { ...driver, ...noted }, asked };
}

const ALICE = '["https://id.acme.example","alice"]';
const PAY = "https://tools.acme.example/mcp";
const AT = 1_800_000_000;

async function callsOfAll() {
  const users = { alice: { roles: ["employee"] }, carol: { roles: ["employee"] } };
  const company = await createCompany({ approvers: ["carol"], users });
  const { clock } = company;
  clock.set(AT * 1000);
  const { driver, asked } = noting(memoryDriver({ since: 0, clock }));
  const state = await openedState(driver, { clock, repairSeconds: 0 });
  const cerbos = answeringPdp(({ action }) =>
    action === "send" ? { effect: "allow", outputs: [{ approval: "large" }] } : "allow",
  );
  const authorizer = company.authorizer({
    ...{ state, cerbos, delegation: "grants-only", approvals: { approvers: company.approvers } },
    rates: [
      { of: "user", calls: 60, perSeconds: 60 },
      { of: "agent", calls: 50, perSeconds: 60 },
    ],
  });
  const budget = { id: "b", from: AT, until: AT + 3600, calls: 9 };
  const planner = await company.chain("alice", { to: "planner", budget });
  const less = { calls: 5, sums: { read_invoice: { n: 7 } } };
  const researcher = await company.delegate(planner, { to: "researcher", budget: less });
  await authorizer.call(researcher, "read_invoice", { id: "INV-7", n: 1 });
  const asks = await company.chain("alice", "planner");
  const waits = await authorizer.call(asks, "send_payment", { to: "ACME" });
  await authorizer.answer("carol", "yes", waits);
  await authorizer.call(asks, "send_payment", { to: "ACME" });
  const key = await thumbprintOf(company.keys.planner.publicJwk);
  await state.revocations.revoke(
    { key, issuer: "https://id.acme.example" },
    { untilSeconds: AT + 9, reason: "leaked" },
  );
  await state.revocations.lift({ key, issuer: "https://id.acme.example" });
  const nonces = createNonces();
  const asking = company.authorizer({ state, cerbos, nonces, delegation: "grants-only" });
  const call = { tool: "read_invoice", arguments: { id: "INV-7" } };
  const proof = { ...call, audience: PAY, clock, nonce: await nonces.issue(AT) };
  await asking.authorize({ ...call, credential: await prove(asks, proof) });
  const accept = acceptRevocations({ trust: [company.issuer.trustAnchor], audience: PAY, state, clock });
  await accept(await signRevocation({ signer: company.keys.planner, of: { delegation: asks }, audience: PAY, clock }));
  // What is another text each time, by a name.
  const [, token = ""] = (await inspectDelegation(researcher, AT)).tokens.map(({ hash }) => hash);
  const names: readonly (readonly [string, string])[] = [
    [planner.id, "ROOT"],
    [asks.id, "ASKS"],
    [token, "TOKEN"],
    [key, "KEY"],
    [await thumbprintOf(company.keys.researcher.publicJwk), "OTHER"],
    ...(asked["keep"]?.map(([it]) => [(it as { id: string }).id, "REQUEST"] as const) ?? []),
    ...(asked["append"]?.slice(0, 1).map(([it]) => [(it as { id: string }).id, "ENTRY"] as const) ?? []),
  ];
  const text = names.reduce((all, [of, name]) => all.replaceAll(of, name), JSON.stringify(asked));
  return JSON.parse(text.replaceAll(/[\w-]{43}/g, "HASH").replaceAll(/(?<!:)[\w-]{22}(?![\w:-])/g, "ID"));
}

type Claimed = readonly [key: string, untilSeconds: number, about: { readonly owner?: string; readonly root?: string }];

it("a version of the program keeps a call under the names, and in the texts, by which another one on its store knows it", async () => {
  const { claim, reserve, keep, append } = await callsOfAll();
  const claimed = (claim as readonly Claimed[]).map(([key, until, { owner = "", root = "" }]) => [
    key,
    until - AT,
    owner,
    root,
  ]);
  expect(claimed).toEqual([
    ["OTHER.ID", 60, ALICE, "ROOT"],
    ["KEY.ID", 60, ALICE, "ASKS"],
    ["approval.HASH.ID", 3630, "", ""],
    ["KEY.ID", 60, ALICE, "ASKS"],
    // A call with a nonce, which comes after its proof, and a signed revocation.
    ["KEY.ID", 120, ALICE, "ASKS"],
    ["nonce.HASHHASH", 60, "", ""],
    ["KEY.ID", 60, ALICE, "ASKS"],
  ]);

  const charged = (reserve as readonly (readonly [Reservation])[]).flatMap(([{ owner, charges }]) =>
    charges.map(({ account, counter, amount, untilSeconds }) => [owner, account, counter, amount, untilSeconds - AT]),
  );
  const rate = (of: string, calls: number, whose: string): string =>
    `rate ${JSON.stringify([PAY, of, calls, 60, AT, whose])}`;
  const ofAlice = rate("user", 60, ALICE);
  const ofPlanner = ["agent planner", rate("agent", 50, "planner"), "calls", 1, 90];
  expect(charged).toEqual([
    [ALICE, "budget b", "calls", 1, 90_120],
    [ALICE, "budget b 1800003600", "TOKEN calls", 1, 3720],
    [ALICE, "budget b 1800003600", `TOKEN sum ["${PAY}","read_invoice","n"]`, 1, 3720],
    [ALICE, ofAlice, "calls", 1, 90],
    ofPlanner,
    ["agent researcher", rate("agent", 50, "researcher"), "calls", 1, 90],
    [ALICE, `asks ["ASKS",3600,${AT}]`, "requests", 1, 3630],
    [ALICE, `asks of user [3600,${AT}]`, "requests", 1, 3630],
    [ALICE, ofAlice, "calls", 1, 90],
    [ALICE, "approval REQUEST", "no", 0, 3720],
    [ALICE, "approval REQUEST", "used", 1, 3720],
    ofPlanner,
  ]);

  const [[{ text: request, ...kept }]] = keep;
  expect(kept).toEqual({ id: "REQUEST", call: "HASH", untilSeconds: AT + 3600, nowSeconds: AT });
  expect(JSON.parse(request)).toEqual({
    ...{ version: 1, hash: "HASH", invocation: "ID", askedAtSeconds: AT, user: "alice", arguments: {}, chain: "ASKS" },
    request: {
      ...{ audience: PAY, tool: "send_payment", argumentsHash: { received: "HASH", parsed: "HASH" } },
      resource: { kind: "payment", id: "ACME", attributes: {} },
      user: { issuer: "https://id.acme.example", subject: "alice" },
      agents: [{ name: "planner", key: "KEY" }],
      ...{ reason: "large", approvers: 1, untilSeconds: AT + 3600 },
    },
  });

  const of = {
    version: 1,
    atSeconds: AT,
    target: { issuer: "https://id.acme.example", key: "KEY" },
    by: { operator: "operator" },
  };
  expect(append.map(([{ text }]: readonly [{ readonly text: string }]) => JSON.parse(text))).toEqual([
    { ...of, untilSeconds: AT + 9, reason: "leaked" },
    { ...of, untilSeconds: AT + 9, lifts: ["ENTRY"] },
    {
      ...{ version: 1, atSeconds: AT, target: { token: "ASKS" }, untilSeconds: AT + 3630 },
      ...{ by: { agent: "planner", hop: 1 }, countsFor: ["root ASKS"] },
    },
  ]);
});
