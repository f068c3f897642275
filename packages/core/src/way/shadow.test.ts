/** What shadow mode lets through, at each stage and nowhere else; test/shadow has the real policies, and every code. */
import { beforeAll, describe, expect, it } from "vitest";
import { CODES, isDenialCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { optionsOf } from "../options/index.ts";
import { memoryState } from "../state/index.ts";
import { ARGUMENTS, allowing, errorOf, PAY, pdpOf } from "../world.fixture.ts";
import { admit } from "./admission.ts";
import {
  answering,
  BY_ALICE,
  codeOf,
  createScene,
  decide,
  denying,
  list,
  type Parts,
  payment,
  type Scene,
  TOOLS,
} from "./point.fixture.ts";
import { SHADOW, type ShadowOption, shadowOf } from "./shadow.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const NO_PROOF = { via: "proof", credential: undefined, transportUser: undefined } as const;
const TOO_MUCH = { ...ARGUMENTS, amount: 5000 };
const on = (shadow: ShadowOption, parts: Parts = {}) =>
  scene.point({ ...parts, shadow: shadowOf({ shadow, tools: parts.tools ?? TOOLS, onWarning: () => {} }) });

describe("the option", () => {
  const warned = (shadow?: ShadowOption): readonly string[] => {
    const texts: string[] = [];
    shadowOf({ ...(shadow !== undefined && { shadow }), tools: TOOLS, onWarning: (text) => texts.push(text) });
    return texts;
  };

  it("is true, everything, or a list of names: there is no false", async () => {
    const read = optionsOf<{ readonly shadow: unknown }>("createAuthorizer", { shadow: SHADOW });
    for (const shadow of [true, "everything", [], ["send_payment"]]) expect(read({ shadow })).toEqual({ shadow });
    for (const shadow of [false, 1, "true", "send_payment", [5], [""], ["send_payment", "*"]]) {
      expect(await errorOf(() => read({ shadow } as never)), JSON.stringify(shadow)).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/^createAuthorizer: shadow/),
      });
    }
  });

  it("says at the start what is not enforced, and nothing where everything is", () => {
    expect(warned()).toEqual([]);
    expect(warned([])).toEqual([]);
    expect(warned(["send_payment", "mcp:tools/list"])).toEqual([
      expect.stringMatching(/^hopwise: shadow mode is on for send_payment, mcp:tools\/list: .*recorded$/),
    ]);
    expect(warned(true)).toEqual([expect.stringMatching(/ for every tool: .*recorded$/)]);
    expect(warned("everything")).toEqual([expect.stringMatching(/so do calls without a valid chain, for nobody/)]);
  });

  it("takes no harm from a logger that fails", () => {
    const onWarning = (): never => {
      throw new Error("no disk");
    };
    expect(shadowOf({ shadow: true, tools: TOOLS, onWarning }).lets("send_payment", "policy_denied")).toBe(true);
  });

  it.each(["send_paymnt", "mcp:tools/call", "*", "shop://orders/{id}"])(
    "refuses the name %s, which no tool of the map has",
    async (name) => {
      const error = await errorOf(() => shadowOf({ shadow: [name], tools: TOOLS }));
      expect(error).toMatchObject({
        code: "config_invalid",
        message: expect.stringContaining("shadow: "),
        cause: expect.any(HopwiseError),
      });
    },
  );

  it("counts what people and budgets have to say of any tool, also of one that gives rows", () => {
    const tools = { ...TOOLS, find: { kind: "payment", action: "send", filter: { arguments: {} } } } as never;
    const { lets } = shadowOf({ shadow: true, tools, onWarning: () => {} });
    for (const code of ["approval_required", "budget_exhausted"] as const) {
      expect([lets("send_payment", code), lets("find", code)]).toEqual([true, true]);
    }
    expect([lets("send_payment", "policy_denied"), lets("find", "policy_denied")]).toEqual([true, false]);
    expect([lets("send_payment", "rate_exceeded"), lets("send_payment", "proof_missing")]).toEqual([false, false]);
  });

  it("lets nothing through that ends no call", () => {
    const { lets } = shadowOf({ shadow: "everything", tools: TOOLS, onWarning: () => {} });
    const codes = Object.keys(CODES) as (keyof typeof CODES)[];
    expect(codes.filter((code) => !isDenialCode(code) && lets("send_payment", code))).toEqual([]);
  });
});

