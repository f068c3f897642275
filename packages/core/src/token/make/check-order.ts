import { HopwiseError } from "../../errors.ts";
import { findDenyList, findExtension, type Grant, isEveryTool } from "../../grant/index.ts";
import { pointerTo } from "../../json/index.ts";
import { forMore } from "../../lib/index.ts";
import type { BudgetBounds } from "../claims/index.ts";
import type { Limits } from "../keys/index.ts";

/* What every new token is held against before it is signed, root or not. */

/**
 * @throws {HopwiseError} `config_invalid` for a constraint type that the draft does not have; for a budget: a verifier of the
 *   draft ignores claims that it does not know, and would let everything be spent; and for every tool, which it takes for the
 *   name of one: it refuses each other that is called or handed on
 */
export function checkInterop(grant: Grant, budget?: BudgetBounds): void {
  if (budget !== undefined) {
    throw new HopwiseError("config_invalid", 'interop "aat-01": the draft has no budgets; leave one of the two out', {
      pointer: "/budget",
    });
  }
  const every = Object.keys(grant).find(isEveryTool);
  if (every !== undefined) {
    throw new HopwiseError(
      "config_invalid",
      'interop "aat-01": the draft has no word for every tool; name each tool, or leave interop out',
      { pointer: pointerTo("", every) },
    );
  }
  const extension = findExtension(grant);
  if (extension !== undefined) {
    throw new HopwiseError(
      "config_invalid",
      `interop "aat-01": the constraint at "${extension}" is not one of the draft's; use those, or leave interop out`,
      {
        pointer: extension,
      },
    );
  }
}

/** @throws {HopwiseError} `config_invalid` for a deny-list that does not stand in the parent's grant already */
export function checkDenyLists(grant: Grant, parent?: Grant): void {
  const pointer = findDenyList(grant, parent);
  if (pointer !== undefined) {
    throw new HopwiseError(
      "config_invalid",
      `the constraint at "${pointer}" names what is forbidden (not_one_of), and lets every other spelling pass; name what is allowed, or say allowDenyLists: true`,
      { pointer },
    );
  }
}

/** A token that no verifier would read is not worth signing. */
export function checkSize(token: string, { tokenBytes }: Limits): void {
  if (token.length > tokenBytes) {
    throw new HopwiseError(
      "token_too_large",
      `the token would be ${token.length} bytes, ${tokenBytes} are read; hand over fewer tools or shorter constraints; ${forMore("tokenBytes")}`,
    );
  }
}
