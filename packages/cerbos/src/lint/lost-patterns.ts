import {
  covers,
  type FiledRule,
  memberOf,
  namesIn,
  type PlacedText,
  type PolicyPlace,
  placeOf,
  resourceKinds,
  type SourceDocument,
  sameKind,
  spellingsOf,
} from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/** Members that may hold patterns, within the rules of policies and in derived roles. */
const PATTERNS: ReadonlySet<string> = new Set(
  ["actions", "action", "allowActions", "roles", "parentRoles", "resource"].flatMap(spellingsOf),
);

/** A pattern that Cerbos leaves out, and what comes of it. */
export interface LostPattern extends PolicyPlace {
  readonly message: string;
}

/**
 * Patterns that Cerbos takes when it compiles, and then leaves out, with one line in its log: `send[*`. A rule whose actions,
 * roles or resource is such a pattern is as if it were not there, also one that denies.
 */
export function brokenPatterns(documents: readonly SourceDocument[]): readonly LostPattern[] {
  return patternsIn(documents)
    .filter(({ text }) => isBroken(text))
    .map((placed) => ({
      ...placeOf(placed),
      message:
        `${memberOf(placed)}: ${JSON.stringify(placed.text)} has brackets that Cerbos cannot read as a pattern: it leaves the rule ` +
        "out, so that what it denies is allowed. A pair of brackets holds characters, or one range: [abc], [!abc], [a-z]",
    }));
}

/**
 * DENY rules of principal policies for a pattern of kinds that fits a kind as it is written, and not as Cerbos looks it up: it
 * puts `_` in the place of `:`, `/`, `-` and `@` in the kind of a request, also in one that a rule writes out, and leaves a pattern
 * as it is.
 */
export function missedKinds(documents: readonly SourceDocument[], rules: readonly FiledRule[]): readonly LostPattern[] {
  const kinds = resourceKinds(documents);
  const denying = rules.filter(
    ({ policy, effect, resource }) => policy === "principal" && effect === "EFFECT_DENY" && resource.includes("*"),
  );
  const lost = denying.flatMap((rule) => {
    const missed = missedBy(rule.resource, kinds, (kind) => !isDeniedElsewhere(kind, rule, rules));
    return missed === undefined ? [] : [{ ...rule, missed }];
  });
  const byPlace = new Map(lost.map((rule) => [`${rule.document.file}:${rule.line}`, rule]));
  return [...byPlace.values()].map(({ document, line, title, resource, missed }): LostPattern => {
    const message =
      `the ${title} denies the kinds ${JSON.stringify(resource)}, and Cerbos looks for the kind "${missed}" as ` +
      `"${sameKind(missed)}", which that does not fit: what the rule denies is allowed. Write each kind out, or a pattern of ` +
      `letters, digits and _ alone, such as ${JSON.stringify(resource.replace(/[^\w.*]+/g, "_"))}`;
    return { file: document.file, line, message };
  });
}

/** Whether another rule for the principal denies the same of the kind, as where somebody writes `album_*` beside `album:*`. */
function isDeniedElsewhere(kind: string, rule: FiledRule, rules: readonly FiledRule[]): boolean {
  const { holder, version, scope, actions, condition, parameters } = rule;
  const said = JSON.stringify([condition, parameters]);
  return rules.some(
    (it) =>
      it.policy === "principal" &&
      it.effect === "EFFECT_DENY" &&
      it.holder === holder &&
      it.version === version &&
      it.scope === scope &&
      (covers(it.resource, sameKind(kind)) || sameKind(it.resource) === sameKind(kind)) &&
      actions.every((action) => it.actions.some((other) => covers(other, action))) &&
      (it.condition === undefined || JSON.stringify([it.condition, it.parameters]) === said),
  );
}

/** What no rule is asked about by such a name, and what is never allowed by one. */
export function unfitPatterns(
  documents: readonly SourceDocument[],
  rules: readonly FiledRule[],
): readonly PolicyWarning[] {
  return [...takenLiterally(documents), ...missedByRolePolicies(documents, rules)];
}

/** Without a `*`, Cerbos takes a text for a name, whatever else is in it. */
function takenLiterally(documents: readonly SourceDocument[]): readonly PolicyWarning[] {
  return patternsIn(documents).flatMap((placed): readonly PolicyWarning[] => {
    const { text } = placed;
    if (text.includes("*") || !/\{[^{}]*,[^{}]*\}|\[[^[\]]+\]|\?/.test(text)) return [];
    const message =
      `${memberOf(placed)}: ${JSON.stringify(text)} looks like a pattern, and Cerbos takes a text without a * for a name: nothing ` +
      "of that name is asked about, so a rule that denies it lets through what it was written to stop. Write the names out";
    return [{ code: "pattern_unfit", ...placeOf(placed), message }];
  });
}

/** Role policies are looked at for the kind as Cerbos looks it up, too, and theirs stay as they are written. */
function missedByRolePolicies(
  documents: readonly SourceDocument[],
  rules: readonly FiledRule[],
): readonly PolicyWarning[] {
  const kinds = resourceKinds(documents);
  return rules.flatMap(({ policy, document, line, title, resource }): readonly PolicyWarning[] => {
    const missed = policy === "role" ? missedBy(resource, kinds) : undefined;
    if (missed === undefined) return [];
    const message =
      `the ${title} never fits: Cerbos looks for the kind "${missed}" in role policies as "${sameKind(missed)}", so the role is ` +
      `denied all of it. Write ${JSON.stringify(sameKind(missed))} there, or use letters, digits and _ alone in kinds`;
    return [{ code: "pattern_unfit", file: document.file, line, message }];
  });
}

/** The first kind that the pattern fits as it is written, where it does not fit what Cerbos looks for. */
function missedBy(
  pattern: string,
  kinds: readonly string[],
  matters = (_: string): boolean => true,
): string | undefined {
  return kinds.find(
    (kind) => !isBroken(pattern) && covers(pattern, kind) && !covers(pattern, sameKind(kind)) && matters(kind),
  );
}

function patternsIn(documents: readonly SourceDocument[]): readonly PlacedText[] {
  return namesIn(documents).filter((placed) => {
    const member = memberOf(placed);
    return member !== undefined && PATTERNS.has(member);
  });
}

/** `[`, `!` or not, and then either one character, `-` and one that is not before it, or any but `]`. */
const RANGE = /\[(?=(!?))\1(?:(.)-(.)\]|(?!.-)[^\]]+\])/gsu;

/** Whether Cerbos' reader of patterns refuses it. Without a `*` nothing is read as a pattern. */
function isBroken(text: string): boolean {
  if (!text.includes("*")) return false;
  const left = text
    .replace(/\\./gsu, "x")
    .replace(RANGE, (whole, _not, low: string | undefined, high: string | undefined) =>
      low === undefined || high === undefined || low <= high ? "x" : whole,
    );
  return left.includes("[");
}