describe("a call that the policies deny", () => {
  it("runs, and both decision and record say what would have happened", async () => {
    const { point, audit } = on(true, { cerbos: denying("agent:researcher") });
    const decision = await decide(payment(scene.inSession), point);
    const would = { code: "policy_denied", stage: "policy", hop: 2, message: expect.any(String) };
    expect(decision).toMatchObject({ outcome: "allowed", arguments: ARGUMENTS, enforced: false, shadow: would });
    expect(audit.records).toMatchObject([{ outcome: "allowed", enforced: false, shadow: would }]);
    expect(audit.records[0]).not.toHaveProperty("code");
    expect(decision).not.toHaveProperty("unverified");
    expect(decision.outcome === "allowed" && decision.caller?.agents).toEqual(["planner", "researcher"]);
  });

  it("is changed as the policies oblige to all the same", async () => {
    const value = { redact: ["/iban"] };
    const deny = answering({
      actions: { send: "EFFECT_DENY" },
      outputs: [{ source: "rule", action: "send", value }],
    });
    const { point } = on(true, { cerbos: deny });
    expect(await decide(payment(scene.inSession), point, { fulfils: true })).toMatchObject({
      outcome: "allowed",
      obligations: value,
    });
    // Who does not do that is refused as always.
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("policy_inconclusive");
  });

  it("is denied where another hop could not be asked, or its answer not be understood", async () => {
    const broken = answering({ outputs: [{ source: "rule", action: "send", value: { redact: 5 } }] }, "agent:planner");
    const checkResources: typeof broken.checkResources = async (request, ...more) =>
      request.principal.id === "alice"
        ? denying().checkResources(request, ...more)
        : broken.checkResources(request, ...more);
    const { point } = on(true, { cerbos: { ...broken, checkResources } });
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("policy_inconclusive");
  });

  it("is denied where shadow mode is on for other tools", async () => {
    const { point } = on(["read_invoice"], { cerbos: denying() });
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("policy_denied");
  });
});

describe("a call that a grant does not cover", () => {
  it("runs once the policies were asked, by the first refusal's code", async () => {
    const { point, asked } = on(true, { cerbos: denying() });
    const decision = await decide(payment(scene.inSession, { arguments: TOO_MUCH }), point);
    expect(decision).toMatchObject({
      outcome: "allowed",
      arguments: TOO_MUCH,
      shadow: { code: "grant_argument_refused", stage: "grant", pointer: "/amount", wouldPass: expect.anything() },
    });
    expect(asked()).toContain("policies");
  });

  it("runs where the tool's own schema made it so", async () => {
    const { point } = on(true);
    const decision = await decide(payment(scene.inSession), point, { parsed: TOO_MUCH });
    expect(decision).toMatchObject({ outcome: "allowed", shadow: { code: "grant_argument_refused" } });
  });

  it("is denied where its tool gives rows, for there is no condition to show them by", async () => {
    const tools = { ...TOOLS, send_payment: { kind: "payment", action: "send", filter: { arguments: {} } } };
    const { point } = on("everything", { tools, cerbos: denying() });
    for (const args of [ARGUMENTS, TOO_MUCH]) {
      const decision = await decide(payment(scene.inSession, { arguments: args }), point, { filters: true });
      expect(decision.outcome).toBe("denied");
    }
    expect(codeOf(await decide(payment(NO_PROOF), point))).toBe("proof_missing");
  });
});

describe("what shadow mode never lets through", () => {
  it("is a call of which something was revoked, also where its proof is bad or its chain expired", async () => {
    const { revocations } = memoryState({ since: 0 });
    revocations.revoke({ agent: "researcher" });
    const { point, audit } = on("everything", { revocations });
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("revoked");
    const bad = await scene.byProof({ aat_tool: `${PAY}#other` });
    expect(codeOf(await decide(payment(bad), point))).toBe("revoked");
    expect(audit.unverifiedSamples.map(({ code }) => code)).toEqual(["revoked"]);
  });

  it("is a call that cannot be recorded", async () => {
    const audit = { record: () => Promise.reject(new Error("full")) };
    const { point } = on(true, { audit, cerbos: denying() });
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("audit_unavailable");
  });
});

