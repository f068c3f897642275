import { attributeText, type ConditionTree, leavesOf } from "../policies/index.ts";
import type { CelCall, CelTree } from "./cel-tree.ts";
import { type Known, misreadPart, named, typeOfKnown, unlessList, unlessOf } from "./known-part.ts";
import { dependsOnRow, pathIn, planExpression } from "./plan-expression.ts";
import { elementOf, type ValueType } from "./row-schema.ts";

/** What makes a plan show a row that a check denies, or that no filter can be made of. */
export interface PlanProblem {
  /** Such as `R.attr.amount`. */
  readonly attribute?: string;
  /** Follows on the name of a rule: `asks has(…), which …`. */
  readonly message: string;
}

/**
 * Finds what a condition must not have where its plan alone decides which rows are shown: a plan never asks `has()`, takes
 * what a check cannot evaluate for false, `in` of what is no list for `==`, and adds numbers that a check cannot add.
 * Whatever is not known here is named, too. An expression that depends on no row is evaluated by Cerbos when it plans, and
 * may be anything; a part of one may be all but what {@link misreadPart} names.
 */
export function planProblems(condition: ConditionTree | undefined, known: Known): readonly PlanProblem[] {
  const problems: PlanProblem[] = [];
  for (const text of leavesOf(condition)) {
    const tree = planExpression(text, known);
    const reader: Reader = { known, elements: new Map(), say: (problem) => problems.push(problem) };
    if (tree === undefined) reader.say({ message: `has an expression that is not understood here: ${text}` });
    else if (dependsOnRow(tree)) mustBe("boolean", tree, "as a condition", reader);
  }
  return problems;
}

interface Reader {
  readonly known: Known;
  /** The types of elements, by their names, and whether they come from the row. */
  readonly elements: ReadonlyMap<string, { readonly type: Read; readonly ofRow: boolean }>;
  /** Within a branch of `? :`, which Cerbos leaves as it stands, but for `has()`. */
  readonly inBranch?: true;
  readonly say: (problem: PlanProblem) => unknown;
}

/** `said`: what is wrong with it was said, so its type is no further problem. */
type Read = ValueType | "said";

/** The type of an expression, after all that is wrong in it was said. */
function read(tree: CelTree, reader: Reader): Read {
  if (!isOfRow(tree, reader)) {
    const ofNoRow = [...reader.elements].map(([name, { type }]) => [name, type === "said" ? "unknown" : type] as const);
    const elements = new Map(ofNoRow);
    const misread = misreadPart(tree, reader.known, elements, reader.inBranch === true);
    return misread === undefined ? typeOfKnown(tree, reader.known, elements) : said(reader, misread);
  }
  const path = pathIn(tree, "R");
  if (path !== undefined) return attribute(path, reader);
  if ("name" in tree && reader.elements.has(tree.name)) return reader.elements.get(tree.name)?.type ?? "unknown";
  if ("call" in tree) return called(tree, reader);
  if ("of" in tree && "name" in tree.of && tree.of.name === "R" && tree.member === "id") return "text";
  return said(reader, whyUnread(tree));
}

function isOfRow(tree: CelTree, { elements }: Reader): boolean {
  return dependsOnRow(tree, new Map([...elements].map(([name, { ofRow }]) => [name, ofRow])));
}

function said({ say }: Reader, message: string, attribute?: string): "said" {
  say({ message, ...(attribute !== undefined && { attribute }) });
  return "said";
}

function whyUnread(tree: CelTree): string {
  if ("list" in tree) return "has a list of what depends on the row, which no filter compares";
  if ("name" in tree) return `reads ${tree.name}, which is not known or not understood here`;
  if (!("of" in tree)) return "has what is not understood here";
  if ("name" in tree.of && tree.of.name === "R") return `reads R.${tree.member}, which no column has`;
  return `reads .${tree.member} of an element, or of another thing of the row, which a check may find without it`;
}

function attribute(path: readonly string[], reader: Reader): Read {
  const { resource } = reader.known;
  const text = attributeText({ of: "resource", path });
  const [name] = path;
  if (name === undefined) return said(reader, "reads R.attr as a whole, so it is not known which attributes");
  if (path.length > 1) return said(reader, `reads ${text}, and rows have attributes of one level`, text);
  if (!resource.required.includes(name)) {
    return said(reader, `reads ${text}, which the resource schema does not require`, text);
  }
  const type = resource.typeOf(path);
  return type === "unknown" ? said(reader, `reads ${text}, which the resource schema gives no one type`, text) : type;
}

