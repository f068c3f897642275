/** Answers and requests where something beside them fails, lapses or is over; and what people need not be asked. */
import {
  type AuthorizerOptions,
  type Decision,
  type HeldDelegation,
  inMemoryUsers,
  memoryAudit,
  memoryState,
  type ToolMap,
} from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import type { UserDirectory } from "@hopwise/core/sources";
import type { ApprovalStore, SharedState } from "@hopwise/core/state";
import { answeringPdp, type Company, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { type ApprovalOrder, signApproval } from "@hopwise/core/tokens";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Person, personOf } from "../support/approvals.ts";

const PAYMENT = { to: "Globex", amount: 5000 };
const NAMES = ["alice", "dana", "erin"] as const;

let company: Company<"planner">;
let people: Record<"dana" | "erin", Person>;
let users: UserDirectory;
/** Who is no manager any more. */
let demoted: Set<string>;
let state: SharedState;

beforeAll(async () => {
  company = await createCompany({
    users: Object.fromEntries(NAMES.map((name) => [name, { roles: ["employee"] }])),
    subjects: [...NAMES],
  });
  const { issuer } = company.issuer.trustAnchor;
  people = { dana: await personOf("dana", issuer), erin: await personOf("erin", issuer) };
  users = inMemoryUsers({ [issuer]: Object.fromEntries(NAMES.map((name) => [name, { roles: ["employee"] }])) });
});
beforeEach(() => {
  company.clock.reset();
  company.clock.advance(0);
  demoted = new Set();
  state = memoryState({ since: 0, clock: company.clock });
});

interface Instance {
  readonly authorizer: TestAuthorizer;
  /** The requests that somebody was told of. */
  readonly told: readonly string[];
  call(args?: object, approval?: string, held?: HeldDelegation): Promise<Decision>;
  answer(id: string, who: Person, order?: Partial<ApprovalOrder>): Promise<string>;
}

function instance(more: Partial<AuthorizerOptions> = {}, approvers = 1): Instance {
  const told: string[] = [];
  const authorizer = company.authorizer({
    cerbos: answeringPdp(({ resource: { kind }, principal: { id } }) => {
      if (kind === "approval") return demoted.has(id) ? "deny" : "allow";
      return { effect: "allow", outputs: [{ approval: { reason: "large", approvers } }] };
    }),
    approvals: {
      approvers: [people.dana.approver, people.erin.approver],
      maxWaiting: 2,
      onRequest: ({ id }) => void told.push(id),
    },
    delegation: "grants-only",
    state,
    ...more,
  });
  return {
    authorizer,
    told,
    call: async (args = PAYMENT, approval, held) =>
      authorizer.call(held ?? (await company.chain("alice", "planner")), "send_payment", args, { approval }),
    answer: async (id, { signer }, order = {}) => {
      const request = (await authorizer.approvals.find(id))?.request;
      if (request === undefined) throw new Error("no such request waits");
      const signed = await signApproval({ signer, request, answer: "yes", clock: company.clock, ...order });
      return authorizer.approvals.answer(id, signed).then(
        ({ state }) => state,
        ({ code }) => code,
      );
    },
  };
}

/** What became of a call, in a word: the request that it waits with, its code, or that it was allowed. */
function became(decision: Decision): string {
  if (decision.outcome === "pending") return decision.approval.request;
  return decision.outcome === "denied" ? decision.code : decision.outcome;
}

describe("an approver of whom the directory cannot tell", () => {
  let isDown: boolean;
  const failing = (): Partial<AuthorizerOptions> => ({
    users: {
      ...users,
      find: (subject) => {
        if (isDown && subject.subject === "dana") throw new Error("too large");
        return users.find(subject);
      },
    },
  });
  beforeEach(() => {
    isDown = false;
  });

  it("hides no request, and stops no call that others have approved", async () => {
    const { authorizer, call, answer } = instance(failing());
    const [answered, other] = [became(await call()), became(await call({ ...PAYMENT, amount: 4000 }))];
    await answer(answered, people.dana);
    isDown = true;
    expect((await authorizer.approvals.list()).map(({ id }) => id)).toEqual([answered, other]);
    expect(await authorizer.approvals.find(answered)).toMatchObject({ answers: [], state: "waiting" });
    expect(await answer(answered, people.erin)).toBe("approved");
    expect(became(await call())).toBe("allowed");
  });

  it("may be the one whose yes is missing: then the call is denied as what it is, and no request more is made", async () => {
    const { authorizer, call, answer } = instance(failing());
    const id = became(await call());
    await answer(id, people.dana);
    isDown = true;
    expect(became(await call())).toBe("context_unavailable");
    isDown = false;
    expect(became(await call())).toBe("allowed");
    expect(await authorizer.approvals.list()).toHaveLength(1);
  });
});

