import { CANARY } from "../ask/index.ts";
import { type FiledRule, filedRules, type PolicyPlace, type PolicySource, scopeConflicts } from "../policies/index.ts";
import { brokenPatterns, missedKinds } from "./lost-patterns.ts";
import { type MixedRules, rulesFiledAsOne, rulesRememberedAsOne } from "./mixed-rules.ts";

/** What Cerbos takes without a word, and then decides otherwise than it is written. */
export type PolicyTrapCode =
  | "rules_mixed_up"
  | "scope_permissions_conflict"
  | "taken_for_test"
  | "link_unfollowed"
  | "pattern_lost";

/** A place in a policy folder that compiles, and that no PDP may serve. */
export interface PolicyTrap extends PolicyPlace {
  readonly code: PolicyTrapCode;
  /** Both places, the consequence, and what to do. */
  readonly message: string;
}

/** The traps of a folder. */
export interface PolicyTraps {
  /** Those that every Cerbos falls into. */
  readonly always: readonly PolicyTrap[];
  /** Those of a Cerbos that takes two rules for one: see {@link rulesFiledAsOne}. */
  readonly ofSome: readonly PolicyTrap[];
}

/** Finds what `cerbos compile` lets pass, and what is then decided by chance. */
export function policyTraps({ documents, takenForTests, behindLinks }: PolicySource): PolicyTraps {
  const rules = filedRules(documents);
  return {
    always: [
      ...takenForTests.map(({ file, lineOf }): PolicyTrap => ({ file, line: lineOf([]), ...TAKEN_FOR_TEST })),
      ...behindLinks.map(({ file, lineOf }): PolicyTrap => ({ file, line: lineOf([]), ...LINK_UNFOLLOWED })),
      ...scopeConflicts(documents).map((it): PolicyTrap => ({ ...it, code: "scope_permissions_conflict" })),
      ...[...brokenPatterns(documents), ...missedKinds(documents, rules)].map(
        (it): PolicyTrap => ({ ...it, code: "pattern_lost" }),
      ),
      ...rulesRememberedAsOne(rules).map((it) =>
        mixed(it, `Cerbos judges both by one condition. ${CURES[it.rule.policy]}`),
      ),
    ],
    ofSome: rulesFiledAsOne(rules)
      .filter((pair) => !isCanary(pair.rule) || !isCanary(pair.other))
      .map((it) => mixed(it, SOME[it.differ])),
  };
}

const TAKEN_FOR_TEST = {
  code: "taken_for_test",
  message:
    "this is a policy, and Cerbos takes each file whose name ends in _test for tests of policies: it does not load the policy, " +
    "so that what it denies is allowed. Give the file another name",
} as const;

const LINK_UNFOLLOWED = {
  code: "link_unfollowed",
  message:
    "this policy is behind a link to a folder, and Cerbos follows links to files alone: it does not load the policy, so that what it " +
    "denies is allowed. Put the files there, or a link for each. In a ConfigMap of Kubernetes, leave folders out of the paths of its items",
} as const;

/** It holds such a pair, to see whether a PDP mixes it up. */
function isCanary({ policy, resource }: FiledRule): boolean {
  return policy === "resource" && resource === CANARY;
}

function mixed({ rule, other }: MixedRules, text: string): PolicyTrap {
  const first = `the ${other.title} (${other.document.file}:${other.line})`;
  const file = rule.document.file;
  return {
    code: "rules_mixed_up",
    file,
    line: rule.line,
    message: `the ${rule.title} is mixed up with ${first}: ${text}`,
  };
}

const SOME: { readonly [differ in MixedRules["differ"]]: string } = {
  conditions:
    "they have the same expressions in the same order, combined differently, and Cerbos 0.52 to 0.55 gives both rules " +
    "the condition of one of them; which one is chance. Write each condition as one expr, with &&, || and !; where " +
    "two then read the same, put one of them in parentheses",
  outputs:
    "they have the same output expression, one for ruleActivated and one for conditionNotMet, and Cerbos 0.52 to 0.55 " +
    "gives both rules the output of one of them; which one is chance. Put one of the two expressions in parentheses",
  parameters:
    "their constants differ in form alone (such as a text and a list of this one text, or null and false), and Cerbos " +
    "0.52 to 0.55 gives both rules those of one of them; which one is chance. Give one of the constants another name",
};

const CURES: { readonly [policy in FiledRule["policy"]]: string } = {
  resource: "Give one of them another name",
  principal: "Give one of them another name",
  role:
    "It remembers conditions by the place of a rule among those for its resource. Write both for the same resource, or " +
    "for resources that no kind is both of",
};
