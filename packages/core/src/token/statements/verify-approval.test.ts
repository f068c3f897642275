import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyCharacter } from "../../../../../test/support/any-character.ts";
import { canonicalJson } from "../../json/index.ts";
import {
  ALGORITHMS,
  claimsOf,
  createWorld,
  errorOf,
  ISSUER,
  NOW,
  PAY,
  refusalOf,
  type World,
} from "../../world.fixture.ts";
import { thumbprintOf } from "../keys/key.ts";
import { type ApprovalRequest, hashOfRequest } from "./approval-request.ts";
import { type ApprovalOrder, signApproval } from "./approve.ts";
import { type ApprovalReading, verifyApproval } from "./verify-approval.ts";

const clock = (): number => NOW * 1000 + 250;
const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const HASH = "A".repeat(43);

async function requestIn(world: World): Promise<ApprovalRequest> {
  return {
    audience: PAY,
    tool: "send_payment",
    argumentsHash: { received: HASH, parsed: HASH },
    resource: { kind: "payment", id: "PAY-31", attributes: { owner: "alice", total: 900 } },
    user: { issuer: ISSUER, subject: "alice" },
    agents: [{ name: "planner", key: await thumbprintOf(world.planner.publicJwk) }],
    reason: "it is a large payment",
    approvers: 2,
    untilSeconds: NOW + 600,
  };
}

const OTHER = `${"A".repeat(42)}E`;

/** Another value for each member of a request: a new member needs its own. */
const OTHERS: { readonly [Name in keyof ApprovalRequest]: readonly ApprovalRequest[Name][] } = {
  audience: ["https://docs.acme.example/mcp"],
  tool: ["send_payments", "mcp:resources/read"],
  argumentsHash: [
    { received: OTHER, parsed: HASH },
    { received: HASH, parsed: OTHER },
  ],
  resource: [
    { kind: "invoice", id: "PAY-31", attributes: { owner: "alice", total: 900 } },
    { kind: "payment", id: "PAY-32", attributes: { owner: "alice", total: 900 } },
    { kind: "payment", id: "PAY-31", attributes: { owner: "alice", total: "900" } },
    { kind: "payment", id: "PAY-31", attributes: { owner: "alice" } },
  ],
  user: [
    { issuer: ISSUER, subject: "bob" },
    { issuer: "https://id.partner.example", subject: "alice" },
  ],
  agents: [[], [{ name: "researcher", key: OTHER as never }], [{ name: "planner", key: OTHER as never }]],
  reason: ["it is a small payment"],
  approvers: [1],
  untilSeconds: [NOW + 601],
};
const changes = Object.entries(OTHERS).flatMap(([name, values]) =>
  (values as readonly unknown[]).map((value, i) => [`${name} ${i}`, { [name]: value }] as const),
);

describe("the hash of a request", () => {
  const [world] = worlds as [World];

  it.each(changes)("is another where another is the %s", async (_, changed) => {
    const request = await requestIn(world);
    expect(await hashOfRequest({ ...request, ...changed })).not.toBe(await hashOfRequest(request));
  });

  it("is of plain JSON alone, and of a tool that there can be", async () => {
    const request = await requestIn(world);
    const error = await errorOf(
      hashOfRequest({ ...request, resource: { ...request.resource, attributes: { at: new Date(0) as never } } }),
    );
    expect([error.code, error.pointer]).toEqual(["config_invalid", "/resource/attributes/at"]);
    expect(error.message).toContain("resource.attributes.at must be what JSON can say");
    expect(await refusalOf(hashOfRequest({ ...request, tool: "mcp:tools/send" }))).toBe("config_invalid /tool");
  });

  it("is of a text that nests no deeper than 18, and is no longer than 65,536", async () => {
    const request = await requestIn(world);
    const of = async (attributes: object): Promise<string> =>
      refusalOf(hashOfRequest({ ...request, resource: { ...request.resource, attributes: attributes as never } }));
    // The request, the resource, and the attributes around the lists.
    const lists = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
    expect(await of({ a: lists(15) })).toBe("accepted");
    expect(await of({ a: lists(16) })).toMatch(/^config_invalid \/resource\/attr\/a/);
    expect(await of({ a: "a".repeat(64_000) })).toBe("accepted");
    expect(await of({ a: "a".repeat(65_536) })).toMatch(/^config_invalid/);
  });

  it("is that of a request itself: what an inbox shows has it within", async () => {
    const request = await requestIn(world);
    const error = await errorOf(hashOfRequest({ request, asked: 1 } as never));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain("of what an inbox shows, pass shown.request");
    const { reason: _, ...lacking } = request;
    expect(await refusalOf(hashOfRequest(lacking as never))).toBe("config_invalid /reason");
    expect(await refusalOf(hashOfRequest({ ...lacking, request: "yes" } as never))).toMatch(/^config_invalid/);
  });

  it("is the same whatever order members are written in, and for -0 and 0", async () => {
    const request = await requestIn(world);
    const { resource } = request;
    const turned = Object.fromEntries(Object.entries(request).reverse()) as unknown as ApprovalRequest;
    const attributes = { total: 900, owner: "alice" };
    const hash = await hashOfRequest(request);
    expect(await hashOfRequest({ ...turned, resource: { ...resource, attributes } })).toBe(hash);
    const zero = (n: number) => hashOfRequest({ ...request, resource: { ...resource, attributes: { n } } });
    expect(await zero(-0)).toBe(await zero(0));
  });

  it("is equal for two requests only where their canonical texts are", async () => {
    const request = await requestIn(world);
    const attributes = fc.dictionary(
      fc.string({ unit: anyCharacter, maxLength: 3 }),
      fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      {
        maxKeys: 3,
        noNullPrototype: true,
      },
    );
    const text = fc.constantFrom("a", "b", '"', "a,b");
    const some = fc.record({ attributes, reason: text, id: text, kind: text });
    const make = ({
      attributes,
      reason,
      id,
      kind,
    }: {
      attributes: object;
      reason: string;
      id: string;
      kind: string;
    }) => ({
      ...request,
      reason,
      resource: { kind, id, attributes: attributes as never },
    });
    await fc.assert(
      fc.asyncProperty(some, some, async (one, other) => {
        const same = canonicalJson(one as never) === canonicalJson(other as never);
        expect((await hashOfRequest(make(one))) === (await hashOfRequest(make(other)))).toBe(same);
      }),
      { numRuns: 300 },
    );
  });
});

