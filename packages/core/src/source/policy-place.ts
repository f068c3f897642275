import { dropPromises } from "../lib/index.ts";
import { maybe, type Rows, type Shape, text } from "../options/index.ts";

/** Which policies Cerbos looks up: those of a scope, and of a version. Without one, the policies that have none. */
export interface PolicyPlace {
  /** Such as `acme.emea`: parts of letters, digits, `_` and `-`, with dots between them. */
  readonly scope?: string;
  /** Letters, digits and `_`, such as `v2`. */
  readonly policyVersion?: string;
}

export const PLACES: readonly (keyof PolicyPlace)[] = ["scope", "policyVersion"];

/** It stands in each record, and may be made of what anybody wrote. */
const LONGEST = 5000;

/** Cerbos' own syntax: it refuses a request with anything else, and that looks like an outage. */
const SYNTAX: { readonly [name in keyof Required<PolicyPlace>]: { readonly form: RegExp; readonly words: string } } = {
  scope: {
    form: /^(\.|[0-9A-Za-z][\w-]*(\.\w[\w-]*)*)?$/,
    words: 'letters, digits, "_" and "-" in parts with dots between them, such as "acme.emea"',
  },
  policyVersion: { form: /^\w*$/, words: 'letters, digits and "_", such as "v2"' },
};

/** A scope and a version that are written down. */
export const PLACE_ROWS: Rows<PolicyPlace> = {
  scope: maybe(placeText("scope")),
  policyVersion: maybe(placeText("policyVersion")),
};

/** The shape of one that is written down, as a row of options. */
export function placeText(name: keyof PolicyPlace): Shape {
  return text(`a ${name} of Cerbos: ${SYNTAX[name].words}`, (given) => placeProblem(name, given) === undefined);
}

/**
 * What is wrong with a scope or version; undefined where nothing is. It does not quote the value, which may be made of
 * an argument.
 */
export function placeProblem(name: keyof PolicyPlace, value: unknown): string | undefined {
  const { form, words } = SYNTAX[name];
  if (typeof value === "string" && value.length > LONGEST) return `the ${name} is longer than ${LONGEST} characters`;
  if (typeof value === "string" && form.test(value)) return undefined;
  return `the ${name} is ${typeof value === "string" ? "one that Cerbos never takes" : "not a text"}: write ${words}`;
}

/**
 * The members that are set, for a request. Databases return null for what they do not have.
 *
 * @param refuse takes what is wrong with one of them, and throws
 */
export function placeOf(
  from: { readonly [name in keyof PolicyPlace]?: unknown },
  refuse: (problem: string) => never,
): PolicyPlace {
  const place: { scope?: string; policyVersion?: string } = {};
  for (const name of PLACES) {
    const value = from[name] ?? "";
    if (value === "") continue;
    const problem = placeProblem(name, value);
    if (problem !== undefined) {
      dropPromises(value);
      refuse(problem);
    }
    place[name] = value as string;
  }
  return place;
}
