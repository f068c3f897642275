/** The trace of a call can be believed: it changes no result, and tells a way back from a loop and from parallel calls. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { beforeEach, describe, expect, it } from "vitest";
import { instrument, tell } from "./instrument.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import type { Walk } from "./walk.ts";

let recorder: Recorder;
beforeEach(() => {
  recorder = createRecorder();
  tell(recorder);
});

/** Evaluates an expression as if it stood in this file. */
function load<T>(file: string, expression: string): T {
  return runInThisContext(instrument(`(${expression})`, file, recorder.place)) as T;
}

const SAMPLE = `{
  empty() {},
  object: (a) => ({ a }),
  comment: (a) =>
    // a comment between the arrow and what it gives
    a + 1,
  get own() { return () => () => this.object(2); },
  nothing: async () => null,
  async sum(...of) { let sum = 0; for (const one of of) sum += await one; return sum; },
  async caught(it) { try { return await it; } catch { return "caught"; } finally { await null; } },
  *three(a = () => 1) { yield a(); yield 2; return 3; },
}`;

interface Sample {
  empty(): undefined;
  object(a: number): object;
  comment(a: number): number;
  readonly own: () => () => object;
  nothing(): Promise<null>;
  sum(...of: readonly unknown[]): Promise<number>;
  caught(it: unknown): Promise<unknown>;
  three(): Iterable<number>;
}

describe("an instrumented file", () => {
  it("does what it did before", async () => {
    const sample = load<Sample>("sample.ts", SAMPLE);
    recorder.begin();
    expect(sample.empty()).toBeUndefined();
    expect(sample.object(1)).toEqual({ a: 1 });
    expect(sample.comment(1)).toBe(2);
    expect(sample.own()()).toEqual({ a: 2 });
    expect(await sample.nothing()).toBeNull();
    expect(await sample.sum(1, Promise.resolve(2), 3)).toBe(6);
    expect(await sample.caught(Promise.reject(new Error("no")))).toBe("caught");
    expect([...sample.three()]).toEqual([1, 2]);
    expect(recorder.running).toBe(0);
    expect(new Set(recorder.end().functions.map(({ name }) => name))).toEqual(
      new Set(["empty", "object", "comment", "own", "in own", "in in own", "nothing", "sum", "caught", "three"]),
    );
  });
});

describe("the trace of a call", () => {
  /** What was opened, in order; with `<` where it had been left, and `=` where its caller goes on with it. */
  const opened = (): readonly string[] =>
    recorder.end().visits.map(({ file, again, repeated }) => `${again ? (repeated ? "=" : "<") : ""}${file}`);

  it("turns back where another file enters what was left", () => {
    const c = load<() => void>("c", "() => {}");
    const b = load<(c: () => void) => void>("b", "(c) => c()");
    const a = load<(b: () => void, c: () => void) => void>("a", "(b, c) => { c(); b(); }");
    recorder.begin();
    a(() => b(c), c);
    expect(opened()).toEqual(["a", "c", "b", "<c"]);
  });

  it("does not turn back in a loop, though it goes through several files and waits in between", async () => {
    const c = load<() => Promise<void>>("c", "async () => {}");
    const b = load<(c: () => void) => Promise<void>>("b", "async (c) => { await null; await c(); }");
    const a = load<(step: () => Promise<void>) => Promise<void>>(
      "a",
      "async (step) => { await step(); await step(); }",
    );
    recorder.begin();
    await a(() => b(c));
    expect(opened()).toEqual(["a", "b", "c", "=b", "=c"]);
  });

  it("opens a file once for calls that run at the same time", async () => {
    const b = load<(ms: number) => Promise<void>>(
      "b",
      "async (ms) => { await new Promise((r) => setTimeout(r, ms)); }",
    );
    const a = load<(b: (ms: number) => unknown) => Promise<void>>(
      "a",
      "async (b) => { await Promise.all([9, 1, 5].map(b)); }",
    );
    recorder.begin();
    await a(b);
    expect(opened()).toEqual(["a", "b"]);
  });

  it("begins at the guard's transport, and comes to the policies and the record", { timeout: 60_000 }, () => {
    const script = fileURLToPath(new URL("main.ts", import.meta.url));
    // From the source: what is walked is its files.
    const env = { ...process.env, NODE_OPTIONS: "" };
    const { stdout, stderr, status } = spawnSync(process.execPath, [script, "--json"], { encoding: "utf8", env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { files, functions, visits, turnBacks } = JSON.parse(stdout) as Walk;
    expect(functions).toBeGreaterThan(files);
    // Twice: where the tool's own schema has parsed the arguments, and where the server answers.
    expect(turnBacks.length, JSON.stringify(turnBacks)).toBeLessThanOrEqual(2);
    const seen = visits.map(({ file }) => file.replace(/^packages\/(\w+)\/src\//, "$1 "));
    expect(seen[0]).toMatch(/^mcp .*transport/);
    for (const part of ["fastmcp ", "core token/", "core decision/", "core audit/"])
      expect(
        seen.some((file) => file.startsWith(part)),
        part,
      ).toBe(true);
  });
});
