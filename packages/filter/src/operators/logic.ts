import type { Cell } from "../cell.ts";
import { alike, type InEach } from "../names.ts";
import type { Node } from "../read-expression.ts";
import { balanced, type Sql, sql } from "../sql.ts";
import type { Place, RowView, Term } from "../term.ts";
import { FALSE, TRUE } from "../truth.ts";
import { unsupported } from "../unsupported.ts";
import { operandsOf } from "./operands.ts";
import { type AnyOperator, type Call, operator, type Reader } from "./operator.ts";

interface Joint {
  readonly parts: readonly Term[];
  readonly weak: boolean;
}

export const and: AnyOperator = operator<Joint>({
  gives: "boolean",
  typing: jointOf,
  ...alike(writtenBy(sql`AND`, sql`*`)),
  memory: (joint, view) => settled(joint, view, false),
});

export const or: AnyOperator = operator<Joint>({
  gives: "boolean",
  typing: jointOf,
  ...alike(writtenBy(sql`OR`, sql`+`)),
  memory: (joint, view) => settled(joint, view, true),
});

export const not: AnyOperator = operator<Term>({
  gives: "boolean",
  typing: (call, reader) => reader.condition(operandsOf(call, 1)[0]),
  ...alike((part: Term, place: Place) => sql`(NOT ${part.sql(place)})`),
  memory: (part, view) => {
    const truth = part.memory(view);
    return typeof truth === "boolean" ? !truth : undefined;
  },
});

/** `ELSE` would take what is unknown for false, and show the rows of the other branch. */
export const conditional: AnyOperator = operator<readonly [Term, Term, Term]>({
  gives: "boolean",
  typing: (call, reader) => {
    const [given, then, otherwise] = operandsOf(call, 3);
    return [reader.condition(given), branchOf(then, reader), branchOf(otherwise, reader)];
  },
  ...alike(choice),
  memory: ([given, then, otherwise], view) => {
    const truth = given.memory(view);
    const taken = truth === true ? then : truth === false ? otherwise : undefined;
    return taken?.memory(view) ?? undefined;
  },
});

/** What else CEL can choose between is a value, and may stand where one is compared: unknown would hide every row of it. */
function branchOf(node: Node, reader: Reader): Term {
  const term = reader.term(node);
  if (term.type === "boolean") return term;
  throw unsupported('"if" (? :) with a branch that is no condition', node.pointer);
}

function choice([given, then, otherwise]: readonly [Term, Term, Term], place: Place): Sql {
  return sql`(CASE ${given.sql(place)} WHEN ${TRUE} THEN ${then.sql(place)} WHEN ${FALSE} THEN ${otherwise.sql(place)} END)`;
}

function jointOf(call: Call, reader: Reader): Joint {
  if (call.operands.length === 0) throw unsupported(`"${call.operator}" without operands`, call.pointer);
  return { parts: call.operands.map((operand) => reader.condition(operand)), weak: reader.weak };
}

/** @param counting joins numbers: a sum and a product are unknown where one operand is, and name each of them once */
function writtenBy(joining: Sql, counting: Sql): (joint: Joint, place: Place) => Sql {
  return ({ parts, weak }, place) => {
    const written = parts.map((part) => part.sql(place));
    if (!weak) return balanced(joining, written);
    return sql`(${balanced(counting, written.map(AS_NUMBER[place.dialect]))} > 0)`;
  };
}

const AS_NUMBER: InEach<(truth: Sql) => Sql> = { postgres: (truth) => sql`(${truth})::int`, sqlite: (truth) => truth };

/** @param deciding the truth that decides alone: `false` for AND, `true` for OR */
function settled({ parts, weak }: Joint, view: RowView, deciding: boolean): Cell {
  const truths = parts.map((part) => part.memory(view));
  if (weak && truths.includes(undefined)) return undefined;
  if (truths.includes(deciding)) return deciding;
  return truths.includes(undefined) ? undefined : !deciding;
}
