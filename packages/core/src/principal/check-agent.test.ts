import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { checkClass, checkedKeys } from "./check-agent.ts";
import type { Agent, AgentClass } from "./sources.ts";

type Checked = keyof Parameters<typeof checkClass>[0] & ("class" | "owner" | "tools" | "maxDepth" | "classes");

const NAME = "a name without hidden characters or a space at an end";

/** Of each member: what it may be, what it may not, and what it should be. */
const ROWS: { readonly [Member in Checked]: readonly [right: unknown, wrong: readonly unknown[], what: string] } = {
  class: ["reader", [null, 5, {}, ["reader"], "reader "], NAME],
  owner: ["team-a", [null, 5, {}, true, "team\u200ba"], NAME],
  tools: [
    ["read"],
    [null, "read", [5], ["read", null], ["read", "*"], {}, new Array(10_001).fill("read")],
    `a list of tools' names, at most 10000; "*" is none: for every tool, leave tools out`,
  ],
  maxDepth: [2, [null, "2", {}, 2n], "a number"],
  classes: [{ reader: { roles: ["reader"] } }, [null, 5, "reader", () => ({})], "classes by name"],
};
const rows = Object.entries(ROWS).map(([member, [right, wrong, what]]) => [member, right, wrong, what] as const);

describe("what a registry says of an agent's class", () => {
  it.each(rows)("has its %s as the type says, or not at all", (member, right) => {
    expect(() => checkClass({ roles: ["r"], [member]: right } as AgentClass, "planner", 1)).not.toThrow();
    expect(() => checkClass({ roles: ["r"], [member]: undefined } as never, "planner", 1)).not.toThrow();
  });

  it.each(rows)(
    "is refused where its %s is something else: no bound is taken for left out",
    async (member, _, wrong, what) => {
      for (const given of [...wrong, Promise.resolve(ROWS[member as Checked][0]), Promise.reject(new Error("late"))]) {
        const agent = { roles: ["r"], [member]: given } as AgentClass;
        const error = await errorOf(() => checkClass(agent, "planner", 2));
        expect(error).toMatchObject({ code: "agent_invalid", hop: 2 });
        expect(error.message).toBe(
          `the agent registry gave for "planner" what is no agent: its ${member} should be ${what}`,
        );
      }
    },
  );
});

describe("an agent's keys", () => {
  it("are thumbprints and public keys", () => {
    for (const keys of [[], ["thumbprint"], [{ kty: "OKP" }, "thumbprint"]] as unknown as Agent["keys"][]) {
      expect(checkedKeys({ roles: ["r"], keys }, "planner", 1)).toBe(keys);
    }
  });

  it.each([
    undefined,
    null,
    "thumbprint",
    {},
    [5],
    [null],
    ["thumbprint", undefined],
    [Promise.resolve("thumbprint")],
    new Array(10_001).fill("t"),
  ])("are refused where they are %o", async (keys) => {
    const error = await errorOf(() => checkedKeys({ roles: ["r"], keys } as never, "planner", 3));
    expect(error).toMatchObject({ code: "agent_invalid", hop: 3 });
    expect(error.message).toMatch(/: its keys should be a list of public JWKs or thumbprints, at most 10000$/);
  });
});
