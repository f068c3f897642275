import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HopwiseError } from "@hopwise/core";
import { expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { until } from "../testing/until.ts";
import { type OfChanges, type PolicyWatch, stateOf, watchPolicies } from "./watch-policies.ts";

/** What was done of a folder that was written to, and what the watch says. */
async function watched(of: Partial<OfChanges>): Promise<{ watch: PolicyWatch; done: string[]; folder: string }> {
  const folder = temporaryFolder({ "a.yaml": "a" });
  const closing = new AbortController();
  onTestFinished(() => closing.abort());
  const done: string[] = [];
  const all: OfChanges = {
    copy: async () => true,
    check: async () => void done.push("check"),
    takeUp: async () => void done.push("take up"),
    onProblem: (problem) => void done.push(problem),
    onUnserved: (problem) => void done.push(problem),
    ...of,
  };
  const watch = watchPolicies(folder, await stateOf(folder), all, closing.signal);
  writeFileSync(join(folder, "a.yaml"), "changed");
  return { watch, done, folder };
}

it("checks a change before it is taken up, each once", async () => {
  const { done, folder } = await watched({});
  await until(() => done.length === 2);
  writeFileSync(join(folder, "b.yaml"), "b");
  await until(() => done.length === 4);
  expect(done).toEqual(["check", "take up", "check", "take up"]);
});

it("takes up nothing that must not be served", async () => {
  const trap = new HopwiseError("policy_invalid", "two rules are mixed up");
  const { watch, done } = await watched({ check: () => Promise.reject(trap) });
  await until(() => watch.problem !== undefined);
  expect([done, watch.problem]).toEqual([["two rules are mixed up"], "two rules are mixed up"]);
});

it("copies once what must not be served, checks it on, and copies it anew before it is taken up", async () => {
  let [copies, checks] = [0, 0];
  const trap = new HopwiseError("policy_invalid", "two rules are mixed up");
  const { done } = await watched({
    copy: async () => ++copies > 0,
    check: async () => {
      if (++checks < 4) throw trap;
    },
  });
  await until(() => done.includes("take up"));
  expect([copies, checks]).toEqual([2, 5]);
});

it("tells once of what does not compile, and it is no reason to stop", async () => {
  const broken = new HopwiseError("policy_invalid", "a.yaml does not compile");
  const { watch, done } = await watched({ takeUp: () => Promise.reject(broken) });
  await until(() => watch.unserved !== undefined);
  expect([watch.problem, watch.unserved]).toEqual([undefined, "a.yaml does not compile"]);
  expect(done).toEqual(["check", "a.yaml does not compile"]);
});

it.each<[string, Partial<OfChanges>]>([
  ["be checked, since a file cannot be read", { check: () => Promise.reject(new Error("EACCES: z.yaml")) }],
  [
    "be checked, since Cerbos does not run",
    { check: () => Promise.reject(new HopwiseError("pdp_start_failed", "EACCES")) },
  ],
  ["be taken up", { takeUp: () => Promise.reject(new Error("EACCES, as Cerbos says")) }],
])("does not go on for long where a change cannot %s: it may forbid what is served", async (_, of) => {
  const { watch, done } = await watched(of);
  await until(() => watch.problem !== undefined);
  expect(watch.problem).toMatch(/cannot be checked and taken up, .*EACCES/);
  expect(done.filter((it) => it === watch.problem)).toHaveLength(1);
});

it("is patient with a file that is just being replaced", async () => {
  let tries = 0;
  const check = async (): Promise<void> => {
    if (++tries === 1) throw new Error("ENOENT: a.yaml");
  };
  const { watch, done } = await watched({ check });
  await until(() => done.includes("take up"));
  expect([done, watch.problem]).toEqual([["take up"], undefined]);
});

it("goes on where a disk has no room for a copy, says so, and takes the change up once it has", async () => {
  let tries = 0;
  const full = new HopwiseError("pdp_start_failed", "no room", {
    cause: Object.assign(new Error(), { code: "ENOSPC" }),
  });
  const copy = async (): Promise<boolean> => {
    if (++tries <= 10) throw full;
    return true;
  };
  const { watch, done } = await watched({ copy });
  await until(() => done.length > 0);
  expect([done, watch.problem, watch.unserved]).toEqual([["no room"], undefined, "no room"]);
  await until(() => done.length === 3);
  expect([done, watch.unserved]).toEqual([["no room", "check", "take up"], undefined]);
});

it("checks nothing of a folder that changed while it was copied, and takes it as it is where it does not come to rest", async () => {
  const asked: boolean[] = [];
  const copy = async (asItIs: boolean): Promise<boolean> => {
    asked.push(asItIs);
    return asItIs;
  };
  const { done } = await watched({ copy });
  await until(() => done.length === 2);
  expect(asked.indexOf(true)).toBe(asked.length - 1);
  expect(asked.length).toBeGreaterThan(2);
});

it("has ended once nothing is under way any more: what it makes is removed then", async () => {
  const closing = new AbortController();
  const folder = temporaryFolder({ "a.yaml": "a" });
  const of: OfChanges = {
    copy: async () => {
      closing.abort();
      await new Promise((settle) => setImmediate(settle));
      said.push("copied");
      throw new Error("closed");
    },
    check: () => expect.fail(),
    takeUp: () => expect.fail(),
    onProblem: () => {},
    onUnserved: () => {},
  };
  const said: string[] = [];
  await watchPolicies(folder, "otherwise", of, closing.signal).ended;
  expect(said).toEqual(["copied"]);
});

it("takes up again what changed while the PDP was started", async () => {
  const { watch, done, folder } = await watched({});
  await until(() => done.length === 2);
  watch.started("as it was before");
  await until(() => done.length === 4);
  watch.started(await stateOf(folder));
  expect(done).toEqual(["check", "take up", "check", "take up"]);
});
