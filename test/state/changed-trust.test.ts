/** Who is trusted changes while calls are made: at the next call, for lists, answers, revocations, and whoever listens. */
import { createTrust, generateSigner, memoryState, type TrustAnchor } from "@hopwise/core";
import { acceptRevocations } from "@hopwise/core/state";
import { createCompany } from "@hopwise/core/testing";
import { signRevocation, type TrustedKey } from "@hopwise/core/tokens";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { clientOf, errorCodeOf, failure } from "../support/mcp/client.ts";
import { plannerWith, serveHere } from "../support/mcp/server.ts";
import { createWorld } from "../support/world.ts";

const issuerKey = await generateSigner();
const company = await createCompany({ issuerKey });
const partner = await createCompany();
const ours = company.issuer.trustAnchor;
const theirs: TrustAnchor = { ...partner.issuer.trustAnchor, issuer: "https://id.partner.example" };

describe("an authorizer", () => {
  it("goes by the anchors of the moment, of several authorizers at once", async () => {
    const trust = createTrust([ours]);
    const authorizers = [company.authorizer({ trust }), company.authorizer({ trust })];
    const planner = await company.chain("alice", "planner");
    const pay = async () =>
      Promise.all(
        authorizers.map(async (authorizer) => {
          const decision = await authorizer.call(planner, "send_payment", { to: "ACME" });
          return decision.outcome === "denied" ? decision.code : decision.outcome;
        }),
      );
    const told = vi.fn();
    authorizers[0]?.onChange(told);
    expect(await pay()).toEqual(["allowed", "allowed"]);
    trust.replace([{ ...ours, tools: ["read_invoice"] }]);
    expect(await pay()).toEqual(["token_untrusted_issuer", "token_untrusted_issuer"]);
    trust.replace([]);
    expect(await pay()).toEqual(["token_untrusted_issuer", "token_untrusted_issuer"]);
    trust.replace([ours]);
    expect(await pay()).toEqual(["allowed", "allowed"]);
    expect(told).toHaveBeenCalledTimes(3);
  });

  it("takes no issuer at whose next start rules that name it would fall silent", () => {
    const trust = createTrust([ours]);
    company.authorizer({ trust });
    const refused = (next: readonly TrustAnchor[]) => () => trust.replace(next);
    for (const next of [[ours, theirs], [theirs]])
      expect(refused(next)).toThrow(/rules that name it would fall silent/);
    expect(trust.anchors.map(({ issuer }) => issuer)).toEqual([ours.issuer]);
    // What takes away is never refused, nor what comes back.
    for (const next of [[], [ours], [ours, ours]]) expect(refused(next)).not.toThrow();
  });

  it("does not stand on anchors where its own options were refused", () => {
    const trust = createTrust([ours]);
    expect(() => company.authorizer({ trust, shadow: ["no_such_tool"] })).toThrow(/no_such_tool/);
    trust.replace([theirs]);
    expect(trust.anchors).toHaveLength(1);
  });

  it.each([
    ["where the directory's ids are unique", [ours], { uniqueIds: true }],
    [
      "where ids are made of issuer and subject from the start",
      [ours, { ...theirs, issuer: "https://id.x.example" }],
      {},
    ],
  ] as const)("takes another issuer %s", async (_, first, traits) => {
    const trust = createTrust(first);
    company.authorizer({ trust, users: { ...company.users, ...traits } });
    trust.replace([ours, theirs]);
    expect(trust.anchors).toHaveLength(2);
  });
});

it("signed revocations are taken by the anchors of the moment", async () => {
  const trust = createTrust([ours]);
  const state = memoryState({ since: 0, clock: company.clock });
  const audience = "https://revocations.acme.example";
  const accept = acceptRevocations({ trust, audience, state, clock: company.clock });
  const delegation = await company.chain("alice", "planner");
  const sign = () =>
    signRevocation({ signer: company.keys.planner, of: { delegation }, audience, clock: company.clock });
  trust.replace([]);
  await expect(accept(await sign())).rejects.toMatchObject({ code: "token_untrusted_issuer" });
  trust.replace([ours]);
  expect(await accept(await sign())).toMatchObject({ outcome: "revoked" });
});

describe("an issuer that changed its key under the same kid", () => {
  const [{ kid, jwk }] = ours.keys as readonly [TrustedKey];
  /** Still has the one before, until it is told that its key made no signature. */
  const changing = (): TrustAnchor => {
    let published: readonly TrustedKey[] = [{ kid, jwk: partner.keys.planner.publicJwk }];
    const renew = async () => {
      published = [{ kid, jwk }];
    };
    return { ...ours, keys: { find: async () => published, renew } };
  };

  it("has its chains taken at once, by an authorizer", async () => {
    const planner = await company.chain("alice", "planner");
    const decision = await company.authorizer({ trust: [changing()] }).call(planner, "send_payment", { to: "ACME" });
    expect(decision.outcome).toBe("allowed");
  });

  it("has what it signs taken at once, by a log of revocations", async () => {
    const audience = "https://revocations.acme.example";
    const state = memoryState({ since: 0, clock: company.clock });
    const accept = acceptRevocations({ trust: [changing()], audience, state, clock: company.clock });
    const issuer = { issuer: ours.issuer, kid };
    const signed = await signRevocation({
      signer: issuerKey,
      as: issuer,
      of: { agent: "planner" },
      audience,
      clock: company.clock,
    });
    expect(await accept(signed)).toMatchObject({ outcome: "revoked" });
  });
});

describe("a client of a guarded server", () => {
  let world: Awaited<ReturnType<typeof createWorld>>;
  beforeAll(async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    world = await createWorld();
    return () => world.pdp.close();
  });

  it("hears that its lists changed where who is trusted did", async () => {
    const { trustAnchor } = world.issuer;
    const trust = createTrust([trustAnchor]);
    const served = await serveHere(world, { authorizer: { trust } });
    const client = await clientOf(served.url, await plannerWith(world));
    onTestFinished(() => client.close());
    const changed: string[] = [];
    client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => void changed.push(method));
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    await vi.waitFor(
      async () => {
        trust.replace([]);
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(changed).toContain("notifications/tools/list_changed");
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(errorCodeOf(await failure(client.listTools()))).toBe("token_untrusted_issuer");
    trust.replace([{ ...trustAnchor }]);
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
  });
});
