import { HopwiseError } from "../../errors.ts";
import { forMore } from "../../lib/index.ts";
import { mustBe } from "../../options/index.ts";
import type { Limits } from "../keys/index.ts";
import type { TrustAnchor } from "../trust/index.ts";

type Bounds = Pick<TrustAnchor, "subjects" | "tools" | "maxDepth" | "lifetimeSeconds">;

/**
 * Holds an issuer's bounds against its limits. A bound beyond them would only be found where a root is issued: for so long, or
 * without a smaller depth of its own. And one that may name nobody, or no tool, can issue nothing: a list came out empty. (An
 * anchor may say so, of an issuer that is trusted no more.)
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function checkIssuer(
  { subjects, tools, maxDepth = 0, lifetimeSeconds = 0 }: Bounds,
  { chainTokens, lifetimeSeconds: longest }: Limits,
): void {
  if (subjects.length === 0 && Array.isArray(subjects)) {
    mustBe("createIssuer", "subjects", 'a list of subjects, at least one, or "any"', subjects);
  }
  if (tools.length === 0) mustBe("createIssuer", "tools", 'a list of tool ids, at least one, or "any"', tools);
  if (maxDepth >= chainTokens) {
    refuse(
      "maxDepth",
      `${maxDepth}, and a chain has ${chainTokens} tokens at most, its root among them`,
      "chainTokens",
    );
  }
  if (lifetimeSeconds > longest) {
    refuse("lifetimeSeconds", `${lifetimeSeconds}, and a root lives ${longest} seconds at most`, "lifetimeSeconds");
  }
}

function refuse(option: string, problem: string, limit: keyof Limits): never {
  throw new HopwiseError("config_invalid", `createIssuer: ${option} is ${problem}; ${forMore(limit)}`, {
    pointer: `/${option}`,
  });
}