function called(tree: CelCall, reader: Reader): Read {
  const { call, on, args } = tree;
  switch (on === undefined ? `${call}/${args.length}` : `.${call}/${args.length}`) {
    case "&&/2":
    case "||/2":
    case "!/1":
      for (const it of args) mustBe("boolean", it, `under ${call}`, reader);
      return "boolean";
    case "?:/3": {
      const [condition, ...branches] = args as readonly [CelTree, ...CelTree[]];
      mustBe("boolean", condition, "before ?", reader);
      for (const it of branches) mustBe("boolean", it, "in a branch of ? :", { ...reader, inBranch: true });
      return "boolean";
    }
    case "==/2":
    case "!=/2":
      for (const it of args) read(it, reader);
      return "boolean";
    case "</2":
    case "<=/2":
    case ">/2":
    case ">=/2":
      return ordered(tree, reader);
    case "in/2":
      for (const it of args.slice(0, 1)) read(it, reader);
      for (const it of args.slice(1)) elementsOf(it, "behind in", reader);
      return "boolean";
    case ".startsWith/1":
    case ".endsWith/1":
    case ".contains/1":
      for (const it of [on as CelTree, ...args]) mustBe("text", it, `at ${call}`, reader);
      return "boolean";
    case ".exists/2":
    case ".exists_one/2":
    case ".all/2":
      return quantified(tree, reader);
    case "size/1":
    case ".size/0":
      return sized(on ?? (args[0] as CelTree), reader);
    case "timestamp/1":
      for (const it of args) mustBe("text", it, "at timestamp", reader);
      return "timestamp";
    default:
      return said(reader, whyUncalled(tree));
  }
}

function whyUncalled({ call, on }: CelCall): string {
  if (call === "has") return "asks has() about the row, which a plan takes for true";
  if (call === "[]") return "reads something of the row by its place, or by a name that is not known";
  const what = /\w/.test(call)
    ? `asks ${on === undefined ? "" : "."}${call}(…) about the row`
    : `has ${call} with the row`;
  return `${what}, of which no filter is made that agrees with a check`;
}

const ORDERED: readonly Read[] = ["text", "number", "timestamp"];

function ordered({ call, args }: CelCall, reader: Reader): Read {
  const [a, b] = args.map((it) => read(it, reader)) as [Read, Read];
  if (a === "said" || b === "said" || (a === b && ORDERED.includes(a))) return "boolean";
  reader.say({
    message: `has ${call} between ${named(a)} and ${named(b)}: unless both are of one type a check fails, and a plan may not`,
  });
  return "boolean";
}

function quantified({ call, on, args }: CelCall, reader: Reader): Read {
  const [name, body] = args as readonly [CelTree, CelTree];
  if (!("name" in name)) return said(reader, `has .${call} without a name for elements`);
  const element = {
    type: elementsOf(on as CelTree, `before .${call}`, reader),
    ofRow: isOfRow(on as CelTree, reader),
  };
  mustBe("boolean", body, `in .${call}`, { ...reader, elements: new Map([...reader.elements, [name.name, element]]) });
  return "boolean";
}

function sized(tree: CelTree, reader: Reader): Read {
  const type = read(tree, reader);
  if (type === "said") return type;
  if (type === "text" || elementOf(type) !== undefined) return "number";
  return said(reader, `has size of ${named(type)}: a check fails unless it is a text or a list, and a plan may not`);
}

/** The type of the elements of what must be a list. */
function elementsOf(tree: CelTree, where: string, reader: Reader): Read {
  const type = read(tree, reader);
  return type === "said" ? type : (elementOf(type) ?? said(reader, unlessList(type, where)));
}

function mustBe(type: ValueType, tree: CelTree, where: string, reader: Reader): void {
  const found = read(tree, reader);
  if (found === type || found === "said") return;
  const what = unlessOf(type, found, where);
  const path = pathIn(tree, "P");
  const attribute = path === undefined ? undefined : `P.attr.${path.join(".")}`;
  said(
    reader,
    attribute === undefined ? what : `${what} (${attribute}: give it a type in the principal schema)`,
    attribute,
  );
}
