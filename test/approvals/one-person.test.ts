/** One person who is known by several names: people are who the directory says that they are, by the id that policies know. */
import { createIssuer, generateSigner, type Issuer, memoryState, type Signer } from "@hopwise/core";
import type { UserDirectory } from "@hopwise/core/sources";
import {
  type AnsweringPdp,
  answeringPdp,
  type Company,
  createCompany,
  type TestAuthorizer,
} from "@hopwise/core/testing";
import { type ApprovalRequest, signApproval } from "@hopwise/core/tokens";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { answerTo, type Person, personOf } from "../support/approvals.ts";

const HOME = "https://id.acme.example";
const PARTNER = "https://login.partner.example";
const PAYMENT = { to: "Globex", amount: 5000 };

/** Whose name it is, by subject and issuer. A test may let the directory learn something else. */
let ids: Map<string, string>;
const nameOf = (subject: string, issuer = HOME): string => JSON.stringify([issuer, subject]);

let company: Company;
let partner: Issuer;
let partnerKey: Signer;
let people: Record<"alice" | "aliceByMail" | "dana" | "danaByMail" | "erin", Person>;

beforeAll(async () => {
  const users: UserDirectory = {
    uniqueIds: true,
    find: ({ issuer, subject }) => {
      const id = ids.get(nameOf(subject, issuer));
      return id === undefined ? undefined : { id, roles: ["manager"] };
    },
  };
  company = await createCompany({ users, subjects: ["alice"] });
  partnerKey = await generateSigner();
  const more = {
    signer: partnerKey,
    audiences: [company.audience],
    subjects: ["alice", "dana"],
    tools: "any",
  } as const;
  partner = await createIssuer({ issuer: PARTNER, clock: company.clock, ...more });
  const names = {
    alice: "alice",
    aliceByMail: "alice@acme.example",
    dana: "dana",
    danaByMail: "dana@acme.example",
    erin: "erin",
  };
  const made = Object.entries(names).map(async ([key, name]) => [key, await personOf(name, HOME)]);
  people = Object.fromEntries(await Promise.all(made)) as typeof people;
});
beforeEach(() => {
  ofTheirTenant = false;
  ids = new Map([
    [nameOf("alice"), "alice"],
    [nameOf("alice@acme.example"), "alice"],
    [nameOf("alice", PARTNER), "alice"],
    [nameOf("dana"), "dana"],
    [nameOf("dana@acme.example"), "dana"],
    [nameOf("dana", PARTNER), "dana"],
    [nameOf("erin"), "erin"],
  ]);
});

/** What policies were asked about people, as `action id`. They let everybody approve what is not their own, or of their tenant alone. */
const asked: string[] = [];
let ofTheirTenant = false;
function policies(approvers: number): AnsweringPdp {
  return answeringPdp(({ resource: { kind, attr }, action, principal: { id, attr: its } }) => {
    if (kind === "payment") return { effect: "allow", outputs: [{ approval: { reason: "large", approvers } }] };
    if (kind !== "approval") return "allow";
    asked.push(`${action} ${id}`);
    const { user } = Object(its?.["delegation"]) as { readonly user?: { readonly issuer: string } };
    if (ofTheirTenant && attr?.["tenant"] !== user?.issuer) return "deny";
    return action === "approve" ? "allow" : "deny";
  });
}

interface Scene {
  readonly authorizer: TestAuthorizer;
  /** The id of a request that waits. */
  readonly id: string;
  /** The state of the request after an answer, or why it was not taken. */
  says(who: Person | "alice at the partner" | "dana at the partner"): Promise<string>;
  make(): Promise<string>;
}

async function scene(approvers = 1): Promise<Scene> {
  asked.length = 0;
  const authorizer = company.authorizer({
    cerbos: policies(approvers),
    approvals: { approvers: Object.values(people).map(({ approver }) => approver) },
    trust: [company.issuer.trustAnchor, { ...partner.trustAnchor, approvals: true }],
    delegation: "grants-only",
    state: memoryState({ since: 0, clock: company.clock }),
  });
  const planner = await company.chain("alice", "planner");
  const pay = (approval?: string) => authorizer.call(planner, "send_payment", PAYMENT, { approval });
  const decision = await pay();
  if (decision.outcome !== "pending") throw new Error(`it was ${JSON.stringify(decision)}`);
  const id = decision.approval.request;
  return {
    authorizer,
    id,
    says: async (who) => {
      const given =
        typeof who === "string"
          ? byLogin(authorizer, id, who.split(" ")[0] as string)
          : answerTo(authorizer, id, who.signer, "yes", company.clock);
      return given.catch(({ code }) => code);
    },
    make: async () => {
      const made = await pay(id);
      return made.outcome === "denied" ? made.code : made.outcome;
    },
  };
}

/** The yes of a user of the partner, who logged in there. */
async function byLogin({ approvals }: TestAuthorizer, id: string, subject: string): Promise<string> {
  const request = (await approvals.find(id))?.request as ApprovalRequest;
  const [key] = partner.trustAnchor.keys as readonly { readonly kid: string }[];
  const as = { issuer: PARTNER, kid: key?.kid as string, subject };
  return (
    await approvals.answer(
      id,
      await signApproval({ signer: partnerKey, as, request, answer: "yes", clock: company.clock }),
    )
  ).state;
}

describe("the user of a chain approves nothing of it", () => {
  it.each<[string, () => Parameters<Scene["says"]>[0]]>([
    ["by the name that the chain has", () => people.alice],
    ["by another name", () => people.aliceByMail],
    ["by a login at another issuer", () => "alice at the partner"],
  ])("%s", async (_, who) => {
    const { says, make } = await scene();
    expect(await says(who())).toBe("approval_refused");
    expect(asked).toEqual(["approve_own alice"]);
    expect(await make()).toBe("pending");
  });

  it("also where the directory knows them by another id by now", async () => {
    const { says } = await scene();
    ids.set(nameOf("alice"), "alice.smith");
    expect(await says(people.alice)).toBe("approval_refused");
    expect(asked).toEqual(["approve_own alice.smith"]);
  });
});

describe("two who must approve", () => {
  it.each<[string, () => Parameters<Scene["says"]>[0]]>([
    ["by another name", () => people.danaByMail],
    ["by a login at another issuer", () => "dana at the partner"],
  ])("are not one person, who answers once more %s", async (_, who) => {
    const { says, make } = await scene(2);
    expect(await says(people.dana)).toBe("waiting");
    expect(await says(who())).toBe("approval_refused");
    expect(await make()).toBe("pending");
    expect(await says(people.erin)).toBe("approved");
    expect(await make()).toBe("allowed");
  });

  it("are one from when the directory says so, though both answers were taken before", async () => {
    ids.set(nameOf("dana@acme.example"), "somebody else");
    const { says, make, authorizer, id } = await scene(2);
    expect(await says(people.dana)).toBe("waiting");
    expect(await says(people.danaByMail)).toBe("approved");
    ids.set(nameOf("dana@acme.example"), "dana");
    expect((await authorizer.approvals.find(id))?.state).toBe("waiting");
    expect(await make()).toBe("pending");
  });
});

it("policies can tell whether who approves is of the tenant of the chain's user", async () => {
  const anybody = await scene();
  expect(await anybody.says("dana at the partner")).toBe("approved");
  ofTheirTenant = true;
  const { says } = await scene();
  expect([await says("dana at the partner"), await says(people.dana)]).toEqual(["approval_refused", "approved"]);
});