describe('a call without a valid chain, with "everything"', () => {
  it("runs as that of nobody, and is counted, not recorded", async () => {
    const { point, audit, asked } = on("everything");
    const decision = await decide(payment(NO_PROOF), point);
    expect(decision).toMatchObject({
      outcome: "allowed",
      unverified: true,
      enforced: false,
      shadow: { code: "proof_missing" },
    });
    expect(() => (decision as { caller?: unknown }).caller).toThrow(/it is not known for whom this call runs/);
    expect(JSON.stringify(decision)).not.toContain("caller");
    expect(audit.records).toEqual([]);
    expect(audit.unverifiedSamples).toMatchObject([{ code: "proof_missing", enforced: false, tool: "send_payment" }]);
    expect(asked()).toEqual([]);
  });

  it("names nobody as its user", async () => {
    const { point } = on("everything");
    const admission = await admit(payment(NO_PROOF), point);
    expect(() => (admission as { user: unknown }).user).toThrow(/\(proof_missing\)/);
  });

  it("marks whom a chain names that nobody proved to hold", async () => {
    const { point, audit } = on("everything");
    const decision = await decide(payment(await scene.byProof({ aat_tool: `${PAY}#other` })), point);
    const chain = { unverified: true, hops: [{ id: "alice" }, { id: "agent:planner" }, { id: "agent:researcher" }] };
    expect(decision).toMatchObject({ outcome: "allowed", shadow: { code: "proof_invalid" }, chain });
    expect(audit.unverifiedSamples).toMatchObject([{ code: "proof_invalid", enforced: false, chain }]);
  });

  it("runs with plain arguments of a mapped tool alone", async () => {
    const { point } = on("everything");
    expect(codeOf(await decide(payment(NO_PROOF, { arguments: { at: new Date(0) } }), point))).toBe(
      "arguments_malformed",
    );
    expect(codeOf(await decide(payment(NO_PROOF, { tool: "other" }), point))).toBe("tool_unmapped");
    const made = { parsed: { at: new Date(0) } };
    expect(codeOf(await decide(payment(NO_PROOF), point, made))).toBe("arguments_malformed");
    expect(await decide(payment(NO_PROOF), point, { parsed: TOO_MUCH })).toMatchObject({ arguments: TOO_MUCH });
  });

  it("is on record where its holder is known: the chain has only expired", async () => {
    const { point, audit } = on("everything", {
      verifier: {
        verify: () => Promise.reject(new HopwiseError("token_expired", "the chain has expired")),
        verifyExpired: async () => scene.chain,
      },
    });
    const decision = await decide(payment(scene.inSession), point);
    expect(decision).toMatchObject({ outcome: "allowed", shadow: { code: "token_expired" } });
    expect(decision).not.toHaveProperty("unverified");
    expect(() => (decision as { caller?: unknown }).caller).toThrow(/\(token_expired\)/);
    expect(audit.records).toMatchObject([{ enforced: false, shadow: { code: "token_expired" } }]);
  });

  it("is denied without it", async () => {
    const { point, audit } = on(true);
    expect(codeOf(await decide(payment(NO_PROOF), point))).toBe("proof_missing");
    expect(audit.unverifiedSamples[0]).not.toHaveProperty("enforced");
  });
});

describe("a list", () => {
  const ITEMS = [{ tool: "send_payment" }, { tool: "read_invoice" }, { tool: "other" }];
  const deny = answering({ actions: { list: "EFFECT_DENY" } });

  it("shows what would have been hidden, and the record says so", async () => {
    const { point, audit } = on(true, { cerbos: deny });
    expect(await list(scene.inSession, ITEMS, point)).toEqual({ outcome: "listed", shown: [true, true, false] });
    expect(audit.records).toMatchObject([
      {
        shown: { items: 2, of: 3 },
        hidden: [
          {
            code: "policy_denied",
            enforced: false,
            items: ["send_payment"],
            asked: { kind: "payment", action: "list" },
          },
          {
            code: "policy_denied",
            enforced: false,
            items: ["read_invoice"],
            asked: { kind: "invoice", action: "list" },
          },
          { items: ["other"] },
        ],
      },
    ]);
    expect(audit.records[0]?.hidden?.[2]).not.toHaveProperty("enforced");
  });

  it("shows it of the tools alone that are in shadow mode", async () => {
    const { point } = on(["read_invoice"], { cerbos: deny });
    expect(await list(BY_ALICE, ITEMS, point)).toMatchObject({ shown: [false, true, false] });
  });

  it("shows nothing where the list itself is denied, nor what the grants alone would have hidden", async () => {
    const tools = {
      ...TOOLS,
      other: { kind: "other", action: "do", list: "list" },
      "mcp:tools/list": { kind: "tool_list", action: "show", list: "list" },
    };
    const { pdp: cerbos } = pdpOf(({ resources }) =>
      resources.map((asked) =>
        allowing(asked, asked.resource.kind === "tool_list" ? { actions: { list: "EFFECT_DENY" } } : {}),
      ),
    );
    const { point, audit } = on(["other"], { tools, cerbos });
    expect(await list(scene.inSession, ITEMS, point)).toMatchObject({ shown: [false, false, false] });
    expect(audit.records[0]?.hidden).toMatchObject([{ code: "policy_denied", items: ITEMS.map(({ tool }) => tool) }]);
    const { point: shown } = on(["other"], { tools });
    expect(await list(scene.inSession, ITEMS, shown)).toMatchObject({ shown: [true, true, true] });
  });

  it('shows all to nobody with "everything", but for what the server itself does not serve', async () => {
    const { point, audit } = on("everything", { cerbos: deny });
    const items = [...ITEMS, { tool: "read_invoice", hidden: "tool_unguarded" as const }];
    expect(await list(NO_PROOF, items, point)).toMatchObject({ shown: [true, true, false, false] });
    expect([audit.records, audit.unverifiedSamples.length]).toEqual([[], 1]);
  });
});
