/** Who may approve: several people, other people than who asks, the right ones; and of what an approval is. */
import {
  type Authorizer,
  type AuthorizerOptions,
  createTrust,
  delegate,
  generateSigner,
  type HeldDelegation,
  memoryState,
  type Signer,
} from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import {
  type AnsweringPdp,
  answeringPdp,
  type Company,
  createCompany,
  type TestAuthorizer,
} from "@hopwise/core/testing";
import { type ApprovalOrder, type ApprovalRequest, signApproval, thumbprintOf } from "@hopwise/core/tokens";
import { beforeAll, describe, expect, it } from "vitest";
import { answerTo, type Person, personOf } from "../support/approvals.ts";

const KID = "k1";
const PAYMENT = { to: "Globex", amount: 5000 };
/** Who may approve, by role, as a policy could say it. */
const MANAGERS = new Map<string, boolean>();

let company: Company<"planner" | "researcher">;
let issuerKey: Signer;
let people: Record<"dana" | "erin" | "frank" | "alice", Person>;
let planner: HeldDelegation;

beforeAll(async () => {
  issuerKey = await generateSigner();
  company = await createCompany({
    users: Object.fromEntries(["alice", "dana", "erin", "frank"].map((name) => [name, { roles: ["employee"] }])),
    subjects: ["alice", "dana", "erin", "frank"],
    issuerKey,
  });
  const issuer = company.issuer.trustAnchor.issuer;
  const [dana, erin, frank, alice] = await Promise.all(
    ["dana", "erin", "frank", "alice"].map((name) => personOf(name, issuer)),
  );
  people = { dana, erin, frank, alice } as typeof people;
  planner = await company.chain("alice", "planner");
});

/** A policy by which all managers approve, also of their own calls where it says so. */
function policies(approvers: number, own = false): AnsweringPdp {
  return answeringPdp(({ resource: { kind }, action, principal: { id } }) => {
    if (kind === "payment") return { effect: "allow", outputs: [{ approval: { reason: "large", approvers } }] };
    if (kind !== "approval") return "allow";
    return MANAGERS.get(id) === true && (action === "approve" || own) ? "allow" : "deny";
  });
}

interface Scene {
  readonly authorizer: TestAuthorizer;
  ask(held?: HeldDelegation): Promise<string>;
  make(id: string, held?: HeldDelegation): Promise<string>;
}

function scene(more: Partial<AuthorizerOptions> = {}, approvers = 1, own = false): Scene {
  for (const name of ["alice", "dana", "erin", "frank"]) MANAGERS.set(name, name !== "frank");
  const list = [people.dana, people.erin, people.frank, people.alice].map(({ approver }) => approver);
  const authorizer = company.authorizer({
    cerbos: policies(approvers, own),
    approvals: { approvers: list },
    delegation: "grants-only",
    state: memoryState({ since: 0, clock: company.clock }),
    ...more,
  });
  const decide = (held: HeldDelegation, approval?: string) =>
    authorizer.call(held, "send_payment", PAYMENT, { approval });
  return {
    authorizer,
    ask: async (held = planner) => {
      const decision = await decide(held);
      if (decision.outcome !== "pending") throw new Error(`it was ${JSON.stringify(decision)}`);
      return decision.approval.request;
    },
    make: async (id, held = planner) => {
      const decision = await decide(held, id);
      if (decision.outcome === "pending") return decision.approval.request === id ? "waits" : "another";
      return decision.outcome === "denied" ? decision.code : decision.outcome;
    },
  };
}

const says = (authorizer: Authorizer, id: string, signer: Signer, answer: "yes" | "no" = "yes"): Promise<string> =>
  answerTo(authorizer, id, signer, answer, company.clock).catch(({ code }) => code);

/** An answer that is signed by itself, with whatever is changed. */
async function signed(
  authorizer: Authorizer,
  id: string,
  changed: Partial<ApprovalRequest> = {},
  order: Partial<ApprovalOrder> = {},
): Promise<string> {
  const found = await authorizer.approvals.find(id);
  const request = { ...(found?.request as ApprovalRequest), ...changed };
  return signApproval({ signer: people.dana.signer, request, answer: "yes", clock: company.clock, ...order });
}

const give = (authorizer: Authorizer, id: string, text: string): Promise<string> =>
  authorizer.approvals.answer(id, text).then(
    ({ state }) => state,
    ({ code }) => code,
  );

