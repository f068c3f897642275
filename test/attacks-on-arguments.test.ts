/** Attacks on what is new that once got through: what is remembered, how much work a call causes, what counts as whose. */

import { AsyncLocalStorage } from "node:async_hooks";
import { authorizeTools } from "@hopwise/ai-sdk";
import { createAuthorizer, createIssuer, delegate, generateSigner } from "@hopwise/core";
import { anyArguments, everyTool, exact, grant, orNull, wildcard } from "@hopwise/core/grant";
import { memoryReplay, memoryRevocations } from "@hopwise/core/state";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { createGuardedTools } from "@hopwise/mcp";
import { asSchema, jsonSchema } from "ai";
import { describe, expect, it } from "vitest";
import { passes } from "../packages/core/src/grant/check.ts";
import { ownArguments } from "../packages/core/src/resource/own-arguments.ts";
import { spendProof } from "../packages/core/src/way/stages/state.ts";

const THING = { kind: "thing", action: "use" };
const said = async (decision: Promise<{ readonly outcome: string; readonly code?: unknown }>) => {
  const { outcome, code } = await decision;
  return code ?? outcome;
};

describe("what is remembered", () => {
  it("a proof that names a nonce is forgotten with the nonce, whatever time it says", async () => {
    let until = 0;
    const replay = {
      claim: (key: string, untilSeconds: number) => {
        if (!key.startsWith("nonce.")) until = untilSeconds;
        return true;
      },
    };
    const now = 1_800_000_000;
    const limits = { proofWindowSeconds: 30, skewSeconds: 30 };
    const proof = { jti: "j", issuedAt: 9e12, audience: "", nonce: { value: "n", issuedAt: now, expiresAt: now + 60 } };
    const chain = { id: "c", user: { issuer: "https://id.example", subject: "alice" }, holder: { thumbprint: "t" } };
    const point = {
      state: { replay, revocations: memoryRevocations() },
      limits,
      nowSeconds: () => now,
      clock: () => now * 1000,
    };
    await spendProof({ ...proof, chain } as never, point as never);
    expect(until).toBeLessThanOrEqual(now + 120);
  });

  it("what lapses late does not keep a memory from forgetting what came after it", () => {
    let now = 1_800_000_000_000;
    const replay = memoryReplay({ since: 0, maxProofs: 2, clock: () => now });
    expect(replay.claim("late", 9e10)).toBe(true);
    expect(replay.claim("a", now / 1000 + 60)).toBe(true);
    now += 120_000;
    expect(replay.claim("b", now / 1000 + 60)).toBe(true);
  });

  it("a store that does not say since when lets no proof pass", async () => {
    const company = await createCompany();
    const held = await company.chain("alice", "planner");
    const call = { tool: "read_invoice", arguments: { id: "x" } };
    for (const notBefore of [Number.NaN, "2100-01-01T00:00:00Z", null, {}]) {
      const replay = { notBefore: notBefore as number, claim: () => true };
      const attempt = async () =>
        said(
          company
            .authorizer({ cerbos: answeringPdp(), state: { replay, revocations: memoryRevocations() } })
            .call(held, call.tool, call.arguments),
        );
      expect(await attempt().catch(() => "refused"), String(notBefore)).not.toBe("allowed");
    }
  });
});

describe("the work of a call", () => {
  it("a list that is longer than the constraint's is not gone through", () => {
    let looks = 0;
    const value = new Proxy(Array(32_000).fill(0), {
      ownKeys: (target) => {
        looks++;
        return Reflect.ownKeys(target);
      },
    });
    expect(passes(exact([]), value)).toBe(false);
    expect(looks).toBe(0);
  });
});

describe("every tool", () => {
  it("does not go beyond an anchor that lists its tools", async () => {
    const audience = "https://srv.example/mcp";
    const [holder, sub] = [await generateSigner(), await generateSigner()];
    const attempt = async () => {
      const issuer = await createIssuer({
        issuer: "https://id.example",
        signer: await generateSigner(),
        audiences: [audience],
        subjects: "any",
        tools: ["read_invoice"],
        everyTool: true,
      });
      const held = await issuer.issue({ subject: "ann", agent: "bot", holder, grant: everyTool() });
      return delegate(held, { to: "sub", holder: sub, grant: grant({ send_payment: anyArguments }) });
    };
    await expect(attempt()).rejects.toMatchObject({ name: "HopwiseError" });
  });
});

