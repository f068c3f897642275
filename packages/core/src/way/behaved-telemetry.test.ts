/** Watchers that throw, hang, run what they watch twice or not at all: a call finds what it would find without them. */
import { expect, it } from "vitest";
import type { StageWatch, Telemetry } from "../telemetry/index.ts";
import { NO_TELEMETRY, UNWATCHED_STAGE } from "../telemetry/index.ts";
import { never } from "../world.fixture.ts";
import { behavedTelemetry } from "./behaved-telemetry.ts";

type Stage = ReturnType<Telemetry["begin"]>["stage"];
const CALL = { invocation: "i", tool: "pay", named: true, via: "user" } as const;
const END = { decision: {} as never, verified: true };

const fails = (): never => {
  throw new Error("hunter2");
};
const rejects = (): Promise<never> => Promise.reject(new Error("hunter2"));

const watching = (parts: { readonly stage?: unknown; readonly end?: unknown }) =>
  behavedTelemetry({ begin: () => ({ end: () => {}, ...parts }) as never, report: () => {} }).begin(CALL);

/** What a stage finds, and how often it ran. */
async function found(stage: unknown, run: (watch: StageWatch) => unknown = () => "found"): Promise<unknown[]> {
  let runs = 0;
  const given = (watching({ stage }).stage as Stage)("policy", (watch) => {
    runs++;
    return run(watch);
  });
  return [await given, runs];
}

it("passes on what a stage found, once, whatever the watcher makes of it", async () => {
  const watchers: readonly ((name: string, run: (watch?: StageWatch) => unknown) => unknown)[] = [
    (_, run) => run(UNWATCHED_STAGE),
    (_, run) => run(),
    () => "something else",
    (_, run) => [run(UNWATCHED_STAGE), run(UNWATCHED_STAGE)],
    (_, run) => {
      run(UNWATCHED_STAGE);
      fails();
    },
    async (_, run) => {
      await run(UNWATCHED_STAGE);
      return "something else";
    },
    () => never,
    fails,
    rejects,
  ];
  for (const stage of watchers) expect(await found(stage)).toEqual(["found", 1]);
  expect(await found(undefined)).toEqual(["found", 1]);
});

it("passes on what a stage throws", async () => {
  const thrown = new Error("of the stage");
  const run = (): never => {
    throw thrown;
  };
  for (const stage of [
    (_: string, first: (watch: StageWatch) => unknown) => first(UNWATCHED_STAGE),
    fails,
    () => "x",
  ]) {
    await expect(found(stage, run)).rejects.toBe(thrown);
  }
});

it("hands the watcher's headers and its watch of hops to the stage, and a hop's answer past it", async () => {
  const about = { id: "alice" } as never;
  const hops: unknown[] = [];
  const own: StageWatch = {
    headers: { traceparent: "00" },
    hop: (hop, ask) => {
      hops.push(hop);
      void ask();
      return "something else" as never;
    },
  };
  const stage = (_: string, run: (watch: StageWatch) => unknown) => run(own);
  const asking = async (watch: StageWatch) => [watch.headers, await watch.hop(about, async () => "answer" as never)];
  expect(await found(stage, asking)).toEqual([[{ traceparent: "00" }, "answer"], 1]);
  expect(hops).toEqual([about]);
});

it("takes a watch that is none for one that watches nothing", async () => {
  for (const own of [undefined, {}, { headers: { traceparent: "00" } }, { headers: {}, hop: "none" }]) {
    const stage = (_: string, run: (watch: StageWatch) => unknown) => run(own as StageWatch);
    const asking = async (watch: StageWatch) => [
      watch.headers,
      await watch.hop({} as never, async () => "answer" as never),
    ];
    expect(await found(stage, asking)).toEqual([[undefined, "answer"], 1]);
  }
});

it("begins, ends and reports quietly", async () => {
  for (const broken of [fails, rejects, () => undefined]) {
    const telemetry = behavedTelemetry({ begin: broken as never, report: broken as never });
    const watch = telemetry.begin(CALL);
    expect(await watch.stage("policy", () => "found")).toBe("found");
    expect(watch.end(END)).toBeUndefined();
    expect(telemetry.report({} as never, {} as never)).toBeUndefined();
    expect(watching({ end: broken }).end(END)).toBeUndefined();
  }
});

it("tells the watcher of each call, its end, and its report", () => {
  const told: unknown[] = [];
  const end = (how: unknown): void => void told.push(how);
  const telemetry = behavedTelemetry({
    begin: (call) => {
      told.push(call);
      return { stage: (_, run) => run(UNWATCHED_STAGE), end };
    },
    report: (...given) => void told.push(...given),
  });
  telemetry.begin(CALL).end(END);
  telemetry.report("decision" as never, "outcome" as never);
  expect(told).toEqual([CALL, END, "decision", "outcome"]);
});

it("is nothing at all where nobody watches", () => {
  expect(behavedTelemetry(NO_TELEMETRY)).toBe(NO_TELEMETRY);
});
