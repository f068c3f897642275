import { describe, expect, it } from "vitest";
import { exact, type Grant, grant } from "../grant/index.ts";
import type { JsonObject } from "../json/index.ts";
import { sampleDenied } from "../testing/samples.ts";
import type { Chain } from "../token/index.ts";
import { decisionRecord, type HiddenOne, type RecordedCall } from "./decision-record.ts";

const call: RecordedCall = {
  tool: "mcp:tools/list",
  audience: "https://pay.acme.example/mcp",
  toolId: "mcp:tools/list",
  via: "session",
  chain: undefined,
  received: {},
  parsed: undefined,
  kept: [],
  shown: undefined,
  hidden: [],
  pdpVersion: undefined,
};
const ROLES = Array.from({ length: 300 }, (_, i) => `role-${i}`);

const hiddenIn = async (hidden: readonly HiddenOne[]) =>
  (await decisionRecord(sampleDenied(), { ...call, hidden })).hidden;

describe("what a list did not show", () => {
  it("is on record by its reason: the code, the stage, the hop", async () => {
    expect(
      await hiddenIn([
        { name: "a", code: "grant_tool_missing", hop: 1 },
        { name: "b", code: "policy_denied", hop: 0 },
        { name: "c", code: "grant_tool_missing", hop: 1 },
        { name: "d", code: "grant_tool_missing", hop: 2 },
        { name: "e", code: "tool_unguarded" },
      ]),
    ).toStrictEqual([
      { code: "grant_tool_missing", stage: "grant", hop: 1, items: ["a", "c"] },
      { code: "policy_denied", stage: "policy", hop: 0, items: ["b"] },
      { code: "grant_tool_missing", stage: "grant", hop: 2, items: ["d"] },
      { code: "tool_unguarded", stage: "guard", items: ["e"] },
    ]);
  });

  it("is bounded: a hundred items, by names of two hundred characters, safe to print", async () => {
    const many = Array.from(
      { length: 5000 },
      (_, i) => ({ name: `tool_${i}`, code: "policy_denied", hop: 0 }) as const,
    );
    const [group] = (await hiddenIn(many)) ?? [];
    expect(group?.items).toHaveLength(100);
    const [long] = (await hiddenIn([{ name: `\u001b[31m${"x".repeat(5000)}`, code: "policy_denied", hop: 0 }])) ?? [];
    expect(long?.items[0]?.length).toBeLessThanOrEqual(200);
    expect(long?.items[0]).not.toContain("\u001b");
  });

  it("is no member of a record that hid nothing", async () => {
    expect(await decisionRecord(sampleDenied(), call)).not.toHaveProperty("hidden");
  });
});

it("says the roles of a hop once, however many kinds a list hid from it", async () => {
  const kinds = Array.from({ length: 50 }, (_, i) => ({ kind: `kind-${i}`, action: "read" }));
  const hidden = kinds.flatMap((asked, i) =>
    [0, 1].map((hop): HiddenOne => ({ name: `tool-${i}`, code: "policy_denied", hop, asked, roles: ROLES })),
  );
  const groups = (await hiddenIn(hidden)) ?? [];
  expect(groups).toHaveLength(100);
  expect(groups.filter(({ roles }) => roles !== undefined).map(({ hop }) => hop)).toEqual([0, 1]);
});

describe("what a token handed over of the called tool", () => {
  it("is that of this enforcement point, where another one has a tool of the same name", async () => {
    const [pay, docs] = ["https://pay.acme.example/mcp#find", "https://docs.acme.example/mcp#find"] as const;
    const handed = async (toolId: string, handedOver: Grant) => {
      const chain = { links: [{ grant: handedOver }] } as unknown as Chain;
      return (await decisionRecord(sampleDenied(), { ...call, tool: "find", toolId, chain })).tokens[0]?.handed;
    };
    const both = { [pay]: { id: exact("a payment") }, [docs]: { id: exact("a page") } };
    expect(await handed(docs, grant(both))).toBe('id is "a page"');
    expect(await handed(docs, grant({ [pay]: both[pay] }))).toBeUndefined();
    expect(await handed("find", grant({ find: { id: exact("a page") } }))).toBe('id is "a page"');
  });
});

describe("the arguments that a record keeps", () => {
  const keptOf = async (received: JsonObject, ...kept: string[]) => {
    const record = await decisionRecord(sampleDenied(), { ...call, received, kept });
    return { arguments: record.arguments, argumentsTooLong: record.argumentsTooLong };
  };

  it("are those that the tool map names", async () => {
    expect(await keptOf({ to: "ACME", amount: 5 }, "to", "note")).toEqual({ arguments: { to: "ACME" } });
    expect(await decisionRecord(sampleDenied(), call)).not.toHaveProperty("arguments");
  });

  it("are a million characters at most, and what has no room is named: no caller is on no record by what it sends", async () => {
    const half = "x".repeat(600_000);
    expect(await keptOf({ a: half, b: half, to: "ACME" }, "a", "b", "to")).toEqual({
      arguments: { a: half, to: "ACME" },
      argumentsTooLong: ["b"],
    });
  });
});