describe("two of three people", () => {
  it("must be two: the call waits after the first, and runs after the second, once", async () => {
    const { authorizer, ask, make } = scene({}, 2);
    const id = await ask();
    expect(await says(authorizer, id, people.dana.signer)).toBe("waiting");
    expect(await make(id)).toBe("waits");
    expect(await says(authorizer, id, people.erin.signer)).toBe("approved");
    expect([await make(id), await make(id)]).toEqual(["allowed", "approval_used"]);
    const [, , allowed] = authorizer.audit.records;
    expect(allowed?.approved?.by.map(({ approver }) => approver.subject)).toEqual(["dana", "erin"]);
  });

  it("are not one person with two keys, nor one who says yes twice, nor one by their key and by their login", async () => {
    const second = await generateSigner();
    const { dana, erin } = people;
    const both = { ...dana.approver, keys: [...dana.approver.keys, second.publicJwk] };
    const trust = [{ ...company.issuer.trustAnchor, approvals: true }];
    const { authorizer, ask, make } = scene({ approvals: { approvers: [both, erin.approver] }, trust }, 2);
    const id = await ask();
    expect(await says(authorizer, id, dana.signer)).toBe("waiting");
    expect(await says(authorizer, id, second)).toBe("approval_refused");
    expect(await says(authorizer, id, dana.signer)).toBe("approval_refused");
    const { issuer, keys } = company.issuer.trustAnchor;
    const as = { issuer, kid: (keys as readonly { kid: string }[])[0]?.kid ?? KID, subject: "dana" };
    expect(await give(authorizer, id, await signed(authorizer, id, {}, { signer: issuerKey, as }))).toBe(
      "approval_refused",
    );
    expect(await make(id)).toBe("waits");
    // Another user who logged in is another person.
    const other = await signed(authorizer, id, {}, { signer: issuerKey, as: { ...as, subject: "erin" } });
    expect(await give(authorizer, id, other)).toBe("approved");
    expect(await make(id)).toBe("allowed");
  });

  it("are ended by the no of one of them", async () => {
    const { authorizer, ask, make } = scene({}, 2);
    const id = await ask();
    await says(authorizer, id, people.dana.signer);
    expect(await says(authorizer, id, people.erin.signer, "no")).toBe("denied");
    expect(await make(id)).toBe("approval_denied");
  });

  it("who said yes by their login count while their issuer may say so", async () => {
    const anchor = company.issuer.trustAnchor;
    const trust = createTrust([{ ...anchor, approvals: true }]);
    const { authorizer, ask, make } = scene({ trust });
    const { issuer, keys } = anchor;
    const as = { issuer, kid: (keys as readonly { kid: string }[])[0]?.kid ?? KID, subject: "erin" };
    const [kept, late] = [await ask(), await ask()];
    const byLogin = async (id: string) => signed(authorizer, id, {}, { signer: issuerKey, as });
    expect(await give(authorizer, kept, await byLogin(kept))).toBe("approved");
    trust.replace([anchor]);
    expect(await make(kept)).toBe("waits");
    expect(await give(authorizer, late, await byLogin(late))).toBe("token_untrusted_issuer");
    trust.replace([{ ...anchor, approvals: true }]);
    expect(await make(kept)).toBe("allowed");
  });

  it("are two at the moment of the call: who lost the role meanwhile counts no more, and a no stands", async () => {
    const { authorizer, ask, make } = scene({}, 2);
    const id = await ask();
    await says(authorizer, id, people.dana.signer);
    await says(authorizer, id, people.erin.signer);
    MANAGERS.set("erin", false);
    expect(await make(id)).toBe("waits");
    MANAGERS.set("erin", true);
    expect(await make(id)).toBe("allowed");
    const other = scene();
    const denied = await other.ask();
    await says(other.authorizer, denied, people.dana.signer, "no");
    await says(other.authorizer, denied, people.erin.signer);
    MANAGERS.set("dana", false);
    expect(await other.make(denied)).toBe("approval_denied");
  });
});

