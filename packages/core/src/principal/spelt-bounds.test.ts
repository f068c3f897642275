/** A bound in a column of another spelling is not read: then nobody goes by the entry, instead of going without the bound. */
import { describe, expect, it } from "vitest";
import { errorOf, ISSUER } from "../world.fixture.ts";
import { checkSpelling } from "./check-agent.ts";
import { findUser } from "./find-user.ts";
import type { AgentClass, User } from "./sources.ts";
import { createUserIds } from "./user-ids.ts";

const SPELLINGS: { readonly [member in "tools" | "maxDepth" | "scope" | "policyVersion"]: readonly string[] } = {
  tools: ["Tools", "TOOLS"],
  maxDepth: ["maxdepth", "max_depth", "max-depth", "MaxDepth", "MAXDEPTH", "MAX_DEPTH"],
  scope: ["Scope", "SCOPE"],
  policyVersion: [
    "policyversion",
    "policy_version",
    "policy-version",
    "PolicyVersion",
    "POLICYVERSION",
    "POLICY_VERSION",
  ],
};
const rows = Object.entries(SPELLINGS).flatMap(([right, all]) => all.map((found) => [found, right] as const));

const agent = async (more: object) => checkSpelling({ roles: ["r"], ...more } as AgentClass, "planner", 1);
const user = (given: object) =>
  findUser({ issuer: ISSUER, subject: "alice" }, { find: () => given as User }, createUserIds([ISSUER], {}));
const alice = { id: "alice", roles: ["clerk"] };

describe("a member of an entry", () => {
  it.each(rows)("that is called %s, and not %s, is no bound that is left out: of an agent", async (found, right) => {
    for (const given of [1, null, undefined]) {
      const error = await errorOf(agent({ [found]: given }));
      expect(error).toMatchObject({ code: "agent_invalid", hop: 1 });
      expect(error.message).toMatch(
        new RegExp(`a member ${found}, which is not read .*: call it ${right}, or leave it out$`),
      );
    }
    // As of `{ ...row, maxDepth: row.maxDepth }`; a column that holds nothing is no bound.
    expect(await errorOf(agent({ [found]: 1, [right]: undefined }))).toMatchObject({ code: "agent_invalid", hop: 1 });
    await expect(agent({ [found]: null, [right]: undefined })).resolves.toBeUndefined();
  });

  it.each(rows.filter(([, right]) => right === "scope" || right === "policyVersion"))(
    "that is called %s, and not %s, says nothing of the policies: of a user",
    async (found, right) => {
      class Row {
        readonly id = "alice";
        readonly roles: readonly string[] = ["clerk"];
      }
      Object.defineProperty(Row.prototype, found, { get: () => expect.fail("read") });
      for (const given of [{ ...alice, [found]: "acme" }, new Row()]) {
        const error = await errorOf(user(given));
        expect(error).toMatchObject({ code: "attributes_invalid", hop: 0 });
        expect(error.message).toMatch(new RegExp(`a member ${found}, .*call it ${right}, or leave it out$`));
      }
    },
  );

  it("of another name is nobody's business", async () => {
    await agent({ max: 1, depth: 2, MAX_DEPTH_ALLOWED: 3, toolset: [], scopes: [] });
    expect((await user({ ...alice, tools: [], max_depth: 1, version: 2 })).user).toEqual({ ...alice, issuer: ISSUER });
  });
});
