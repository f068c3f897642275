/** What a request for an approval says of the call that it is of, and when two calls have one hash. */
import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../crypto/index.ts";
import { HopwiseError, isRefusal } from "../../errors.ts";
import { canonicalJson, type JsonObject } from "../../json/index.ts";
import { ARGUMENTS as NAMED, type ToolEntry } from "../../resource/index.ts";
import { DEFAULT_LIMITS } from "../../token/index.ts";
import { ARGUMENTS, errorOf, NOW, PAY } from "../../world.fixture.ts";
import { ALICE, createScene, type Scene } from "../point.fixture.ts";
import { type ApprovableCall, asOf, describeCall, requestId, sentIn } from "./describe-call.ts";
import type { AskedApproval } from "./kept-request.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const ENTRY: ToolEntry = { kind: "payment", action: "send" };
const hash = async (value: JsonObject): Promise<string> => sha256(canonicalJson(value));

/** A call of the researcher, with these members changed. */
function callOf(changed: Partial<ApprovableCall> = {}): ApprovableCall {
  return {
    caller: { user: ALICE, chain: scene.chain, audience: PAY } as ApprovableCall["caller"],
    tool: "send_payment",
    received: ARGUMENTS,
    parsed: undefined,
    resource: { kind: "payment", id: "p-1", attr: { [NAMED]: ARGUMENTS, region: "EMEA", owner: "bob" } },
    entry: ENTRY,
    hops: [{ id: "alice@acme" }] as never,
    obligations: { approvers: 2 } as ApprovableCall["obligations"],
    verdicts: [],
    named: undefined,
    invocation: "invocation-1",
    ...changed,
  };
}

async function described(changed: Partial<ApprovableCall> = {}, now = NOW + 0.5): Promise<AskedApproval> {
  const call = callOf(changed);
  const { point } = scene.point({ clock: () => now * 1000 });
  const sent = sentIn(call, point);
  if (isRefusal(sent)) throw sent;
  return describeCall(call, sent, "large", point);
}

describe("a request", () => {
  it("says of the call all that must still be so when it is made", async () => {
    const parsed = { ...ARGUMENTS, currency: "EUR" };
    expect(await described({ parsed })).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      request: {
        audience: PAY,
        tool: "send_payment",
        argumentsHash: { received: await hash(ARGUMENTS), parsed: await hash(parsed) },
        resource: { kind: "payment", id: "p-1", attributes: { region: "EMEA", owner: "bob" } },
        user: ALICE,
        agents: scene.chain.links.map(({ agent, key }) => ({ name: agent, key })),
        reason: "large",
        approvers: 2,
        untilSeconds: NOW + 3600,
      },
      hash: expect.stringMatching(/^[\w-]{43}$/),
      invocation: "invocation-1",
      askedAtSeconds: NOW + 0.5,
      user: "alice@acme",
      arguments: {},
      chain: scene.chain.id,
    });
  });

  it("of a user without agents names no agent and no chain", async () => {
    const asked = await described({ caller: { user: ALICE, chain: undefined, audience: PAY } as never });
    expect(asked.request.agents).toEqual([]);
    expect(asked).not.toHaveProperty("chain");
  });

  it("asks for one person where the policies do not say how many", async () => {
    expect((await described({ obligations: {} as never })).request.approvers).toBe(1);
  });

  it("shows those arguments that records keep, as the tool's schema made them, and no others", async () => {
    const entry = { ...ENTRY, keepInRecord: ["amount", "constructor", "note"] };
    expect((await described({ entry, parsed: { ...ARGUMENTS, amount: 901 } })).arguments).toEqual({ amount: 901 });
  });

  it.each<[string, Partial<ToolEntry>, readonly string[]]>([
    ["all of the resource's", {}, ["owner", "region"]],
    ["those that the tool map names", { showToApprovers: ["region", NAMED] }, ["region"]],
    ["all but the arguments, whatever their name is", { argumentsAs: "owner" }, [NAMED, "region"]],
  ])("shows attributes: %s", async (_, more, names) => {
    const { request } = await described({ entry: { ...ENTRY, ...more } });
    expect(Object.keys(request.resource.attributes).sort()).toEqual(names);
  });

  it("of a resource without attributes shows none", async () => {
    expect((await described({ resource: { kind: "payment", id: "p-1" } })).request.resource.attributes).toEqual({});
  });

  it("cannot be made of attributes that nobody can be shown, and says what to do", async () => {
    const resource = { kind: "payment", id: "p-1", attr: { region: "x".repeat(1_000_000) } };
    expect(await errorOf(described({ resource }))).toMatchObject({
      code: "attributes_invalid",
      message:
        "the resource's attributes cannot be shown to an approver: name those that should be, in showToApprovers of the tool map's entry \"send_payment\"",
      cause: expect.any(HopwiseError),
    });
  });
});

it("has an id that begins with no dash, so that it can be typed as an argument of a command", () => {
  const ids = Array.from({ length: 2000 }, requestId);
  expect(ids.filter((id) => !/^[A-Za-z0-9_][\w-]{21}$/.test(id))).toEqual([]);
});

describe("what was sent, where a projection speaks for it", () => {
  it("is what the request is of, and not what the projection says", async () => {
    const { request } = await described({ received: { to: "***" }, unprojected: ARGUMENTS });
    expect(request.argumentsHash.received).toBe(await hash(ARGUMENTS));
    expect(request.argumentsHash.parsed).toBe(await hash({ to: "***" }));
  });

  it.each<[string, unknown]>([
    ["is no plain data", { amount: 5n }],
    ["is deeper than arguments may be", { a: { b: { c: {} } } }],
    ["is longer than arguments may be", { a: "x".repeat(1000) }],
  ])("may be such that no approval can be of it, where it %s", (_, unprojected) => {
    const limits = { ...DEFAULT_LIMITS, argumentsDepth: 2, argumentsSize: 900 };
    const sent = sentIn(callOf({ unprojected }), scene.point({ limits }).point);
    expect(sent).toMatchObject({
      code: "approval_void",
      message:
        "the arguments are no plain data, and the tool map's projection may say less than they do: no approval can be of the call",
      cause: expect.any(HopwiseError),
    });
  });
});

describe("a call that is made later", () => {
  it("is the same one as long as nothing but the time is another", async () => {
    const kept = await described();
    const later = await asOf(kept, await described({}, NOW + 500));
    expect(later).toMatchObject({ id: kept.id, hash: kept.hash, request: kept.request, askedAtSeconds: NOW + 500 });
  });

  it("is another one where anything else is", async () => {
    const kept = await described();
    const other = await asOf(kept, await described({ received: { ...ARGUMENTS, amount: 901 } }, NOW + 500));
    expect(other.id).toBe(kept.id);
    expect(other.hash).not.toBe(kept.hash);
  });
});
