/**
 * A clock that jumps while something is open, and is put right: what was used stays used, and what was revoked stays revoked;
 * meanwhile nothing opens, and afterwards calls go on, or health says that they cannot.
 */
import { join } from "node:path";
import { type Decision, type HeldDelegation, memoryState } from "@hopwise/core";
import type { RevocationTarget, SharedState, StateDriver } from "@hopwise/core/state";
import { answeringPdp, type Company, createCompany, type FirstHop, type TestAuthorizer } from "@hopwise/core/testing";
import { sqliteState } from "@hopwise/sqlite";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DAY = 86_400;
const JUMPS = { "6 seconds": 6, "an hour": 3600, "a day": DAY, "ten years": 10 * 365 * DAY };
const NOW = Date.parse("2026-03-01T12:00:10Z") / 1000;
const ISSUER = "https://id.acme.example";
const READ = ["read_invoice", { id: "INV-7" }] as const;
const SEND = ["send_payment", { to: "Globex" }] as const;

let company: Company;
let authorizer: TestAuthorizer;
let state: SharedState;

const codeOf = (decision: Decision): string => (decision.outcome === "denied" ? decision.code : decision.outcome);

/** Tries once more what was used up or ended; `anew` by a chain that is made just now: one that was seen to expire is over. */
type Again = (anew?: "anew") => Promise<Decision>;

/** Tries it with a chain, the first time too. */
async function tried(order: FirstHop, call: (held: HeldDelegation) => Promise<Decision>): Promise<Again> {
  const held = await company.chain("alice", order);
  await call(held);
  return async (anew) => call(anew === undefined ? held : await company.chain("alice", order));
}

async function revoked(target: (id: HeldDelegation["id"]) => RevocationTarget): Promise<Again> {
  const held = await company.chain("alice", { to: "planner", lifetimeSeconds: 600 });
  await state.revocations.revoke(target(held.id), held.expiresAt);
  // Seen as expired, the chain would stay so: that is another matter.
  const other = company.authorizer({ state });
  return (anew) => (anew === undefined ? authorizer : other).call(held, ...READ);
}

async function answered(answer: "yes" | "no"): Promise<Again> {
  const waits = await authorizer.call(await company.chain("alice", "planner"), ...SEND);
  if (waits.outcome !== "pending") throw new Error(`it was ${codeOf(waits)}`);
  await authorizer.answer("dana", answer, waits);
  return tried({ to: "planner" }, (held) => authorizer.call(held, ...SEND, { approval: waits.approval.request }));
}

/** What each part of a state remembers: a new part has no row, and does not compile. */
const OPEN: {
  readonly [Part in Exclude<keyof StateDriver, "name" | "health" | "close">]: {
    readonly [what: string]: readonly [open: () => Promise<Again>, then: RegExp];
  };
} = {
  replay: {
    "a proof": [
      async () => {
        const [tool, args] = READ;
        const credential = await company.credential(await company.chain("alice", "planner"), tool, args);
        const other = company.authorizer({ state });
        const again: Again = (anew) =>
          (anew === undefined ? authorizer : other).authorize({ tool, arguments: args, credential });
        expect(codeOf(await again())).toBe("allowed");
        return again;
      },
      /^(proof_replayed|state_unavailable)$/,
    ],
  },
  spending: {
    "a budget": [
      () => {
        const budget = { id: "b", from: NOW, until: NOW + 600, calls: 1 };
        return tried({ to: "planner", budget, lifetimeSeconds: 300 }, (held) => authorizer.call(held, ...READ));
      },
      /^budget_exhausted$/,
    ],
    "a rate": [
      () => {
        const own = company.authorizer({ state, rates: [{ of: "user", calls: 1, perSeconds: DAY }] });
        return tried({ to: "planner" }, (held) => own.call(held, ...READ));
      },
      /^rate_exceeded$/,
    ],
  },
  // People are asked anew; and a memory that forgot when an answer would have ended takes no proof before that, and says so.
  approvals: {
    "an approval that was used": [() => answered("yes"), /^(approval_used|pending|state_unavailable)$/],
    "an approval that was refused": [() => answered("no"), /^(approval_denied|pending|state_unavailable)$/],
  },
  revocations: {
    "a chain": [() => revoked((token) => ({ token })), /^revoked$/],
    "a user": [() => revoked(() => ({ user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW + 1 })), /^revoked$/],
    "an agent": [() => revoked(() => ({ agent: "planner" })), /^revoked$/],
  },
};

/** How a state is opened, and how many revocations make it look for what has ended. */
const STORES: {
  readonly [store: string]: { open(clock: () => number): SharedState | Promise<SharedState>; readonly many: number };
} = {
  "in memory": { open: (clock) => memoryState({ since: 0, clock }), many: 1100 },
  "in a SQLite file": {
    open: (clock) => sqliteState({ file: join(temporaryFolder(), "state.db"), clock, repairSeconds: 0 }),
    many: 3, // its sweep is a matter of the package's own tests
  },
};

/** Something of each kind, so that what has ended is forgotten. */
async function goOn(many: number): Promise<void> {
  const held = await company.chain("alice", "planner");
  await company.authorizer({ state, rates: [{ of: "chain", calls: 9, perSeconds: 60 }] }).call(held, ...READ);
  await authorizer.call(held, ...SEND);
  for (let i = 0; i < many; i++) await state.revocations.revoke({ agent: `agent-${i}` }, company.clock() / 1000 + 60);
}

describe.each(Object.entries(STORES))("a clock that jumps, and a state %s", (_, store) => {
  beforeEach(async () => {
    company = await createCompany({ users: { alice: { roles: ["r"] }, dana: { roles: ["r"] } }, approvers: ["dana"] });
    company.clock.set(NOW * 1000);
    state = await store.open(company.clock);
    onTestFinished(() => void state.close());
    const cerbos = answeringPdp(({ resource: { kind } }) =>
      kind === "payment" ? { effect: "allow", outputs: [{ approval: "large" }] } : "allow",
    );
    authorizer = company.authorizer({ state, cerbos });
  });

  const rows = Object.values(OPEN).flatMap((part) => Object.entries(part));

  describe.each(rows)("%s", (what, [open, then]) => {
    it.each(Object.entries(JUMPS))("stays as it was, where the clock jumps by %s, and is put right", async (__, by) => {
      const again = await open();
      for (const seconds of [by, -by]) {
        company.clock.set((NOW + seconds) * 1000);
        // A rate is of a window, and another time has another one.
        if (what !== "a rate") expect(codeOf(await again())).not.toBe("allowed");
        await goOn(store.many).catch(() => {});
        company.clock.set((NOW + 1) * 1000);
        expect(codeOf(await again("anew"))).toMatch(then);
        const fresh = codeOf(await authorizer.call(await company.chain("alice", "planner"), ...READ));
        expect((await authorizer.health()).ok).toBe(fresh !== "state_unavailable");
      }
    });
  });
});
