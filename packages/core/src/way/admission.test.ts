import { beforeAll, describe, expect, it } from "vitest";
import { ARGUMENTS, errorOf, pdpOf } from "../world.fixture.ts";
import { type Admission, admit, type PointRefusal } from "./admission.ts";
import { ALICE, answering, codeOf, createScene, type Parts, payment, redacting, type Scene } from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

async function admitted(parts: Parts = {}) {
  const { point, audit, asked } = scene.point(parts);
  const admission = await admit(payment(scene.inSession), point);
  expect(admission.outcome).toBe("admitted");
  return { admission: admission as Admission, audit, asked };
}

const refused = async (code: PointRefusal["code"], parts: Parts = {}) => {
  const { admission, audit } = await admitted(parts);
  return { denied: await admission.refuse({ code, message: "why" }), audit };
};

describe("an admission", () => {
  it("is given to a covered call, with whom it is for and its arguments, which cannot be changed any more", async () => {
    const { admission, audit, asked } = await admitted();
    expect(admission).toMatchObject({ user: ALICE, arguments: ARGUMENTS });
    expect(Object.isFrozen(admission.arguments)).toBe(true);
    expect(asked()).not.toContain("policies");
    expect(audit.records).toEqual([]);
  });

  it("is not given where the first half refuses: that is the denial", async () => {
    const { point, audit } = scene.point({ agents: { find: () => undefined } });
    const denied = await admit(payment(scene.inSession), point);
    expect(denied).toMatchObject({ outcome: "denied", code: "agent_unknown", hop: 1 });
    expect(audit.records).toHaveLength(1);
  });

  it("ends in one decision, one list or one refusal, under the name that it had", async () => {
    const { admission, audit } = await admitted();
    expect(await admission.decide()).toMatchObject({ outcome: "allowed", invocation: admission.invocation });
    const again = [
      () => admission.decide(),
      () => admission.list([{ tool: "send_payment" }]),
      () => admission.refuse({ code: "guard_failed", message: "why" }),
    ];
    for (const end of again) {
      expect(await errorOf(end)).toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining("ends once"),
      });
    }
    expect(audit.records).toHaveLength(1);
  });

  it("ends as it was asked to end: what the call has besides does not make a list or a refusal of it", async () => {
    const { admission, audit } = await admitted();
    const call = { as: "list", items: [] } as never;
    await expect(admission.decide(call)).rejects.toMatchObject({ code: "config_invalid" });
    expect(await admission.decide()).toMatchObject({ outcome: "allowed", arguments: ARGUMENTS });
    expect(audit.records[0]).not.toHaveProperty("shown");
  });

  it("ends once also where it is ended twice at the same time", async () => {
    const { admission, audit } = await admitted();
    const both = await Promise.allSettled([admission.decide(), admission.decide()]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(audit.records).toHaveLength(1);
  });

  it("hands on what the schema made of the arguments, and whether obligations are done", async () => {
    const obliging = redacting("/iban");
    const parsed = { to: "Globex", amount: 1 };
    const { admission } = await admitted({ cerbos: obliging });
    expect(await admission.decide({ parsed, fulfils: true })).toMatchObject({ outcome: "allowed", arguments: parsed });
    const other = await admitted({ cerbos: obliging });
    expect(codeOf(await other.admission.decide())).toBe("policy_inconclusive");
  });

  it("may end in a list", async () => {
    const { admission } = await admitted();
    expect(await admission.list([{ tool: "send_payment" }])).toEqual({ outcome: "listed", shown: [true] });
  });
});

describe("a refusal by the enforcement point", () => {
  it("is on record, with its own words for operators", async () => {
    const { denied, audit } = await refused("guard_failed");
    expect(denied).toMatchObject({ outcome: "denied", code: "guard_failed", stage: "guard", message: "why" });
    expect(denied).not.toHaveProperty("hop");
    expect(audit.records).toMatchObject([{ code: "guard_failed", message: "why" }]);
  });

  it("asks about nothing, unless it says something of a tool", async () => {
    const { admission, asked } = await admitted();
    await admission.refuse({ code: "guard_failed", message: "why" });
    expect(asked()).toEqual(["verifier", "revocations", "registry", "record"]);
  });

  it.each(["tool_unguarded", "tool_not_served"] as const)(
    "%s looks like one that the policies deny to the user, and asks the same: an outage shows no difference",
    async (code) => {
      expect((await refused(code)).denied).toMatchObject({ code, message: "why", hop: 0 });
      const hidden = answering({ actions: { list: "EFFECT_DENY" } });
      expect((await refused(code, { cerbos: hidden })).denied).toMatchObject({ code, message: "why", hop: 0 });
      const silent = { ...pdpOf().pdp, checkResources: () => Promise.reject(new Error("away")) };
      expect((await refused(code, { cerbos: silent })).denied.code).toBe("policy_unavailable");
    },
  );

  it.each(["arguments_refused", "server_refused"] as const)(
    "%s is told to a caller who may see the tool",
    async (code) => {
      const { denied } = await refused(code);
      expect(denied).toMatchObject({ code, message: "why" });
      expect(denied).not.toHaveProperty("hop");
    },
  );

  it.each(["alice", "agent:planner", "agent:researcher"])(
    "says nothing of a schema where the policies hide the tool from %s: the tool is as if it were not there",
    async (hop) => {
      const { denied, audit } = await refused("arguments_refused", {
        cerbos: answering({ actions: { list: "EFFECT_DENY" } }, hop),
      });
      expect(denied).toMatchObject({ code: "tool_hidden", hop: 0 });
      expect(denied.message).toBe('the caller may not see "send_payment", and is not told that arguments_refused: why');
      expect(audit.records).toMatchObject([{ code: "tool_hidden" }]);
    },
  );

  it("says nothing of a schema where the tool map has no such tool, and asks no policies about that", async () => {
    const { denied } = await refused("arguments_refused", { tools: {} });
    expect(denied).toMatchObject({ code: "tool_hidden", hop: 0 });
  });

  it("says nothing of a schema where it cannot be told whether the caller may see the tool", async () => {
    const silent = { ...pdpOf().pdp, checkResources: () => Promise.reject(new Error("away")) };
    expect((await refused("arguments_refused", { cerbos: silent })).denied.code).toBe("policy_unavailable");
    const unknown = { find: () => undefined };
    expect((await refused("arguments_refused", { users: unknown })).denied.code).toBe("user_unknown");
  });
});
