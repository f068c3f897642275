import { HopwiseError } from "../../errors.ts";
import { forMore } from "../../lib/index.ts";
import type { Limits } from "../keys/index.ts";
import type { TrustAnchor } from "../trust/index.ts";

/**
 * Holds an issuer's bounds against its limits. A bound beyond them would only be found where a root is issued: for so long, or
 * without a smaller depth of its own.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function checkIssuer(
  { maxDepth = 0, lifetimeSeconds = 0 }: Pick<TrustAnchor, "maxDepth" | "lifetimeSeconds">,
  { chainTokens, lifetimeSeconds: longest }: Limits,
): void {
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
