/**
 * A decision is of one moment: the walk over everything that a call stands on and that may be taken away on its way, for
 * every way of calling, every way of going on, and every moment in between.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { ErrorCode } from "../codes.ts";
import type { Agent } from "../principal/index.ts";
import { memoryRevocations, type RevocationKind } from "../state/index.ts";
import {
  anchorsOf,
  createChainVerifier,
  createTrust,
  DEFAULT_LIMITS,
  type Thumbprint,
  type TrustAnchor,
} from "../token/index.ts";
import { ARGUMENTS, allowAll, type Claims, NOW, pdpOf } from "../world.fixture.ts";
import { type Admission, admit } from "./admission.ts";
import type { Continuation, IncomingCaller } from "./call.ts";
import { ALICE, BY_ALICE, codeOf, createScene, payment, type Scene } from "./point.fixture.ts";
import { openSession } from "./session.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

type Keys = Extract<TrustAnchor["keys"], readonly unknown[]>;
type Changing<T> = { -readonly [Name in keyof T]?: T[Name] };

/** A company in which anything may be taken away at any time. */
function company() {
  const at = { now: NOW };
  const clock = (): number => at.now * 1000;
  const published: { keys: Keys } = { keys: scene.world.anchor.keys as Keys };
  const agents: { [name: string]: Changing<Agent> } = {
    planner: { roles: ["agent"], keys: [scene.world.planner.publicJwk] },
    researcher: { roles: ["agent"], keys: [scene.world.researcher.publicJwk] },
  };
  const revocations = memoryRevocations(clock);
  const during: { [moment in Moment]?: () => void } = {};
  const anchor: TrustAnchor = { ...scene.world.anchor, keys: { find: async () => published.keys } };
  const trust = createTrust([anchor]);
  const { point, audit } = scene.point({
    clock,
    revocations,
    verifier: createChainVerifier(anchorsOf(trust), DEFAULT_LIMITS),
    agents: { find: (name) => agents[name] as Agent | undefined },
    users: {
      find: ({ subject }) => {
        during.sources?.();
        return { id: subject, roles: ["clerk"] };
      },
    },
    cerbos: pdpOf((request) => {
      during.policies?.();
      return allowAll(request);
    }).pdp,
  });
  return { at, published, trust, anchor, agents, revocations, during, point, audit };
}
type Company = ReturnType<typeof company>;
type Ended = Parameters<typeof codeOf>[0];

/** When it is taken away: while the host has the admitted call, while sources are asked, while policies are. */
const MOMENTS = ["host", "sources", "policies"] as const;
type Moment = (typeof MOMENTS)[number];

/** The members of a registered agent that bound what it may do; the others say who it is. */
type Bound = Exclude<keyof Agent, "roles" | "attributes" | "class" | "owner" | "classes" | "scope" | "policyVersion">;
/** The members of a trust anchor that bound every root; the others let more roots be, or say what is no chain's. */
type RootBound = Exclude<
  keyof TrustAnchor,
  "issuer" | "keys" | "foreign" | "everyTool" | "sharedBudgets" | "approvals"
>;
type Ground =
  | `revoked ${RevocationKind}`
  | `agent's ${Bound}`
  | `anchor's ${RootBound}`
  | "anchor"
  | "agent"
  | "expiry"
  | "issuer's key";

interface Taken {
  readonly take: (from: Company) => void;
  readonly code: ErrorCode;
  /** A user without agents stands on it, too. */
  readonly ofUser?: true;
  /** A list does not, but each of the calls that it shows. */
  readonly ofItems?: true;
}