describe("a yes that counts no more", () => {
  it("may be said again, by a new signature", async () => {
    const { call, answer } = instance({}, 2);
    const id = became(await call());
    expect(await answer(id, people.dana, { lifetimeSeconds: 60 })).toBe("waiting");
    expect(await answer(id, people.dana)).toBe("approval_refused");
    company.clock.advance(61);
    expect(await answer(id, people.dana)).toBe("waiting");
    expect(await answer(id, people.dana)).toBe("approval_refused");
    expect(await answer(id, people.erin)).toBe("approved");
    expect(became(await call())).toBe("allowed");
  });

  it("may be sent again where the store could not keep it", async () => {
    const { approvals } = state;
    let isDown = true;
    const failing: ApprovalStore = {
      ...approvals,
      answer: (answer) => {
        if (isDown) throw new Error("gone");
        return approvals.answer(answer);
      },
    };
    const { authorizer, call } = instance({ state: { ...state, approvals: failing } });
    const id = became(await call());
    const { request } = (await authorizer.approvals.find(id)) ?? {};
    if (request === undefined) throw new Error("no such request waits");
    const signed = await signApproval({ signer: people.dana.signer, request, answer: "yes", clock: company.clock });
    const give = () =>
      authorizer.approvals.answer(id, signed).then(
        ({ state: became }) => became,
        ({ code }) => code,
      );
    expect(await give()).toBe("state_unavailable");
    isDown = false;
    expect(await give()).toBe("approved");
    expect(await give()).toBe("proof_replayed");
  });
});

describe("one signed yes, sent again and again", () => {
  it("is kept once, also after another yes lapsed", async () => {
    const { authorizer, call, answer } = instance({}, 3);
    const id = became(await call());
    await answer(id, people.dana, { lifetimeSeconds: 60 });
    const { request } = (await authorizer.approvals.find(id)) ?? {};
    if (request === undefined) throw new Error("no such request waits");
    const signed = await signApproval({ signer: people.erin.signer, request, answer: "yes", clock: company.clock });
    const give = () => authorizer.approvals.answer(id, signed).catch(({ code }) => code);
    await give();
    company.clock.advance(61);
    for (let i = 0; i < 5; i++) expect(await give()).toBe("proof_replayed");
    expect((await state.approvals.find(id))?.answers).toHaveLength(2);
  });

  it("does not stand for a later one that counts, once it counts no more", async () => {
    const { call, answer } = instance({}, 2);
    const id = became(await call());
    await answer(id, people.erin);
    demoted.add("erin");
    expect(await answer(id, people.dana, { lifetimeSeconds: 60 })).toBe("waiting");
    demoted.clear();
    company.clock.advance(61);
    expect(await answer(id, people.dana)).toBe("approved");
  });
});

