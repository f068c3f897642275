/** Who may approve a call is asked of revocations, the directory and the policies: with what, and what comes of each answer. */

import type { CheckResourcesRequest } from "@cerbos/core";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { inMemoryUsers } from "../../principal/index.ts";
import { memoryRevocations, type RevocationQuery, type RevocationTarget } from "../../state/index.ts";
import type { Thumbprint } from "../../token/index.ts";
import { allowing, errorOf, ISSUER, NOW, PAY, pdpOf, type Result } from "../../world.fixture.ts";
import { createScene, type Parts, type Scene } from "../point.fixture.ts";
import type { AskedApproval } from "./kept-request.ts";
import { approvingPerson } from "./may-approve.ts";

let scene: Scene;
let asked: CheckResourcesRequest[];
beforeAll(async () => {
  scene = await createScene();
});
beforeEach(() => {
  asked = [];
});

const KEY = "K".repeat(43) as Thumbprint;
const DANA = { issuer: ISSUER, subject: "dana" };

const REQUEST: AskedApproval["request"] = {
  audience: PAY,
  tool: "send_payment",
  argumentsHash: { received: "R".repeat(43), parsed: "P".repeat(43) },
  resource: { kind: "payment", id: "p-1", attributes: { region: "EMEA" } },
  user: { issuer: ISSUER, subject: "alice" },
  agents: [
    { name: "planner", key: "A".repeat(43) as Thumbprint },
    { name: "researcher", key: "B".repeat(43) as Thumbprint },
  ],
  reason: "large",
  approvers: 2,
  untilSeconds: NOW + 600,
};
const ASKED: Omit<AskedApproval, "hash"> = {
  id: "request-1",
  request: REQUEST,
  invocation: "invocation-1",
  askedAtSeconds: NOW,
  user: "alice",
  arguments: { to: "ACME-Supplies" },
  chain: "root-1",
};

/** Asks whether somebody may approve, of policies that give an answer with these members changed. */
function ask({
  approver = DANA,
  of = {},
  answer = {},
  ...parts
}: Parts & Asking = {}): Promise<string | { readonly code: string; readonly message: string }> {
  const { pdp } = pdpOf((request) => {
    asked.push(request);
    return request.resources.map((one) => allowing(one, answer));
  });
  const users = inMemoryUsers({ [ISSUER]: { alice: { roles: ["clerk"] }, dana: { roles: ["manager"] } } });
  const { point } = scene.point({ cerbos: pdp, users, ...parts });
  return approvingPerson(
    { approver, signedBy: KEY, issuedAt: NOW - 5 },
    { ...ASKED, ...of },
    point,
    point.pdp.failuresOf,
  );
}

interface Asking {
  readonly approver?: typeof DANA;
  readonly of?: Partial<typeof ASKED>;
  readonly answer?: Result;
}

describe("the policies are asked", () => {
  it("about the approver as principal and the call as a resource, of the invocation that asked", async () => {
    expect(await ask()).toBe("dana");
    expect(asked).toHaveLength(1);
    const [{ principal, resources } = {}] = asked;
    expect(principal).toMatchObject({ id: "dana", roles: ["manager"] });
    expect(resources).toEqual([
      {
        resource: {
          kind: "approval",
          id: "request-1",
          attr: {
            tool: "send_payment",
            audience: PAY,
            user: "alice",
            tenant: ISSUER,
            agents: ["planner", "researcher"],
            reason: "large",
            approvers: 2,
            arguments: { to: "ACME-Supplies" },
            resource: { kind: "payment", id: "p-1", attr: { region: "EMEA" } },
          },
        },
        actions: ["approve"],
      },
    ]);
  });

  it("with what the host adds about the approver, who calls no tool with no arguments", async () => {
    const queries: unknown[] = [];
    await ask({ auxData: (query) => void queries.push(query) });
    expect(queries).toEqual([
      {
        tool: "send_payment",
        arguments: {},
        tenant: ISSUER,
        user: DANA,
        hops: [expect.objectContaining({ id: "dana" })],
      },
    ]);
  });

  it("about approving one's own call, where it is the chain's user, by their login or by the id of the directory", async () => {
    const actions = async (asking: Asking): Promise<unknown> => {
      await ask(asking);
      return asked.at(-1)?.resources[0]?.actions;
    };
    expect(await actions({ of: { user: "dana" } })).toEqual(["approve_own"]);
    expect(await actions({ of: { user: "known by another id by now", request: { ...REQUEST, user: DANA } } })).toEqual([
      "approve_own",
    ]);
    for (const user of [
      { ...DANA, issuer: "https://other.example" },
      { ...DANA, subject: "alice" },
    ]) {
      expect(await actions({ of: { request: { ...REQUEST, user } } })).toEqual(["approve"]);
    }
  });
});