/** What a call stands on. A ground without a row does not compile. */
const GROUNDS: { readonly [ground in Ground]: Taken } = {
  expiry: { take: ({ at }) => (at.now = NOW + 2 * 3600), code: "token_expired" },
  "issuer's key": { take: ({ published }) => (published.keys = []), code: "token_untrusted_issuer" },
  anchor: { take: ({ trust }) => trust.replace([]), code: "token_untrusted_issuer" },
  "anchor's audiences": { take: bounded({ audiences: ["https://other.example"] }), code: "token_untrusted_issuer" },
  "anchor's subjects": { take: bounded({ subjects: ["bob"] }), code: "token_untrusted_issuer" },
  "anchor's tools": { take: bounded({ tools: [] }), code: "token_untrusted_issuer" },
  "anchor's lifetimeSeconds": { take: bounded({ lifetimeSeconds: 1 }), code: "token_untrusted_issuer" },
  "anchor's maxDepth": { take: bounded({ maxDepth: 0 }), code: "token_untrusted_issuer" },
  "revoked token": { take: ({ revocations }) => revocations.revoke({ token: scene.chain.id }), code: "revoked" },
  "revoked key": {
    take: ({ revocations }) => revocations.revoke({ key: scene.chain.links[0]?.key as Thumbprint }),
    code: "revoked",
  },
  "revoked agent": { take: ({ revocations }) => revocations.revoke({ agent: "planner" }), code: "revoked" },
  "revoked user": {
    take: ({ revocations }) => revocations.revoke({ user: ALICE, notBefore: NOW + 1 }),
    code: "revoked",
    ofUser: true,
  },
  agent: { take: ({ agents }) => delete agents["planner"], code: "agent_unknown" },
  "agent's keys": { take: ({ agents }) => (of(agents).keys = []), code: "agent_unknown" },
  "agent's tools": { take: ({ agents }) => (of(agents).tools = []), code: "agent_tool_refused", ofItems: true },
  "agent's maxDepth": { take: ({ agents }) => (of(agents).maxDepth = 1), code: "agent_depth_refused" },
};

function bounded(bounds: Partial<TrustAnchor>): Taken["take"] {
  return ({ trust, anchor }) => trust.replace([{ ...anchor, ...bounds }]);
}

function of(agents: Company["agents"]): Changing<Agent> {
  return agents["planner"] as Changing<Agent>;
}

/** Ways of calling, and of going on. A new one without a row does not compile. */
const CALLERS: { readonly [via in IncomingCaller["via"]]: (proven?: Claims) => Promise<IncomingCaller> } = {
  proof: (claims) => scene.byProof(claims),
  session: async () => scene.inSession,
  user: async () => BY_ALICE,
};
const ENDINGS: {
  readonly [as in Continuation["as"]]: { readonly go: (on: Admission) => Promise<Ended>; readonly good: string };
} = {
  call: { go: (on) => on.decide({ parsed: ARGUMENTS }), good: "allowed" },
  list: { go: (on) => on.list([{ tool: "send_payment" }]), good: "listed" },
  // What a refusal says of a tool's schema is for those who may see the tool.
  refusal: { go: (on) => on.refuse({ code: "arguments_refused", message: "why" }), good: "arguments_refused" },
};

const rows = <Name extends string, Row>(table: { readonly [name in Name]: Row }) =>
  Object.entries(table) as [Name, Row][];

describe.each(MOMENTS)("what is taken away in the moment of the %s", (moment) => {
  describe.each(rows(CALLERS))("from a caller by %s", (via, callerBy) => {
    describe.each(rows(ENDINGS))("who goes on by a %s", (as, { go, good }) => {
      const admitted = async (from: Company): Promise<Admission> => {
        const listing = { tool: "mcp:tools/list", arguments: {} };
        const caller = as === "list" ? await callerBy({ aat_tool: listing.tool, hta: {} }) : await callerBy();
        const admission = await admit(payment(caller, as === "list" ? listing : {}), from.point);
        expect(admission.outcome).toBe("admitted");
        return admission as Admission;
      };

      it.each(rows(GROUNDS))("is missing at once: %s", async (_, { take, code, ofUser, ofItems }) => {
        const from = company();
        const admission = await admitted(from);
        if (moment === "host") take(from);
        else from.during[moment] = () => void take(from);
        const end = await go(admission);
        const ended = codeOf(end);
        if (via === "user" && ofUser !== true) expect(ended).toBe(good);
        else if (ofItems && as === "list") expect(end).toEqual({ outcome: "listed", shown: [false] });
        else expect(ended).toBe(code);
        if (as === "call")
          expect(from.audit.records.map(({ outcome }) => outcome)).toEqual([ended === good ? "allowed" : "denied"]);
      });

      it("does not end it where nothing was taken away", async () => {
        expect(codeOf(await go(await admitted(company())))).toBe(good);
      });
    });
  });
});

