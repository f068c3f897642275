/** Users of several issuers at one enforcement point: no two of them are one principal, however they come. */
import { describe, expect, it } from "vitest";
import { memoryAudit } from "../audit/index.ts";
import { inMemoryAgents, type UserDirectory, type UserDirectoryTraits } from "../principal/index.ts";
import { memoryState } from "../state/index.ts";
import { hold, parseDelegation, prove, type TrustAnchor } from "../token/index.ts";
import { createWorld, ISSUER, NOW, PAY, pdpOf, type World } from "../world.fixture.ts";
import { createAuthorizer } from "./authorizer.ts";
import type { Call, IncomingCaller } from "./call.ts";
import { ALICE } from "./point.fixture.ts";

const PARTNER = "https://id.partner.example";
const [ours, theirs] = (await Promise.all([createWorld(), createWorld()])) as [World, World];
const partner: TrustAnchor = { ...theirs.anchor, issuer: PARTNER };
const call = { tool: "send_payment", arguments: { to: "Globex", amount: 1 } };
const clock = (): number => NOW * 1000;

/** The ways in which a user comes: alone, or by an agent over the wire, or in a session. */
type Via = IncomingCaller["via"];

async function idsSeen(
  trust: readonly TrustAnchor[],
  comers: readonly (readonly [World, string, Via])[],
  traits: UserDirectoryTraits = {},
) {
  const { pdp, asked } = pdpOf();
  const audit = memoryAudit();
  const users: UserDirectory = { ...traits, find: ({ subject }) => ({ id: subject, roles: ["clerk"] }) };
  const keys = [ours.planner.publicJwk, theirs.planner.publicJwk];
  const authorizer = createAuthorizer({
    cerbos: pdp,
    audience: PAY,
    trust,
    users,
    audit,
    clock,
    delegation: "grants-only",
    agents: inMemoryAgents({ planner: { roles: ["agent"], keys } }),
    tools: { send_payment: { kind: "payment", action: "send" } },
    state: memoryState({ since: 0, clock }),
  });
  const seen: unknown[] = [];
  for (const [world, issuer, via] of comers) {
    const before = asked.length;
    const held = await hold(await parseDelegation(await world.root({ iss: issuer })), world.planner);
    const who: Pick<Call, "credential" | "user"> =
      via === "user"
        ? { user: { ...ALICE, issuer } }
        : { credential: await prove(held, { ...call, audience: PAY, clock }) };
    const decision =
      via === "session"
        ? await (await authorizer.openSession(held)).authorize(call)
        : await authorizer.authorize({ ...call, ...who });
    expect(decision.outcome).toBe("allowed");
    const principals = asked.slice(before).map(({ principal }) => principal);
    const [user] = principals;
    for (const { attr, id } of principals) {
      const delegation = attr?.["delegation"] as unknown as {
        readonly user: object;
        readonly chain: readonly object[];
      };
      expect(delegation.user, id).toMatchObject({ id: user?.id, issuer });
      expect(delegation.chain[0], id).toMatchObject({ id: user?.id });
    }
    expect(principals).toHaveLength(via === "user" ? 1 : 2);
    expect(audit.records.at(-1)?.chain).toMatchObject({ issuer });
    expect(audit.records.at(-1)?.chain?.hops[0]?.id).toBe(user?.id);
    seen.push(user?.id);
  }
  return seen;
}

const WAYS: { readonly [via in Via]: true } = { proof: true, session: true, user: true };
const VIAS = Object.keys(WAYS) as Via[];

describe.each(VIAS.flatMap((a) => VIAS.map((b) => [a, b] as const)))(
  "alice of one issuer by %s, and alice of another by %s",
  (first, second) => {
    const mine = [ours, ISSUER, first] as const;
    const other = [theirs, PARTNER, second] as const;
    const made = [`iss:${ISSUER}#alice`, `iss:${PARTNER}#alice`];

    it("are two principals, in either order of trust and of coming, and their issuers stand beside them", async () => {
      expect(await idsSeen([ours.anchor, partner], [mine, other])).toEqual(made);
      expect(await idsSeen([partner, ours.anchor], [other, mine])).toEqual([...made].reverse());
    });

    it("have the directory's ids where it says that these are unique", async () => {
      expect(await idsSeen([ours.anchor, partner], [mine, other], { uniqueIds: true })).toEqual(["alice", "alice"]);
    });

    it("are two principals also where the other is not trusted with chains, and ours keeps her id", async () => {
      const alone = [theirs, PARTNER, "user"] as const;
      expect(await idsSeen([ours.anchor], [alone, mine])).toEqual([made[1], "alice"]);
    });
  },
);

it("a user of one of two issuers has one name, whether or not a call came as far as the directory", async () => {
  const audit = memoryAudit();
  const authorizer = createAuthorizer({
    cerbos: pdpOf().pdp,
    audience: PAY,
    trust: [ours.anchor, { ...partner, subjects: "any" }],
    users: { find: ({ subject }) => (subject === "alice" ? { id: subject, roles: ["clerk"] } : undefined) },
    audit,
    clock,
    delegation: "grants-only",
    agents: inMemoryAgents({ planner: { roles: ["agent"], keys: [theirs.planner.publicJwk] } }),
    tools: { "*": { kind: "payment", action: "send" } },
    state: memoryState({ since: 0, clock }),
  });
  const held = async (sub: string) =>
    hold(await parseDelegation(await theirs.root({ iss: PARTNER, sub })), theirs.planner);
  const [alice, nobody] = [await held("alice"), await held("nobody")];
  await (await authorizer.openSession(alice)).authorize(call);
  await (await authorizer.openSession(alice)).authorize({ tool: "not_handed_over", arguments: {} });
  await (await authorizer.openSession(nobody)).authorize(call);
  expect(audit.records.map(({ chain, code }) => [code, chain?.hops[0]?.id])).toEqual([
    [undefined, `iss:${PARTNER}#alice`],
    ["grant_tool_missing", `iss:${PARTNER}#alice`],
    ["user_unknown", `iss:${PARTNER}#nobody`],
  ]);
});
