import type { JsonObject, JsonValue } from "../../json/index.ts";
import type { Comparison, Widening } from "../comparison.ts";
import type { Constraint, ConstraintType } from "../constraint.ts";
import type { Place } from "../reading.ts";
import type { Work } from "../work.ts";

/**
 * Everything that Hopwise knows of one type of constraint. The files above this folder ask a kind, and never name a
 * type. For the constraints inside its own, a kind uses the functions it is given (`check`, `comparison`, `say`, the
 * reading of a place), so it need not import the other kinds.
 */
export interface Kind<C extends Constraint = Constraint> {
  readonly type: C["constraint_type"];
  /** Whether the AAT draft has the type (section 3.4), so that any verifier of it knows it. */
  readonly core?: true;
  /** Its members on the wire. A constraint with any other is refused before it gets here. */
  readonly members: readonly string[];
  /** Whether a missing argument passes. Such a constraint stands only at the top of an argument or a property. */
  readonly passesMissing?: true;
  /** Whether it lets pass what the tool itself puts there, without looking at the value. */
  readonly passesOwn?: true;
  /** Whether it lists forbidden values instead of allowed ones. */
  readonly denies?: true;

  /** Reads the constraint of a token, or refuses it. */
  parse(source: Place<JsonObject>): C;

  /** How many steps one check of the value takes, without those that `check` spends. Default 1. */
  cost?(constraint: C, value: JsonValue): number;
  /** Whether a present value passes. */
  passes(constraint: C, value: JsonValue, work: Work, check: Check): boolean;

  /** The values that pass, where it lists them: they may stand under any constraint which they pass. */
  listed?(constraint: C): readonly JsonValue[];
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

  /** Whether its words are one value, as JSON has it, of which the end is seen. */
  readonly isOneWord?: true;
  /** In plain words, as they follow "is": `a whole number of at most 1000`. */
  words(constraint: C, say: Say): string;
}

/** Whether a value passes a constraint inside another, on the same budget. */
export type Check = (constraint: Constraint, value: JsonValue | undefined, work: Work) => boolean;

/** `stands`, or the reason why the child may not stand there; undefined leaves the decision to the next rules. */
export type Verdict = "stands" | Widening | undefined;

/** Words for a constraint inside another. What is said in several parts stands in brackets: its end is seen. */
export interface Say {
  /** `a whole number`, `(1 or 2)` */
  value(constraint: Constraint): string;
  /** The same beside other clauses, where the last value of one would be taken for the first of the next. */
  clause(constraint: Constraint): string;
  /** The name of a property, and what follows it: `is a whole number`, or `may be left out, else is …`. */
  property(name: string, constraint: Constraint): string;
}
