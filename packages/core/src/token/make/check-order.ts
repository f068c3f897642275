import { HopwiseError } from "../../errors.ts";
import { findDenyList, findExtension, type Grant, isEveryTool, toolGrantOf } from "../../grant/index.ts";
import { pointerTo } from "../../json/index.ts";
import { forMore, listed } from "../../lib/index.ts";
import { nearest } from "../../options/index.ts";
import type { BudgetBounds } from "../claims/index.ts";
import { type Limits, toolOf } from "../keys/index.ts";

/* What every new token is held against before it is signed, root or not. */

/**
 * @throws {HopwiseError} `config_invalid` for a constraint type that the draft does not have; for a budget: a verifier of the
 *   draft ignores claims that it does not know, and would let everything be spent; and for every tool, which it takes for the
 *   name of one: it refuses each other that is called or handed on
 */
export function checkInterop(grant: Grant, budget?: BudgetBounds): void {
  const draft = 'interop "aat-01": ';
  if (budget !== undefined) refuse(`${draft}the draft has no budgets; leave one of the two out`, "/budget");
  const every = Object.keys(grant).find(isEveryTool);
  if (every !== undefined) {
    const problem = "the draft has no word for every tool; name each tool, or leave interop out";
    refuse(draft + problem, pointerTo("", every));
  }
  const extension = findExtension(grant);
  if (extension !== undefined) {
    const problem = "is not one of the draft's; use those, or leave interop out";
    refuse(`${draft}the constraint at "${extension}" ${problem}`, extension);
  }
}

/** @throws {HopwiseError} `config_invalid` for a deny-list that does not stand in the parent's grant already */
export function checkDenyLists(grant: Grant, parent?: Grant): void {
  const pointer = findDenyList(grant, parent);
  if (pointer === undefined) return;
  refuse(
    `the constraint at "${pointer}" names what is forbidden (not_one_of), and lets every other spelling pass; name what is allowed, or say allowDenyLists: true`,
    pointer,
  );
}

const TO_SHORTEN = {
  token: "hand over fewer tools or shorter constraints",
  chain: "hand over less at each hop",
} as const;

/** What no verifier would read is not worth signing. @throws {HopwiseError} `token_too_large` */
export function checkSize(what: "token" | "chain", { length }: string, limits: Limits): void {
  const limit = `${what}Bytes` as const;
  if (length <= limits[limit]) return;
  const message = `the ${what} would be ${length} bytes, ${limits[limit]} are read; ${TO_SHORTEN[what]}; ${forMore(limit)}`;
  throw new HopwiseError("token_too_large", message);
}

/**
 * Holds the sums of a budget against the grant beside it. A verifier does not: it would bound nothing, and widen nothing. But
 * whoever writes a tool's name wrong believes that it is bounded.
 *
 * @throws {HopwiseError} `config_invalid` for a sum of what the grant does not hand over
 */
export function checkBudgetOfGrant(called: string, { sums = {} }: BudgetBounds, grant: Grant): void {
  for (const [tool, bounds] of Object.entries(sums)) {
    const granted = toolGrantOf(grant, tool);
    const pointer = pointerTo("/budget/sums", tool);
    if (granted === undefined) boundsNothing(called, pointer, "the grant does not hand over that tool", tool, grant);
    const names = Object.keys(granted);
    // Any arguments.
    if (names.length === 0) continue;
    for (const argument of Object.keys(bounds)) {
      if (names.includes(argument)) continue;
      boundsNothing(called, pointerTo(pointer, argument), "the grant of that tool does not name it", argument, granted);
    }
  }
}

/**
 * With several audiences each tool stands under its own. A verifier takes a token of which no tool counts where it may be shown, and
 * allows nothing by it.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function checkPlaces(grant: Grant, rootAudience: readonly string[], audience?: readonly string[]): void {
  const ids = Object.keys(grant);
  if (audience === undefined || rootAudience.length === 1 || ids.length === 0) return;
  if (ids.some((id) => audience.includes(toolOf(id, rootAudience).audience))) return;
  refuse(
    `delegate: none of the tools in grant is one of ${listed(audience)}, where this could be shown; give the audience of ${listed(ids)}`,
    "/audience",
  );
}

function boundsNothing(called: string, pointer: string, why: string, name: string, known: object): never {
  // A tool that takes no arguments has one of no name, which must be absent.
  const names = Object.keys(known).filter((it) => it !== "");
  const meant = nearest(name, names);
  const hint = meant === undefined ? "leave it out, or grant it" : `did you mean "${meant}"?`;
  refuse(`${called}: "${pointer}" would bound nothing, since ${why}; ${hint}`, pointer);
}

function refuse(message: string, pointer: string): never {
  throw new HopwiseError("config_invalid", message, { pointer });
}