describe.each(["sources", "policies"] as const)("what is taken away in the moment of the %s", (moment) => {
  it.each(rows(GROUNDS))("is missing to a session's own call or list: %s", async (_, { take, code, ofItems }) => {
    for (const ask of ["authorize", "list"] as const) {
      const from = company();
      const session = await openSession(scene.researcher, from.point);
      const items = [{ tool: "send_payment" }];
      const call = () =>
        ask === "list" ? session.list(items) : session.authorize({ tool: "send_payment", arguments: ARGUMENTS });
      expect((await call()).outcome).not.toBe("denied");
      from.during[moment] = () => void take(from);
      const end: Ended = await call();
      if (ofItems && ask === "list") expect(end).toEqual({ outcome: "listed", shown: [false] });
      else expect(codeOf(end)).toBe(code);
    }
  });
});

describe("who is trusted", () => {
  it.each(["agents", "revocations"] as const)(
    "is asked again where it changed while the last look waited for the %s",
    async (what) => {
      const from = company();
      const point = { ...from.point };
      // As readOptions makes it: the anchors of the moment.
      Object.defineProperty(point, "trust", { get: () => from.trust.anchors });
      const admission = await admit(payment(await scene.byProof()), point);
      let isLast = false;
      from.during.policies = () => (isLast = true);
      const late = async <T>(answer: T): Promise<T> => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (isLast) from.trust.replace([]);
        return answer;
      };
      const { agents, state } = point;
      if (what === "agents") Object.assign(point, { agents: { find: (name: string) => late(agents.find(name)) } });
      else {
        const { find } = state.revocations;
        Object.assign(point, { state: { ...state, revocations: { find: (query: never) => late(find(query)) } } });
      }
      expect(codeOf(await (admission as Admission).decide())).toBe("token_untrusted_issuer");
    },
  );
});

it("a call is not decided for ever where who is trusted changes at each look", async () => {
  const from = company();
  const point = { ...from.point };
  Object.defineProperty(point, "trust", { get: () => from.trust.anchors });
  let looks = 0;
  const find = async (name: string) => {
    looks++;
    from.trust.replace([from.anchor]);
    return from.point.agents.find(name);
  };
  Object.assign(point, { agents: { find } });
  const admission = await admit(payment(await scene.byProof()), point);
  looks = 0;
  expect(await (admission as Admission).decide()).toMatchObject({
    code: "issuer_keys_unavailable",
    message: "the trust anchors were replaced again and again while the call was decided",
  });
  // Two agents: once before the policies, and three times after them.
  expect(looks).toBe(8);
});

describe("an admitted call", () => {
  it("is judged by the agents as the registry knows them when it is decided", async () => {
    const from = company();
    const { pdp, asked } = pdpOf();
    const admission = await admit(payment(await scene.byProof()), { ...from.point, cerbos: pdp });
    of(from.agents).roles = ["demoted"];
    await (admission as Admission).decide();
    expect(asked.map(({ principal }) => principal.roles)).toEqual([["clerk"], ["demoted"], ["agent"]]);
  });

  it.each<[string, (from: Company) => Company["point"], ErrorCode]>([
    [
      "revocations",
      ({ point }) => ({
        ...point,
        state: { ...point.state, revocations: { find: () => Promise.reject(new Error("down")) } },
      }),
      "state_unavailable",
    ],
    [
      "the registry",
      ({ point }) => ({ ...point, agents: { find: () => Promise.reject(new Error("down")) } }),
      "registry_unavailable",
    ],
  ])("is denied where %s cannot be asked again", async (_, broken, code) => {
    const from = company();
    const point = { ...from.point };
    const admission = await admit(payment(await scene.byProof()), point);
    Object.assign(point, broken(from));
    expect(codeOf(await (admission as Admission).decide())).toBe(code);
  });

  it("whose chain expired is denied for good, where the clock steps back", async () => {
    const from = company();
    const admission = await admit(payment(await scene.byProof()), from.point);
    from.at.now = NOW + 2 * 3600;
    let isAsked = false;
    from.during.policies = () => (isAsked = true);
    expect(codeOf(await (admission as Admission).decide())).toBe("token_expired");
    expect(isAsked).toBe(false);
    from.at.now = NOW;
    expect(codeOf(await admit(payment(await scene.byProof()), from.point))).toBe("token_expired");
    expect((await admit(payment(BY_ALICE), from.point)).outcome).toBe("admitted");
  });
});