describe("a request", () => {
  it("is told of by the next call where the answer to the first telling was lost, with what was answered meanwhile", async () => {
    const { spending } = state;
    let lost = 1;
    const losing: SharedState["spending"] = {
      ...spending,
      reserve: async (reservation) => {
        const reserved = await spending.reserve(reservation);
        if (reservation.charges.some(({ counter }) => counter === "told") && lost-- > 0) throw new Error("lost");
        return reserved;
      },
    };
    const { told, call } = instance({ state: { ...state, spending: losing } });
    const id = became(await call());
    expect(told).toEqual([]);
    await call();
    await call();
    expect(told).toEqual([id]);
  });

  it("that was kept, and whose answer was lost, takes its room", async () => {
    const { approvals } = state;
    const losing: ApprovalStore = {
      ...approvals,
      keep: async (request) => {
        await approvals.keep(request);
        throw new Error("lost");
      },
    };
    const { authorizer, call } = instance({ state: { ...state, approvals: losing } });
    const held = await company.chain("alice", "planner");
    for (let amount = 1; amount < 6; amount++) await call({ ...PAYMENT, amount }, undefined, held);
    expect(await authorizer.approvals.list()).toHaveLength(2);
  });

  it("is told of with its first record, by whichever instance makes it", async () => {
    const record = () => {
      throw new Error("no disk");
    };
    const [blind, seeing] = [instance({ audit: { record } }), instance()];
    expect(became(await blind.call())).toBe("audit_unavailable");
    const id = became(await seeing.call());
    await seeing.call();
    expect([blind.told, seeing.told]).toEqual([[], [id]]);
  });

  it("that could not be kept takes no room of those that can", async () => {
    const { approvals } = state;
    let fails = 5;
    const failing: ApprovalStore = {
      ...approvals,
      keep: (request) => {
        if (fails-- > 0) throw new Error("gone");
        return approvals.keep(request);
      },
    };
    const { call } = instance({ state: { ...state, approvals: failing } });
    const held = await company.chain("alice", "planner");
    for (let i = 0; i < 5; i++) expect(became(await call(PAYMENT, undefined, held))).toBe("state_unavailable");
    expect(await call(PAYMENT, undefined, held)).toMatchObject({ outcome: "pending" });
  });

  it.each([
    ["yes", "approval_used"],
    ["no", "approval_denied"],
  ] as const)("that a %s has ended is over for who names it, also when who said it may no more", async (said, code) => {
    const { call, answer } = instance();
    const id = became(await call());
    await answer(id, people.dana, { answer: said });
    if (said === "yes") expect(became(await call())).toBe("allowed");
    demoted.add("dana");
    expect(became(await call(PAYMENT, id))).toBe(code);
  });

  it("that lapses while policies are asked about its approver lets nothing run", async () => {
    const { call, answer } = instance({
      users: {
        ...users,
        find: (subject) => {
          if (subject.subject === "dana") company.clock.advance(seconds);
          return users.find(subject);
        },
      },
    });
    let seconds = 0;
    const id = became(await call());
    expect(await answer(id, people.dana, { lifetimeSeconds: 7200 })).toBe("approved");
    company.clock.advance(3599);
    seconds = 1.5;
    for (const named of [id, undefined]) expect(became(await call(PAYMENT, named))).not.toBe("allowed");
  });

  it("is not made for a call that no budget has room for, and nobody is asked", async () => {
    const budget = {
      id: "b",
      from: 0,
      until: Math.floor(company.clock() / 1000) + 3600,
      sums: { send_payment: { amount: 100 } },
    };
    const held = await company.chain("alice", { to: "planner", grant: grant({ send_payment: anyArguments }), budget });
    const { authorizer, told, call } = instance();
    expect(became(await call(PAYMENT, undefined, held))).toBe("budget_exhausted");
    expect([told, await authorizer.approvals.list()]).toEqual([[], []]);
    expect(became(await call({ ...PAYMENT, amount: 100 }, undefined, held))).toBe(told[0]);
  });

  it("is of what runs, not of what a projection says of it", async () => {
    const tools: ToolMap = {
      send_payment: {
        kind: "payment",
        action: "send",
        projection: () => ({ to: "***" }),
        keepInRecord: ["to", "amount"],
      },
    };
    const { authorizer, answer } = instance({ tools, audit: memoryAudit() });
    const session = await authorizer.openSession(
      await company.chain("alice", { to: "planner", grant: grant({ send_payment: anyArguments }) }),
    );
    const call = async (args: object) => became(await session.authorize({ tool: "send_payment", arguments: args }));
    const id = await call({ to: "x", amount: 5 });
    // What an approver is shown is what policies and records see.
    expect((await authorizer.approvals.find(id))?.arguments).toEqual({ to: "***" });
    await answer(id, people.dana);
    expect(await call({ to: "x", amount: 5_000_000 })).not.toBe("allowed");
    expect(await call({ to: "x", amount: 5 })).toBe("allowed");
    expect(await call({ to: "x", amount: 5n })).toBe("approval_void");
  });
});
