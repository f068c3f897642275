import { authorizeTools } from "@hopwise/ai-sdk";
import type { Call, HeldDelegation } from "@hopwise/core";
import type { JsonObject } from "@hopwise/core/adapter";
import { anyArguments, grant } from "@hopwise/core/grant";
import { prove } from "@hopwise/core/tokens";
import { tool } from "ai";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { PAY_SERVER, tools as toolMap } from "../../examples/finance-team/company.ts";
import { denied, GOOD, paymentTool } from "../support/calls.ts";
import { answering } from "../support/policy-clients.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
/** A planner that was handed payments with any arguments: only the policies look at them. */
let anything: HeldDelegation;
beforeAll(async () => {
  anything = await world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    grant: grant({ send_payment: anyArguments }),
  });
});

/** Good at the first look, and a fortune for a stranger at every later one. */
function turncoat(name: "to" | "amount", later: unknown): { input: object; reads: () => number } {
  let reads = 0;
  const input = { ...GOOD };
  Object.defineProperty(input, name, { enumerable: true, get: () => (reads++ === 0 ? GOOD[name] : later) });
  return { input, reads: () => reads };
}

/** The same as a proxy, which also changes its mind about which members there are. */
function shifty(): { input: object; reads: () => number } {
  let reads = 0;
  const input = new Proxy<Record<string, unknown>>(
    { ...GOOD },
    {
      get: (target, name) => (name === "amount" && reads++ > 0 ? 9_000_000 : target[String(name)]),
      ownKeys: (target) => (reads > 0 ? ["to"] : Reflect.ownKeys(target)),
    },
  );
  return { input, reads: () => reads };
}

const CHANGING: readonly (readonly [what: string, make: () => { input: object; reads: () => number }])[] = [
  ["an amount that a getter makes", () => turncoat("amount", 9_000_000)],
  ["a payee that a getter makes", () => turncoat("to", "Mallory Ltd")],
  ["a proxy", shifty],
];

describe("what was checked is what runs", () => {
  it.each(CHANGING)("for %s: it is read once, and the tool gets what was read", async (_, make) => {
    const { input, reads } = make();
    const payment = await paymentTool(world.authorizer().authorizer, world.planner);
    expect(await payment.call(input)).toBe("paid");
    expect(payment.runs).toEqual([GOOD]);
    expect(reads()).toBe(1);
  });

  it.each(CHANGING)("in a session as well, for %s: it is read once", async (_, make) => {
    const { input, reads } = make();
    const session = await world.authorizer().authorizer.openSession(world.planner);
    const decision = await session.authorize({ tool: "send_payment", arguments: input });
    expect(decision).toMatchObject({ outcome: "allowed", arguments: GOOD });
    expect(reads()).toBe(1);
  });

  it("an object that somebody else still holds, and changes while the policies are asked", async () => {
    const shared = { ...GOOD, memo: { lines: ["paper"] } };
    const seen: unknown[] = [];
    const cerbos = answering((right, { resources }) => {
      seen.push(structuredClone(resources[0]?.resource.attr?.["args"]));
      shared.to = "Mallory Ltd" as never;
      shared.memo.lines.push("changed");
      return right;
    });
    const { authorizer } = world.authorizer({ cerbos });
    const payment = await paymentTool(authorizer, anything);
    expect(await payment.call(shared)).toBe("paid");
    const checked = { ...GOOD, memo: { lines: ["paper"] } };
    expect(payment.runs).toEqual([checked]);
    expect(seen).toEqual([checked, checked]);
  });

  it("an object that is changed by the user directory, the loader and the record, in this order", async () => {
    const shared: Record<string, unknown> = { ...GOOD };
    const spoil = <T>(amount: number, answer: T): T => {
      shared["amount"] = amount;
      return answer;
    };
    const alice = { id: "alice", roles: ["employee", "analyst"], attributes: ALICE };
    const { authorizer } = world.authorizer({
      users: { find: () => spoil(1, alice) },
      tools: {
        send_payment: { kind: "payment", action: "send", attributes: () => spoil(2, { supplierKnown: true }) },
      },
      audit: { record: () => spoil(3, undefined) },
    });
    const payment = await paymentTool(authorizer, world.planner);
    shared["amount"] = GOOD.amount;
    expect(await payment.call(shared)).toBe("paid");
    expect(shared["amount"]).toBe(3);
    expect(payment.runs).toEqual([GOOD]);
  });

  it("the tool itself: it gets plain data, frozen to the bottom, and no reference of anybody's", async () => {
    const input = { ...GOOD, memo: { lines: [{ text: "paper" }] } };
    const payment = await paymentTool(world.authorizer({ cerbos: answering((right) => right) }).authorizer, anything);
    await payment.call(input);
    const run = payment.runs[0] as typeof input;
    expect(run).toEqual(input);
    for (const part of [run, run.memo, run.memo.lines, run.memo.lines[0]]) expect(Object.isFrozen(part)).toBe(true);
    expect(run.memo).not.toBe(input.memo);
    expect(Object.getPrototypeOf(run)).toBe(Object.prototype);
  });

  it("a call with a proof: the proof's arguments, the policies' and those that come back are the same", async () => {
    const { input } = turncoat("amount", 9_000_000);
    const credential = await prove(world.planner, { tool: "send_payment", arguments: GOOD, audience: PAY_SERVER });
    const call: Call = { tool: "send_payment", arguments: input, credential };
    const decision = await world.authorizer().authorizer.authorize(call);
    expect(decision).toMatchObject({ outcome: "allowed", arguments: GOOD });
    const other = turncoat("amount", GOOD.amount);
    Object.defineProperty(other.input, "amount", { enumerable: true, value: 9000 });
    const { authorizer } = world.authorizer();
    const fresh = await prove(world.planner, { tool: "send_payment", arguments: GOOD, audience: PAY_SERVER });
    const forged = await authorizer.authorize({ ...call, arguments: other.input, credential: fresh });
    expect(denied(forged).code).toBe("proof_arguments_mismatch");
  });
});

