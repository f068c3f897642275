import { describe, expect, it } from "vitest";
import type { HopVerdict } from "./check-hops.ts";
import { joinFailures, joinListFailures } from "./join-failures.ts";
import type { RunningPdp } from "./pdp.ts";

type FailuresOf = NonNullable<RunningPdp["failuresOf"]>;

const verdict = (changed: Partial<HopVerdict> = {}): HopVerdict => ({
  hop: 0,
  kind: "user",
  id: "alice",
  effect: "deny",
  reasons: [],
  cerbosCallId: "01A",
  ...changed,
});
const failure = { expression: "R.attr.region == 'EMEA'", error: "no such key: region" };

describe("the expressions that failed", () => {
  it("stand in the verdict of their own request", async () => {
    const of: FailuresOf = async (callId) => (callId === "01B" ? [failure] : []);
    const [first, second] = await joinFailures([verdict(), verdict({ cerbosCallId: "01B" })], of, 50);
    expect(first).not.toHaveProperty("failures");
    expect(second?.failures).toEqual([failure]);
  });

  it("of a shared check stand in no verdict: nobody can tell whose they were", async () => {
    const [shared] = await joinFailures([verdict({ cerbosPositions: [0] })], async () => [failure], 50);
    expect(shared).not.toHaveProperty("failures");
  });

  it("are asked for with the worst answer of the hop, and not at all where the policies did not answer", async () => {
    const asked: unknown[] = [];
    const of: FailuresOf = (...question) => {
      asked.push(question);
      return [];
    };
    const verdicts = [
      verdict({ effect: "allow", delegation: "deny" }),
      verdict({ effect: "deny", delegation: "allow" }),
      verdict({ effect: "allow" }),
    ];
    const { cerbosCallId: _, ...unanswered } = verdict({ effect: "error" });
    await joinFailures([...verdicts, unanswered], of, 50);
    expect(asked).toEqual([
      ["01A", "deny"],
      ["01A", "deny"],
      ["01A", "allow"],
    ]);
  });

  it("are cut to a few, and to text that is safe to print", async () => {
    const many = Array.from({ length: 50 }, () => ({ expression: `a\u001b[31m${"x".repeat(9000)}`, error: "a\nb" }));
    const [found] = await joinFailures([verdict()], () => many, 50);
    expect(found?.failures).toHaveLength(5);
    expect(found?.failures?.[0]?.error).toBe("a b");
    expect(found?.failures?.[0]?.expression).toMatch(/^a \[31mx{400,}…$/);
  });

  it.each<[string, FailuresOf | undefined]>([
    ["has no log", undefined],
    [
      "throws",
      () => {
        throw new Error("gone");
      },
    ],
    ["rejects", () => Promise.reject(new Error("gone"))],
    ["never answers", () => new Promise(() => {})],
    ["gives nothing", (() => undefined) as never],
    ["gives no list", (() => "no such key") as never],
    [
      "gives a list of nonsense",
      (() => [null, {}, { expression: 1, error: "x" }, { expression: "x" }, { expression: "x", error: 5 }]) as never,
    ],
  ])("are left out where the decision point %s: the verdict stays as it is", async (_, of) => {
    expect(await joinFailures([verdict()], of, 50)).toEqual([verdict()]);
  });
});

describe("the expressions that failed while a list was decided", () => {
  const hidden = (hop: number, ...cerbosCallIds: string[]) => ({ code: "policy_denied" as const, hop, cerbosCallIds });

  it("stand at whatever that hop hid, are asked for once a request, and cut to a few", async () => {
    const asked: string[] = [];
    const of: FailuresOf = async (callId, effect) => {
      asked.push(`${callId} ${effect}`);
      return callId === "01A" ? [failure, failure, failure] : callId === "01B" ? [failure, failure, failure] : [];
    };
    const items = [undefined, hidden(0, "01A", "01B"), hidden(0, "01A", "01B"), hidden(1, "01C"), hidden(2)];
    const [shown, first, second, third, fourth] = await joinListFailures(items, of, 50);
    expect(shown).toBeUndefined();
    expect(first).toEqual({ code: "policy_denied", hop: 0, failures: Array.from({ length: 5 }, () => failure) });
    expect(second).toEqual(first);
    expect([third, fourth]).toEqual([
      { code: "policy_denied", hop: 1 },
      { code: "policy_denied", hop: 2 },
    ]);
    expect(asked.sort()).toEqual(["01A deny", "01B deny", "01C deny"]);
  });

  it.each<[string, FailuresOf | undefined]>([
    ["where nobody can tell", undefined],
    ["where the answer fails", () => Promise.reject(new Error("x"))],
    ["where none comes in time", () => new Promise(() => {})],
  ])("are left out %s", async (_, of) => {
    expect(await joinListFailures([hidden(0, "01A")], of, 20)).toEqual([{ code: "policy_denied", hop: 0 }]);
  });
});
