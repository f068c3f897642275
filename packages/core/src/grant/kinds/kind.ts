import type { JsonObject, JsonScalar, JsonValue } from "../../json/index.ts";
import type { Comparison, Widening } from "../comparison.ts";
import type { Constraint, ConstraintType } from "../constraint.ts";
import type { Place } from "../reading.ts";
import type { Work } from "../work.ts";

/**
 * Everything that Hopwise knows of one type of constraint. The files above this folder ask a kind, and know no type by
 * name. A kind asks its arguments (`check`, `comparison`, `say`, the reading of a place) about the constraints inside its
 * own, so that no kind imports all others.
 */
export interface Kind<C extends Constraint = Constraint> {
  readonly type: C["constraint_type"];
  /** Whether the AAT draft has the type (section 3.4), so that any verifier of it knows it. */
  readonly core?: true;
  /** Its members on the wire. A constraint with any other is refused before it gets here. */
  readonly members: readonly string[];
  /** Whether a missing argument passes. Such a constraint stands only at the top of an argument. */
  readonly passesMissing?: true;
  /** Whether it says what is forbidden, instead of what is allowed. */
  readonly denies?: true;

  /** Reads the constraint of a token, or refuses it. */
  parse(source: Place<JsonObject>): C;

  /** How many steps one look at the value takes, without those that `check` spends; 1 for a kind that does not say. */
  cost?(constraint: C, value: JsonValue): number;
  /** Whether a value that is there passes. */
  passes(constraint: C, value: JsonValue, work: Work, check: Check): boolean;

  /** The values that pass, where it lists them: they may stand under any constraint which they pass. */
  listed?(constraint: C): readonly JsonScalar[];
  /** In the draft's own table, the types under which listed values may stand (section 4.5). */
  readonly listedUnder?: readonly ConstraintType[];
  /** As a parent: whether a child of another type may stand under it. Where `passesMissing`, always a verdict. */
  over?(parent: C, child: Constraint, pointer: string, comparison: Comparison): Verdict;
  /** As a child: whether it may stand under a parent of another type. Where `passesMissing`, always a verdict. */
  under?(child: C, parent: Constraint, pointer: string, comparison: Comparison): Verdict;
  /** Where a child of the same type reaches beyond its parent. A kind that lacks it stands under none of its own type. */
  narrower?(parent: C, child: C, pointer: string, comparison: Comparison): Widening | undefined;

  /** The constraints inside. */
  inner?(constraint: C): readonly Constraint[];

  /** In plain words, as they follow "is": `a whole number of at most 1000`. */
  words(constraint: C, say: Say): string;
}

/** Whether a value passes a constraint inside another, on the same budget. */
export type Check = (constraint: Constraint, value: JsonValue | undefined, work: Work) => boolean;

/** That the child may stand there, or why not; undefined leaves it to the rules that follow. */
export type Verdict = "stands" | Widening | undefined;

/** Words for a constraint inside another. */
export interface Say {
  /** `a whole number` */
  value(constraint: Constraint): string;
  /** What follows the name of an argument or a property: `is a whole number`, or `may be left out, else is …`. */
  member(constraint: Constraint): string;
}

/**
 * Every question there is to a kind, without an answer. All kinds get them all, in one order: objects of one shape are
 * looked into faster, and checking a call does little else. Without it, a check takes a fifth longer.
 */
export const UNANSWERED: Readonly<Record<keyof Kind, undefined>> = {
  type: undefined,
  core: undefined,
  members: undefined,
  passesMissing: undefined,
  denies: undefined,
  parse: undefined,
  cost: undefined,
  passes: undefined,
  listed: undefined,
  listedUnder: undefined,
  over: undefined,
  under: undefined,
  narrower: undefined,
  inner: undefined,
  words: undefined,
};