const ALICE: JsonObject = { department: "finance", region: "EMEA", paymentLimit: 1000 };

class Money {
  amount = 400;
}

/** Nothing that JSON cannot say may be judged: a lossy copy would run something other than what was asked for. */
const NOT_PLAIN: readonly (readonly [what: string, input: () => unknown])[] = [
  ["a date", () => ({ ...GOOD, on: new Date(0) })],
  ["a URL", () => ({ ...GOOD, to: new URL("https://globex.example") })],
  ["a map", () => ({ ...GOOD, memo: new Map() })],
  ["bytes", () => ({ ...GOOD, memo: new Uint8Array(4) })],
  ["an instance of a class", () => ({ ...GOOD, money: new Money() })],
  ["a text object", () => ({ ...GOOD, to: Object("Globex") })],
  ["a function", () => ({ ...GOOD, toJSON: () => ({ ...GOOD, amount: 1 }) })],
  ["a promise", () => ({ ...GOOD, to: Promise.resolve("Globex") })],
  ["a bigint", () => ({ ...GOOD, amount: 400n })],
  ["NaN", () => ({ ...GOOD, amount: Number.NaN })],
  ["infinity", () => ({ ...GOOD, amount: JSON.parse("1e400") })],
  ["a number that another parser reads differently", () => ({ ...GOOD, amount: 2 ** 53 + 2 })],
  ["half a character", () => ({ ...GOOD, to: "Globex\ud800" })],
  ["a member __proto__", () => JSON.parse(`{"to": "Globex", "__proto__": {"amount": 400}}`)],
  ["a symbol for a name", () => ({ ...GOOD, [Symbol("to")]: "Mallory Ltd" })],
  ["members that are only inherited", () => Object.create(GOOD)],
  ["a hole in a list", () => ({ ...GOOD, memo: new Array(2) })],
  [
    "themselves",
    () =>
      Object.assign(
        { ...GOOD },
        {
          get memo() {
            return this;
          },
        },
      ),
  ],
  ["a list for the whole", () => [GOOD]],
  ["a text for the whole", () => JSON.stringify(GOOD)],
  ["ten million characters", () => ({ ...GOOD, memo: "x".repeat(10_000_000) })],
  ["a nesting of ten thousand", () => JSON.parse(`${"[".repeat(10_000)}${"]".repeat(10_000)}`)],
  [
    "a list that says it has four billion members",
    () => new Proxy([], { get: (_, name) => (name === "length" ? 4e9 : 1) }),
  ],
  [
    "a proxy that throws",
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error("no");
          },
        },
      ),
  ],
];

describe("arguments that hold", () => {
  it.each(NOT_PLAIN)("%s are refused before anybody judges them, and the tool does not run", async (_, make) => {
    const { authorizer, audit } = world.authorizer({ cerbos: answering((right) => right) });
    const payment = await paymentTool(authorizer, anything);
    expect(await payment.call(make())).toMatch(/^ToolDenied: Not allowed \(arguments_malformed\)/);
    expect(payment.runs).toEqual([]);
    expect(audit.records.at(-1)).toMatchObject({ tool: "send_payment", code: "arguments_malformed", verdicts: [] });
  });
});

describe("a tool whose schema makes what JSON cannot say", () => {
  const remind = (seen: unknown[]) =>
    tool({
      inputSchema: z.object({ to: z.string(), on: z.coerce.date() }),
      execute: async (input) => void seen.push(input),
    });
  const run = async (projection?: (parsed: never) => unknown) => {
    const seen: unknown[] = [];
    const judged: unknown[] = [];
    const cerbos = answering((right, { resources }) => {
      judged.push(resources[0]?.resource.attr?.["args"]);
      return right;
    });
    const send_payment = { kind: "payment", action: "send", ...(projection && { projection }) };
    const { authorizer } = world.authorizer({ cerbos, tools: { ...toolMap, send_payment } });
    const tools = await authorizeTools({ send_payment: remind(seen) }, { authorizer, delegation: anything });
    const input = { to: "Globex", on: new Date(0) };
    const done = tools.send_payment.execute?.(input, { toolCallId: "1", messages: [], context: {} });
    return { input, seen, judged, done: Promise.resolve(done).then(() => "ran", String) };
  };

  it("is refused without a projection", async () => {
    const { done, seen } = await run();
    expect(await done).toContain("arguments_malformed");
    expect(seen).toEqual([]);
  });

  // The price of a projection: what runs is the object itself, which whoever made it could still change.
  it("is judged by its projection, and gets the very object that the projection was made from", async () => {
    const { done, seen, judged, input } = await run(({ to, on }: { to: string; on: Date }) => ({
      to,
      on: on.toISOString(),
    }));
    expect(await done).toBe("ran");
    expect(seen[0]).toBe(input);
    expect(judged[0]).toEqual({ to: "Globex", on: "1970-01-01T00:00:00.000Z" });
  });

  it("is refused where the projection throws, or makes no plain data either", async () => {
    for (const projection of [() => JSON.parse("{"), () => new Date(0), () => [1], () => "x"]) {
      const { done, seen } = await run(projection);
      expect(await done).toContain("arguments_malformed");
      expect(seen).toEqual([]);
    }
  });
});