describe("who approves", () => {
  it("is nobody whom the policies do not let, and not the user, unless a policy says so", async () => {
    const { authorizer, ask } = scene();
    const id = await ask();
    expect(await says(authorizer, id, people.frank.signer)).toBe("approval_refused");
    expect(await says(authorizer, id, people.alice.signer)).toBe("approval_refused");
    const own = scene({}, 1, true);
    expect(await says(own.authorizer, await own.ask(), people.alice.signer)).toBe("approved");
  });

  it("is no agent of the chain, though its key were an approver's", async () => {
    const agent = { ...people.dana.approver, keys: [company.keys.planner.publicJwk] };
    const { authorizer, ask } = scene({ approvals: { approvers: [agent] } });
    expect(await says(authorizer, await ask(), company.keys.planner)).toBe("approval_refused");
  });

  it("is a user who logged in only where the anchor says so", async () => {
    const { issuer, keys } = company.issuer.trustAnchor;
    const as = { issuer, kid: (keys as readonly { kid: string }[])[0]?.kid ?? KID, subject: "dana" };
    for (const [approvals, expected] of [
      [false, "token_untrusted_issuer"],
      [true, "approved"],
    ] as const) {
      const { authorizer, ask } = scene({ trust: [{ ...company.issuer.trustAnchor, approvals }] });
      const id = await ask();
      expect(await give(authorizer, id, await signed(authorizer, id, {}, { signer: issuerKey, as }))).toBe(expected);
    }
  });

  it.each([
    ["a key", () => people.dana.approver.keys[0]],
    ["a user", () => undefined],
  ])("is nobody who was revoked, before the answer or after it: %s", async (_, keyOf) => {
    const state = memoryState({ since: 0, clock: company.clock });
    const { authorizer, ask, make } = scene({ state });
    const [before, after] = [await ask(), await ask()];
    await says(authorizer, before, people.dana.signer);
    expect((await authorizer.approvals.find(before))?.state).toBe("approved");
    const jwk = keyOf();
    const { issuer, subject } = people.dana.approver;
    const inAMoment = Math.ceil(company.clock() / 1000) + 1;
    await state.revocations.revoke(
      jwk === undefined ? { user: { issuer, subject }, notBefore: inAMoment } : { key: await thumbprintOf(jwk) },
      { untilSeconds: inAMoment + 3600 },
    );
    expect(await make(before)).toBe("waits");
    expect(await says(authorizer, after, people.dana.signer)).toBe("approval_refused");
  });

  it("is nobody where a policy wants the approval approved", async () => {
    const cerbos = answeringPdp({ effect: "allow", outputs: [{ approval: "always" }] });
    const { authorizer, ask } = scene({ cerbos });
    expect(await says(authorizer, await ask(), people.dana.signer)).toBe("policy_inconclusive");
  });
});

describe("an answer", () => {
  it.each<[string, Partial<ApprovalRequest>, Partial<ApprovalOrder>, string]>([
    ["for another enforcement point", { audience: "https://docs.acme.example/mcp" }, {}, "audience_mismatch"],
    ["of another tool", { tool: "read_invoice" }, {}, "approval_refused"],
    ["of another user", { user: { issuer: "https://id.acme.example", subject: "bob" } }, {}, "approval_refused"],
    ["of a call without agents", { agents: [] }, {}, "approval_refused"],
    ["of another reason", { reason: "small" }, {}, "approval_refused"],
    ["by fewer people", { approvers: 2 }, {}, "approval_refused"],
    ["that lives a second", {}, { lifetimeSeconds: 1 }, "token_expired"],
  ])("%s is none", async (_, changed, order, expected) => {
    const { authorizer, ask, make } = scene();
    const id = await ask();
    const text = await signed(authorizer, id, changed, order);
    if (expected === "token_expired") company.clock.advance(2);
    expect(await give(authorizer, id, text)).toBe(expected);
    expect(await make(id)).toBe("waits");
  });

  it("that outlives the request, or makes it longer, is none", async () => {
    const { authorizer, ask } = scene();
    const id = await ask();
    const { request } = (await authorizer.approvals.find(id)) as { request: ApprovalRequest };
    const text = await signed(authorizer, id, { untilSeconds: request.untilSeconds + 3600 });
    expect(await give(authorizer, id, text)).toBe("approval_refused");
  });

  it("counts once, and for no other request, though it be of the same call", async () => {
    const { authorizer, ask, make } = scene({}, 2);
    const one = await ask();
    const text = await signed(authorizer, one);
    expect(await give(authorizer, one, text)).toBe("waiting");
    expect(await give(authorizer, one, text)).toBe("proof_replayed");
    expect(await says(authorizer, one, people.erin.signer, "no")).toBe("denied");
    const two = await ask();
    expect(two).not.toBe(one);
    // Both were asked for in the same second, so they say the same: what was used is used.
    expect(await give(authorizer, two, text)).toMatch(/proof_replayed|approval_refused/);
    expect(await make(two)).toBe("waits");
  });

  it.each([
    ["nothing", ""],
    ["a text", "yes"],
    ["half of one", "eyJhbGciOiJFZDI1NTE5In0.e30"],
    ["too much", "x".repeat(100_000)],
  ])("that is %s is none", async (_, text) => {
    const { authorizer, ask } = scene();
    expect(await give(authorizer, await ask(), text)).toMatch(/^token_(malformed|too_large)$/);
  });

  it("that is cut short is none", async () => {
    const { authorizer, ask } = scene();
    const id = await ask();
    const text = await signed(authorizer, id);
    expect(await give(authorizer, id, text.slice(0, -4))).toMatch(/^token_/);
    expect(await give(authorizer, id, text.split(".").slice(0, 2).join("."))).toBe("token_malformed");
  });
});

