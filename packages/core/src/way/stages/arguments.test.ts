import { beforeAll, describe, expect, it } from "vitest";
import { MADE_UNREADABLE } from "../../grant/index.ts";
import type { ToolEntry } from "../../resource/index.ts";
import { DEFAULT_LIMITS } from "../../token/index.ts";
import { errorOf } from "../../world.fixture.ts";
import type { IncomingCaller } from "../call.ts";
import { BY_ALICE, createScene, payment, type Scene } from "../point.fixture.ts";
import { parsedArguments, receivedArguments } from "./arguments.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const entry: ToolEntry = { kind: "payment", action: "send" };
const projecting: ToolEntry = { ...entry, projection: (parsed: { due: Date }) => ({ due: parsed.due.toISOString() }) };
const due = { due: new Date(0) };
const projected = { due: "1970-01-01T00:00:00.000Z" };
const limits = { ...DEFAULT_LIMITS, argumentsDepth: 2, argumentsSize: 40 };

const received = (args: unknown, caller: IncomingCaller = BY_ALICE, tool = "send_payment") => {
  const { point } = scene.point({ tools: { send_payment: projecting }, limits });
  return receivedArguments(payment(caller, { arguments: args, tool }), point);
};

const PAYING = { tool: "send_payment", received: {} };
const parsed = (by: ToolEntry, value: unknown) =>
  parsedArguments(PAYING, by, { parsed: value }, scene.point({ limits }).point);

describe("arguments as they came", () => {
  it("are a copy that cannot be changed any more", () => {
    const own = { to: ["ACME"] };
    const args = received(own);
    own.to.push("Globex");
    expect(args).toEqual({ to: ["ACME"] });
    expect(Object.isFrozen(args["to"])).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ["no plain data", { due: new Date(0) }, "/due"],
    ["no object", ["ACME"], ""],
    ["too deep", { a: { b: { c: 1 } } }, "/a/b"],
    ["too long", { to: "x".repeat(40) }, "/to"],
  ])("are refused where they are %s, with the place", async (_, args, pointer) => {
    expect(await errorOf(() => received(args))).toMatchObject({ code: "arguments_malformed", pointer });
  });

  it("have a URI of bounded length, where it is that of a resource", async () => {
    const uri = `shop://${"a".repeat(8192 - 7)}`;
    const ofResource = (args: object) => {
      const { point } = scene.point();
      return receivedArguments(payment(BY_ALICE, { arguments: args, tool: "mcp:resources/read" }), point);
    };
    expect(ofResource({ uri })).toEqual({ uri });
    expect(await errorOf(() => ofResource({ uri: `${uri}a` }))).toMatchObject({
      code: "arguments_malformed",
      pointer: "/uri",
      message: "the uri of a resource is longer than 8192 characters",
    });
    expect(ofResource({ uri: 5, other: `${uri}a` })).toBeDefined();
  });

  it("are none for a list, whatever came", () => {
    const args = received({ cursor: new Date(0) }, BY_ALICE, "mcp:tools/list");
    expect(args).toEqual({});
    expect(Object.isFrozen(args)).toBe(true);
  });

  it("are projected in a session alone, whose tool ran its schema already", async () => {
    expect(received(due, scene.inSession)).toEqual(projected);
    for (const caller of [BY_ALICE, await scene.byProof()]) {
      expect(await errorOf(() => received(due, caller))).toMatchObject({ code: "arguments_malformed" });
    }
  });
});

describe("parsed arguments", () => {
  it("are plain data, or what the tool map's projection makes of them", () => {
    expect(parsed(entry, { to: "ACME" })).toEqual({ to: "ACME" });
    expect(parsed({ ...projecting, projection: () => ({ to: 1 }) }, due)).toEqual({ to: 1 });
  });

  it("are refused where they are no plain data, and their author is told of projections", async () => {
    const error = await errorOf(() => parsed(entry, due));
    expect(error).toMatchObject({ code: "arguments_malformed", pointer: "/due" });
    expect(error.message).toMatch(/at "\/due"; the tool map's entry can name a projection$/);
    expect(error.cause).toMatchObject({ code: "arguments_malformed" });
  });

  it("are refused where the projection makes no plain data: its author knows of projections", async () => {
    const error = await errorOf(() => parsed({ ...entry, projection: () => due }, due));
    expect(error).toMatchObject({ code: "arguments_malformed", pointer: "/due" });
    expect(error.message).not.toContain("can name a projection");
  });

  it.each([undefined, null])(
    "are refused where the projection gives %s: the tool would run with what nobody judged",
    async (nothing) => {
      const refused = { code: "arguments_malformed", pointer: "", rule: MADE_UNREADABLE };
      const forgetful = { ...entry, projection: () => nothing };
      expect(await errorOf(() => parsed(forgetful, due))).toMatchObject(refused);
      const { point } = scene.point({ tools: { send_payment: forgetful } });
      const inSession = () => receivedArguments(payment(scene.inSession, { arguments: due }), point);
      expect(await errorOf(inSession)).toMatchObject(refused);
    },
  );

  it.each([undefined, null])("are none where %s came, of which a projection can make nothing", (nothing) => {
    const { point } = scene.point({ tools: { send_payment: { ...entry, projection: (args: unknown) => args } } });
    expect(receivedArguments(payment(scene.inSession, { arguments: nothing }), point)).toEqual({});
  });

  it("are refused where the projection fails, whose error stays inside", async () => {
    const fail = (): never => {
      throw new TypeError("password=hunter2");
    };
    const error = await errorOf(() => parsed({ ...entry, projection: fail }, due));
    expect(error).toMatchObject({
      code: "arguments_malformed",
      message: "the tool map's projection of the arguments failed",
    });
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it("are refused by a rule of their own: whoever sent plain data is not asked for other data", async () => {
    const projection = () => due;
    const made = [parsed.bind(undefined, entry, due), parsed.bind(undefined, { ...entry, projection }, due)];
    const failing = parsed.bind(undefined, { ...entry, projection: () => Promise.reject(new Error("m")) }, due);
    const ofSession = () => received({ due: "no date" }, scene.inSession);
    for (const read of [...made, failing, ofSession])
      expect(await errorOf(read)).toMatchObject({ rule: MADE_UNREADABLE });
    expect((await errorOf(() => received(due))).rule).toBeUndefined();
  });

  it("throw a fault of the programmer on", () => {
    expect(() => parsedArguments(PAYING, entry, { parsed: {} }, { limits: undefined } as never)).toThrow(TypeError);
  });
});