describe("what runs", () => {
  it("is the resource that the policies were asked about", async () => {
    const company = await createCompany({ tools: { "shop://orders/{id}": { kind: "order", action: "read" } } });
    const held = await company.chain("alice", { to: "planner", grant: grant({ "mcp:resources/read": anyArguments }) });
    const asked: unknown[] = [];
    const pdp = answeringPdp();
    const cerbos = {
      ...pdp,
      checkResources: (request: Parameters<typeof pdp.checkResources>[0]) => {
        asked.push(...request.resources.map(({ resource }) => resource.id));
        return pdp.checkResources(request);
      },
    };
    const session = await company.authorizer({ cerbos, delegation: "grants-only" }).openSession(held);
    const decision = await session
      .authorize({
        tool: "mcp:resources/read",
        arguments: { uri: "shop://orders/1" },
        parsed: { uri: "shop://orders/2" },
        fulfils: true,
      })
      .catch(() => undefined);
    if (decision?.outcome === "allowed") expect(asked).not.toContain("shop://orders/1");
  });

  it("no tool has the name of a listing, which needs no grant", () => {
    const tools = createGuardedTools(new AsyncLocalStorage());
    expect(() => tools.wrap("mcp:tools/list", () => ({}))).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});

describe("an announced default", () => {
  it.each<[string, object, unknown]>([
    ["is JSON: a date", { properties: { b: { default: new Date(0) } } }, {}],
    ["is JSON: no number", { properties: { b: { default: Number.NaN } } }, null],
    ["is in the schema itself, which is what is listed", Object.create({ properties: { b: { default: 1 } } }), 1],
  ])("%s", (_, inputSchema, value) => {
    expect(ownArguments(THING, inputSchema as never)("b", value as never)).toBe(false);
  });

  it("that cannot be read ends the call on record", async () => {
    const company = await createCompany({ tools: { use: THING } });
    const authorizer = company.authorizer({ cerbos: answeringPdp() });
    const session = await authorizer.openSession(await company.chain("alice", "planner"));
    const inputSchema = {
      get properties(): never {
        throw new Error("failed");
      },
    };
    const call = { tool: "use", arguments: { a: 1 }, parsed: { a: 1, b: 2 }, inputSchema, fulfils: true };
    expect(await said(session.authorize(call as never)).catch((fault) => fault.name)).not.toBe("Error");
  });

  it("is that of the schema which the model got, also where a function makes it", async () => {
    const company = await createCompany({ tools: { use: THING } });
    const delegation = await company.chain("alice", { to: "planner", grant: grant({ use: { a: wildcard() } }) });
    let made = 0;
    const inputSchema = () => {
      const b = `made ${++made}`;
      return jsonSchema<object>(
        { type: "object", properties: { b: { default: b } as never } },
        {
          validate: (value) => ({ success: true, value: { ...(value as object), b } }),
        },
      );
    };
    const tools = await authorizeTools(
      { use: { inputSchema, execute: async (args: object) => args } as never },
      { authorizer: company.authorizer({ cerbos: answeringPdp() }), delegation },
    );
    const tool = tools.use as unknown as { inputSchema: never; execute(input: unknown, options: object): unknown };
    const read = await asSchema(tool.inputSchema).validate?.({ a: "x" });
    const value = read?.success ? read.value : undefined;
    await expect(tool.execute(value, { toolCallId: "1", messages: [] })).resolves.toEqual({ a: "x", b: "made 1" });
  });
});

describe("wrong arguments", () => {
  it.each([undefined, null])("orNull of an optional of %s", (constraint) => {
    const half = { constraint_type: "optional", constraint } as never;
    expect(() => orNull(half)).toThrow(expect.objectContaining({ name: "HopwiseError" }));
  });

  it("authorize does not let what was parsed drop out of sight", async () => {
    const company = await createCompany({ tools: { use: THING } });
    const held = await company.chain("alice", { to: "planner", grant: grant({ use: { a: exact("x") } }) });
    const authorizer = createAuthorizer({
      cerbos: answeringPdp(),
      audience: company.audience,
      trust: [company.issuer.trustAnchor],
      users: company.users,
      agents: company.agents,
      tools: company.tools,
      audit: { record: () => {} },
      state: { replay: memoryReplay({ since: 0 }), revocations: memoryRevocations() },
    });
    const call = { tool: "use", arguments: { a: "x" } };
    const credential = await company.credential(held, call.tool, call.arguments);
    const given = { ...call, credential, fulfils: true, parsed: { a: "evil" } };
    expect(await said(authorizer.authorize(given as never)).catch(() => "refused")).not.toBe("allowed");
  });
});