describe("an approval", () => {
  it("of an agent's call is none of the same call by its sub-agent, nor the other way round", async () => {
    const { authorizer, ask, make } = scene();
    const researcher = await delegate(planner, {
      to: "researcher",
      holder: company.keys.researcher,
      grant: grant({ send_payment: anyArguments }),
      clock: company.clock,
    });
    const [outer, inner] = [await ask(), await ask(researcher)];
    await says(authorizer, outer, people.dana.signer);
    expect(await make(outer, researcher)).toBe("another");
    expect(await make(outer)).toBe("allowed");
    await says(authorizer, inner, people.dana.signer);
    expect(await make(inner)).toBe("another");
    expect(await make(inner, researcher)).toBe("allowed");
  });

  it("of one user's call is none of another's", async () => {
    const { authorizer, ask, make } = scene();
    const id = await ask();
    await says(authorizer, id, people.dana.signer);
    expect(await make(id, await company.chain("erin", "planner"))).toBe("another");
    expect(await make(id)).toBe("allowed");
  });

  it("is none where the store may have forgotten that it was used, and stands in no inbox", async () => {
    const base = memoryState({ since: 0, clock: company.clock });
    let lost = 0;
    const approvals = {
      ...base.approvals,
      get notBefore() {
        return lost;
      },
    } as NonNullable<typeof base.approvals>;
    const { authorizer, ask, make } = scene({ state: { ...base, approvals } });
    const id = await ask();
    await says(authorizer, id, people.dana.signer);
    lost = company.clock() / 1000 + 1;
    expect(await authorizer.approvals.find(id)).toBeUndefined();
    expect(await authorizer.approvals.list()).toEqual([]);
    expect(await make(id)).toBe("another");
  });

  it.each([
    [58, "allowed"],
    [61, "another"],
  ])("is good until its end, and no longer: after %d of 60 seconds", async (seconds, expected) => {
    const { authorizer, ask, make } = scene({ approvals: { approvers: [people.dana.approver], withinSeconds: 60 } });
    const id = await ask();
    await says(authorizer, id, people.dana.signer);
    company.clock.advance(seconds);
    expect(await make(id)).toBe(expected);
  });

  it("is good for nothing where the call is denied meanwhile, and is not used up by that", async () => {
    const cerbos = policies(1);
    const { authorizer, ask, make } = scene({ cerbos });
    const id = await ask();
    await says(authorizer, id, people.dana.signer);
    cerbos.tell("deny");
    expect(await make(id)).toBe("policy_denied");
    cerbos.tell(({ resource: { kind } }) =>
      kind === "payment" ? { effect: "allow", outputs: [{ approval: { reason: "large", approvers: 1 } }] } : "allow",
    );
    expect(await make(id)).toBe("allowed");
  });
});

describe("who is told of a request", () => {
  it("is told once, after it is on record and in the inbox, and not of a call that waits on", async () => {
    const told: unknown[] = [];
    let authorizer: TestAuthorizer | undefined;
    const found: unknown[] = [];
    const { ask, make, ...rest } = scene({
      approvals: {
        approvers: [people.dana.approver],
        onRequest: async (request) => {
          told.push(request);
          found.push([authorizer?.audit.records.length, (await authorizer?.approvals.find(request.id))?.state]);
        },
      },
    });
    authorizer = rest.authorizer;
    const id = await ask();
    expect(await make(id)).toBe("waits");
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toMatchObject([{ id, state: "waiting", user: "alice", request: { tool: "send_payment" } }]);
    expect(found).toEqual([[1, "waiting"]]);
  });
});
