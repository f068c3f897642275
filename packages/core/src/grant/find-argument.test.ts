import { describe, expect, it } from "vitest";
import type { Constraint, Grant } from "./constraint.ts";
import { findDenyList } from "./find-argument.ts";
import { absent, all, any, each, exact, grant, length, notOneOf, object, oneOf, optional } from "./index.ts";

const run = (command: Constraint): Grant => ({ run: { on: oneOf("a", "b"), command } });

describe("a deny-list is found", () => {
  it.each<[string, Constraint]>([
    ["as an argument's constraint", notOneOf("rm")],
    ["in an optional one", optional(notOneOf("rm"))],
    ["as the second clause of all", all(length(9), notOneOf("rm"))],
    ["as the second clause of any", any(oneOf("ls"), notOneOf("rm"))],
    ["in each element", each(notOneOf("rm"))],
    ["as the second property of an object", object({ a: exact(1), b: notOneOf("rm") })],
    ["three levels down", optional(each(object({ a: any(notOneOf("rm")) })))],
  ])("%s", (_, command) => {
    expect(findDenyList(run(command))).toBe("/run/command");
  });

  it("with a pointer that escapes names, at the first place", () => {
    const own = { "mcp:prompts/get": { "a/b": notOneOf("x") }, later: { c: notOneOf("x") } };
    expect(findDenyList(own)).toBe("/mcp:prompts~1get/a~1b");
  });

  it("in a child where its parent has it elsewhere, for another tool, or not at all", () => {
    const child = run(notOneOf("rm"));
    for (const parent of [
      { run: {} },
      { run: { on: notOneOf("rm"), command: oneOf("ls") } },
      { walk: { command: notOneOf("rm") } },
      {},
    ]) {
      expect(findDenyList(child, parent)).toBe("/run/command");
    }
  });

  it("in arguments and tools that have the names of what every object has", () => {
    const own: Grant = { toString: { valueOf: notOneOf("rm") } };
    expect(findDenyList(own)).toBe("/toString/valueOf");
    expect(findDenyList(own, { toString: {} })).toBe("/toString/valueOf");
  });
});

describe("no deny-list is found", () => {
  it("where every constraint says what is allowed", () => {
    const own = grant({ run: { a: oneOf("ls"), b: all(length(9), any(exact(1))), c: object({ d: each(length(1)) }) } });
    expect(findDenyList({ ...own, stop: {}, walk: { "": absent() } })).toBeUndefined();
  });

  it("in a child that keeps its parent's, makes it longer, or nests it otherwise", () => {
    const parent = run(all(length(9), notOneOf("rm")));
    for (const command of [all(length(9), notOneOf("rm")), all(length(3), notOneOf("rm", "dd")), notOneOf("rm")]) {
      expect(findDenyList(run(command), parent)).toBeUndefined();
    }
  });
});