describe.each(worlds)("an approval over $algorithm", (world: World) => {
  const approver = world.clerk;
  const BOB = { issuer: ISSUER, subject: "bob" };

  const order = async (changed: Partial<ApprovalOrder> = {}): Promise<ApprovalOrder> => ({
    signer: approver,
    request: await requestIn(world),
    answer: "yes",
    clock,
    ...changed,
  });
  const reading = async (changed: Partial<ApprovalReading> = {}): Promise<ApprovalReading> => ({
    trust: [world.anchor],
    nowSeconds: NOW + 1,
    request: await requestIn(world),
    approvers: [
      { issuer: ISSUER, subject: "carol", keys: [world.researcher.publicJwk] },
      { ...BOB, keys: [world.mallory.publicJwk, approver.publicJwk] },
    ],
    ...changed,
  });
  const check = async (made: Partial<ApprovalOrder>, read: Partial<ApprovalReading> = {}): Promise<string> =>
    refusalOf(verifyApproval(await signApproval(await order(made)), await reading(read)));

  it("is not dated ahead, also where a limit is left undefined", async () => {
    const ahead = { clock: () => (NOW + 590) * 1000 };
    expect(await check(ahead)).toBe("token_not_yet_valid /iat");
    expect(await check(ahead, { limits: { skewSeconds: undefined } as never })).toBe("token_not_yet_valid /iat");
  });

  it.each(["yes", "no"] as const)("says %s, and who said so", async (answer) => {
    const verified = await verifyApproval(await signApproval(await order({ answer })), await reading());
    expect(verified).toMatchObject({
      answer,
      approver: BOB,
      request: await hashOfRequest(await requestIn(world)),
      signedBy: await thumbprintOf(approver.publicJwk),
      issuedAt: NOW + 0.25,
      expiresAt: NOW + 600,
    });
  });

  it.each(changes)("is void once another is the %s", async (name, changed) => {
    const request = { ...(await requestIn(world)), ...changed };
    expect(await check({}, { request })).toBe(
      name.startsWith("audience") ? "audience_mismatch /aud" : "approval_refused /request",
    );
  });

  it("is an issuer's where its anchor says so, for users that it may name", async () => {
    const as = { issuer: ISSUER, kid: "k1", subject: "alice" };
    const signed = { signer: world.issuer, as };
    const may = { ...world.anchor, approvals: true };
    expect(await check(signed, { trust: [may] })).toBe("accepted");
    expect(await check(signed, { trust: [world.anchor] })).toBe("token_untrusted_issuer /iss");
    expect(await check(signed, { trust: [{ ...may, approvals: false }] })).toBe("token_untrusted_issuer /iss");
    const bob = { signer: world.issuer, as: { ...as, subject: "bob" } };
    expect(await check(bob, { trust: [may] })).toBe("token_untrusted_issuer /sub");
    expect(await check({ ...signed, signer: world.mallory }, { trust: [may] })).toBe("token_signature_invalid");
    const { approver: who } = await verifyApproval(
      await signApproval(await order(signed)),
      await reading({ trust: [may] }),
    );
    expect(who).toEqual({ issuer: ISSUER, subject: "alice" });
  });

  it("is never an agent's of the chain, be its key registered or not", async () => {
    const keys = [world.planner.publicJwk];
    expect(await check({ signer: world.planner }, { approvers: [{ ...BOB, keys }] })).toBe("approval_refused /iss");
    expect(await check({ signer: world.planner })).toBe("approval_refused /jkt");
    expect(await check({}, { approvers: [] })).toBe("approval_refused /jkt");
  });

  it("is one person's: a key that two registered is refused, and where it stands is said", async () => {
    const keys = [approver.publicJwk];
    const carol = { issuer: ISSUER, subject: "carol", keys: [world.mallory.publicJwk, approver.publicJwk] };
    await expect(
      reading({ approvers: [{ ...BOB, keys }, carol] }).then((it) => verifyApproval("", it)),
    ).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("approvers[1].keys[1] must be a key that nobody else in the list has"),
    });
    expect(
      await check(
        {},
        {
          approvers: [
            { ...BOB, keys },
            { ...BOB, keys },
          ],
        },
      ),
    ).toBe("accepted");
  });

  it.each<[string, Partial<ApprovalOrder>, Partial<ApprovalReading>, string]>([
    ["the last second", { lifetimeSeconds: 10 }, { nowSeconds: NOW + 9.999 }, "accepted"],
    ["the second in which it expires", { lifetimeSeconds: 10 }, { nowSeconds: NOW + 10 }, "token_expired /exp"],
    ["a lifetime longer than the request's", { lifetimeSeconds: 86_400 }, { nowSeconds: NOW + 599 }, "accepted"],
    ["the request's own end", { lifetimeSeconds: 86_400 }, { nowSeconds: NOW + 600 }, "token_expired /exp"],
    ["a clock behind within the skew", {}, { nowSeconds: NOW - 29.75 }, "accepted"],
    ["a clock further behind", {}, { nowSeconds: NOW - 29.76 }, "token_not_yet_valid /iat"],
    ["a memory that began after it was given", {}, { rememberedSince: NOW + 0.251 }, "token_expired /iat"],
    ["a memory that began with it", {}, { rememberedSince: NOW + 0.25 }, "accepted"],
    [
      "a memory that began with it, and a clock behind",
      {},
      { rememberedSince: NOW + 0.25, nowSeconds: NOW },
      "token_not_yet_valid /iat",
    ],
    [
      "a young memory, and a clock behind",
      {},
      { rememberedSince: NOW - 5, nowSeconds: NOW },
      "token_not_yet_valid /iat",
    ],
  ])("at %s is answered so", async (_, made, read, expected) => {
    expect(await check(made, read)).toBe(expected);
  });

  it("is not signed once the request has run out, nor by a clock that gives no time", async () => {
    const late = await errorOf(signApproval(await order({ clock: () => (NOW + 600) * 1000 })));
    expect([late.code, late.pointer]).toEqual(["approval_refused", "/exp"]);
    expect(late.message).toContain("not acceptable: the request has run out (0 seconds ago by the clock here; ");
    const broken = await errorOf(signApproval(await order({ clock: () => Number.NaN })));
    expect(broken.code).toBe("config_invalid");
    expect(broken.message).toBe(
      "signApproval: the clock gave no time; give one that gives milliseconds, not seconds, since the epoch, such as Date.now",
    );
  });

  it("goes by the machine's own clock where no other was given", async () => {
    const { clock: _, ...unclocked } = await order({
      request: { ...(await requestIn(world)), untilSeconds: 4_000_000_000 },
    });
    const before = Math.floor(Date.now() / 1000);
    const { iat } = claimsOf(await signApproval(unclocked)) as { iat: number };
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  it("is no longer than a token may be", async () => {
    const messageOf = async (text: unknown): Promise<string> =>
      (await errorOf(verifyApproval(text as never, await reading()))).message;
    expect(await messageOf("a".repeat(8193))).toBe("the statement is longer than 8192 bytes");
    expect(await messageOf("a".repeat(8192))).toContain("three segments are expected");
    expect(await messageOf(5)).toBe("the statement is not a text");
  });

  it("is refused where it is no text, without a word of what was in it", async () => {
    for (const text of [undefined, null, 5, {}]) {
      expect(await refusalOf(verifyApproval(text as never, await reading()))).toBe("token_malformed");
    }
    const text = await signApproval(await order());
    const request = { ...(await requestIn(world)), reason: "hunter2" };
    const error = await errorOf(verifyApproval(text, await reading({ request })));
    for (const piece of ["hunter2", ...text.split(".")])
      expect(JSON.stringify(error) + error.message).not.toContain(piece);
  });
});
