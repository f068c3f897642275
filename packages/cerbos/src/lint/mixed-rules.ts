import {
  agree,
  type ConditionTree,
  evaluate,
  type FiledRule,
  leavesOf,
  members,
  overlap,
  type PolicyParameters,
  type Truth,
} from "../policies/index.ts";

/** Two rules of which Cerbos judges one by what belongs to the other. */
export interface MixedRules {
  readonly rule: FiledRule;
  readonly other: FiledRule;
  readonly differ: "conditions" | "outputs" | "parameters";
}

/**
 * Rules that Cerbos 0.52 to 0.55 takes for one. It files a rule under a checksum of what it says, and the checksum has
 * no brackets: the same expressions in the same order give the same, whether they stand under `all`, `any` or `none`,
 * in the rule or in its derived role, for `ruleActivated` or for `conditionNotMet`. Whoever comes second gets what is
 * there. Kind, role, scope, version and name of the rule are no part of it.
 */
export function rulesFiledAsOne(rules: readonly FiledRule[]): readonly MixedRules[] {
  const asOne = (
    checked: (rule: FiledRule) => readonly string[],
    differenceOf: DifferenceOf,
  ): readonly MixedRules[] => {
    const first = new Map<string, FiledRule>();
    return rules.flatMap((rule) => {
      const key = JSON.stringify(checked(rule));
      const other = first.get(key) ?? rule;
      first.set(key, other);
      const differ = differenceOf(other, rule);
      return differ === undefined ? [] : [{ rule, other, differ }];
    });
  };
  // The variables and constants of policies and of derived roles are filed once more, each for themselves.
  return unique([
    ...asOne(checkedOf, wholeDifference),
    ...asOne(({ parameters }) => checkedParameters(parameters), differenceIn("parameters")),
    ...asOne(({ roleParameters }) => checkedParameters(roleParameters), differenceIn("roleParameters")),
  ]);
}

type DifferenceOf = (a: FiledRule, b: FiledRule) => MixedRules["differ"] | undefined;

/**
 * Rules whose conditions Cerbos remembers under one name while it answers a request: in a principal policy those that
 * have one name, in a role policy those at the same place among the rules of their resource. Both must be for one
 * resource, which takes a `*`. The second is then judged by the condition of the first.
 */
export function rulesRememberedAsOne(rules: readonly FiledRule[]): readonly MixedRules[] {
  const named = rules.filter(({ rememberedAs }) => rememberedAs !== undefined);
  return named.flatMap((rule, i) =>
    named.slice(0, i).flatMap((other): readonly MixedRules[] => {
      if (other.rememberedAs !== rule.rememberedAs || !overlap(other.resource, rule.resource)) return [];
      return sameCondition(other, rule) ? [] : [{ rule, other, differ: "conditions" }];
    }),
  );
}

/** All that Cerbos' checksum of a rule is made of, in its order, and without what the checksum leaves out. */
function checkedOf(rule: FiledRule): readonly string[] {
  const expressions = (tree: ConditionTree | undefined): readonly string[] => leavesOf(tree).map(expression);
  const { activated, notMet } = rule.output;
  const has = [rule.condition, rule.roleCondition].map((it) => (it === undefined ? "0" : "1"));
  return [
    ...rule.actions.map(text),
    ...expressions(rule.condition),
    ...expressions(rule.roleCondition),
    rule.effect,
    rule.permissions,
    ...[activated, notMet].filter((it) => it !== undefined).map(expression),
    ...checkedParameters(rule.parameters),
    ...checkedParameters(rule.roleParameters),
    rule.policy,
    has.join(""),
  ];
}

const text = (value: string): string => `text ${value}`;
const expression = (value: string): string => `expression ${value}`;

function checkedParameters({ variables, constants }: PolicyParameters): readonly string[] {
  return [
    ...variables.flatMap(([name, definition]) => [text(name), expression(definition)]),
    ...constants.flatMap(([name, value]) => [text(name), ...checkedValue(value)]),
  ];
}

/** A list is its elements; nothing, `false` and the empty text are one and the same. */
function checkedValue(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(checkedValue);
  if (value === null || value === false || value === "") return ["0"];
  if (value === true) return ["1"];
  if (typeof value === "object") {
    const sorted = [...members(value)].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.flatMap(([name, member]) => [text(name), ...checkedValue(member)]);
  }
  return [typeof value === "string" ? text(value) : `number ${value}`];
}

function wholeDifference(a: FiledRule, b: FiledRule): MixedRules["differ"] | undefined {
  if (!sameCondition(a, b)) return "conditions";
  if (JSON.stringify(a.output) !== JSON.stringify(b.output)) return "outputs";
  return differenceIn("parameters")(a, b) ?? differenceIn("roleParameters")(a, b);
}

function differenceIn(which: "parameters" | "roleParameters"): DifferenceOf {
  return (a, b) => (JSON.stringify(a[which]) === JSON.stringify(b[which]) ? undefined : "parameters");
}

/** Whether the conditions of both rules, and of the derived roles they are for, always come out the same. */
function sameCondition(a: FiledRule, b: FiledRule): boolean {
  const written = (rule: FiledRule): string => JSON.stringify([rule.condition, rule.roleCondition]);
  if (written(a) === written(b)) return true;
  const leaves = [a, b].flatMap((it) => [...leavesOf(it.condition), ...leavesOf(it.roleCondition)]);
  return agree(leaves, outcomeOf(a), outcomeOf(b));
}

/** The derived role is asked first; where it does not hold, the rule is as if it were not there, without its output. */
function outcomeOf(rule: FiledRule): (truthOf: (text: string) => Truth) => string {
  return (truthOf) => {
    const role = rule.roleCondition === undefined ? "true" : evaluate(rule.roleCondition, truthOf);
    if (role === "false") return rule.output.notMet === undefined ? "false" : "no such role";
    if (role === "error" || rule.condition === undefined) return role;
    return evaluate(rule.condition, truthOf);
  };
}

/** A rule with several actions is filed several times. */
function unique(pairs: readonly MixedRules[]): readonly MixedRules[] {
  const place = ({ document, line, title }: FiledRule): unknown => [document.file, line, title];
  const byPlaces = new Map(pairs.map((pair) => [JSON.stringify([place(pair.rule), place(pair.other)]), pair]));
  return [...byPlaces.values()];
}
