import { stepsOf } from "../json/index.ts";
import { reading } from "../options/index.ts";
import type { Obligations } from "./obligations.ts";

/** One obligation, as the steps of its pointer. With `most` it shortens a list; without, it takes the value out. */
export interface Rule {
  readonly pointer: string;
  readonly steps: readonly string[];
  readonly most?: number;
}

function rulesOf({ redact, limit }: Pick<Obligations, "redact" | "limit">): readonly Rule[] {
  return [
    ...redact.map((pointer) => ({ pointer, steps: stepsOf(pointer) })),
    ...Object.entries(limit).map(([pointer, most]) => ({ pointer, steps: stepsOf(pointer), most })),
  ];
}

/** The rules of obligations that a program passed in. @throws {HopwiseError} `config_invalid` for what are no obligations */
export function rulesIn(called: string, obligations: Pick<Obligations, "redact" | "limit">): readonly Rule[] {
  return reading(called, "obligations", "the obligations of a decision, { redact, limit }", obligations, rulesOf);
}

/** A JSON pointer (RFC 6901) to something below a result. One that is none would change nothing, or refuse each call. */
export const POINTER: RegExp = /^(\/([^~/]|~[01])*)+$/;

/** Whether a step may lead to an element of a list. */
export function isIndexOrStar(step: string): boolean {
  return /^(\*|0|[1-9]\d*)$/.test(step);
}

/** Those of the rules that lead on through this key. */
export function rulesAt(rules: readonly Rule[], depth: number, key: string): readonly Rule[] {
  return rules.filter(({ steps }) => steps[depth] === "*" || steps[depth] === key);
}

/** Those that end here and take the value out. */
export function takingOut(rules: readonly Rule[], depth: number): readonly Rule[] {
  return rules.filter(({ steps, most }) => steps.length === depth && most === undefined);
}

/** The strictest limit that ends here. */
export function mostAt(rules: readonly Rule[], depth: number): number | undefined {
  const limits = rules.flatMap(({ steps, most }) => (steps.length === depth && most !== undefined ? [most] : []));
  return limits.length === 0 ? undefined : Math.min(...limits);
}