it("who may approve is known by the id that policies see, which the directory gives", async () => {
  expect(await ask({ userIds: (user, { subject }) => `${subject} of ${user?.roles.join()}` })).toBe("dana of manager");
});

describe("who answered may not approve", () => {
  it("where the policies say no", async () => {
    expect(await ask({ answer: { actions: { approve: "EFFECT_DENY" } } })).toMatchObject({
      code: "policy_denied",
      message: 'the policies do not let "dana" approve this call ("approve" on the kind "approval")',
    });
  });

  it("where a rule could not be evaluated, as on an argument that records do not keep, and it says so", async () => {
    const failuresOf = async () => [{ expression: "R.attr.arguments.amount < 5.0", error: "no such key: amount" }];
    const [answer, pdp] = [{ actions: { approve: "EFFECT_DENY" } } as const, { failuresOf }];
    expect(await ask({ answer, pdp })).toMatchObject({
      message: expect.stringMatching(
        /"approval"\); a rule could not be evaluated: no such key: amount; .* of keepInRecord$/,
      ),
    });
  });

  it("where they say no to who would approve their own call, with the reason that a policy gave", async () => {
    const outputs = [{ source: "rule", action: "approve_own", value: "ask somebody else" }];
    const answer = { actions: { approve_own: "EFFECT_DENY" }, outputs } as const;
    expect(await ask({ of: { user: "dana" }, answer })).toMatchObject({
      code: "policy_denied",
      reason: "ask somebody else",
      message:
        'the policies do not let "dana" approve this call, which is their own ("approve_own" on the kind "approval"), reason given: "ask somebody else"',
    });
  });

  it.each<[string, RevocationTarget]>([
    ["key", { key: KEY }],
    ["key", { issuer: ISSUER, key: KEY }],
    ["user", { user: DANA, notBefore: NOW }],
  ])("where their %s was revoked", async (what, target) => {
    const revocations = memoryRevocations(() => NOW * 1000);
    expect(await ask({ revocations })).toBe("dana");
    revocations.revoke(target);
    expect(await ask({ revocations })).toMatchObject({
      code: "revoked",
      message: `the ${what} of who answered was revoked`,
    });
    expect(asked).toHaveLength(1);
  });
});

it("revocations are asked of the key that signed and of the person, by when they answered", async () => {
  const seen: RevocationQuery[] = [];
  await ask({ revocations: { find: (query) => void seen.push(query) } });
  expect(seen).toEqual([{ tokens: [], keys: [KEY], agents: [], user: DANA, issuedAt: NOW - 5 }]);
});

describe("whether somebody may approve cannot be told", () => {
  it("where revocations cannot be asked", async () => {
    const find = () => Promise.reject(new Error("hunter2"));
    expect(await errorOf(ask({ revocations: { find } }))).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(/^it could not be told whether an approver was revoked: /),
    });
  });

  it("where the policies cannot be asked: that is no no", async () => {
    const cerbos = pdpOf(() => Promise.reject(new Error("hunter2"))).pdp;
    expect(await errorOf(ask({ cerbos }))).toMatchObject({ code: "policy_unavailable" });
  });

  it("where a policy wants the approval approved", async () => {
    const outputs = [{ source: "rule", action: "approve", value: { approval: "twice" } }];
    expect(await errorOf(ask({ answer: { outputs } }))).toMatchObject({
      code: "policy_inconclusive",
      message: "a policy wants the approval of a call approved, which nobody can do",
    });
    const denied = { outputs, actions: { approve: "EFFECT_DENY" } };
    expect(await ask({ answer: denied })).toMatchObject({ code: "policy_denied" });
  });
});
