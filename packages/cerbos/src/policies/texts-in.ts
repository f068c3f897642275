import { type Reading, readExpression } from "./attribute-paths.ts";
import type { PolicyPlace, SourceDocument } from "./policy-source.ts";

/** A text of a policy, and where it stands. */
export interface PlacedText {
  readonly text: string;
  readonly document: SourceDocument;
  readonly path: readonly (string | number)[];
}

/** A text that may be an expression, as it reads. */
export interface PlacedExpression extends PlacedText {
  readonly reading: Reading;
}

/** Members that hold no expressions. */
const WORDS: ReadonlySet<string> = new Set(["metadata", "description"]);

/** Members that name nothing that a request names. */
const NO_NAMES: ReadonlySet<string> = new Set([
  "condition",
  "constants",
  "description",
  "metadata",
  "output",
  "schemas",
  "variables",
]);

/** Each text that may be a name, or a pattern of names. */
export function namesIn(documents: readonly SourceDocument[]): readonly PlacedText[] {
  return textsIn(documents, NO_NAMES);
}

/** Each text that may be an expression: in conditions, outputs and variables. */
export function expressionsIn(documents: readonly SourceDocument[]): readonly PlacedExpression[] {
  return textsIn(documents, WORDS).map((placed) => ({ ...placed, reading: readExpression(placed.text) }));
}

/** Each text, but for those within such members. */
export function textsIn(documents: readonly SourceDocument[], but: ReadonlySet<string>): readonly PlacedText[] {
  return documents.flatMap((document) => {
    const under = (value: unknown, path: PlacedText["path"]): readonly PlacedText[] => {
      if (typeof value === "string") return [{ text: value, document, path }];
      if (Array.isArray(value)) return value.flatMap((it, i) => under(it, [...path, i]));
      if (typeof value !== "object" || value === null) return [];
      return Object.entries(value).flatMap(([name, it]) => (but.has(name) ? [] : under(it, [...path, name])));
    };
    return under(document.content, []);
  });
}

/** The member that a text stands in, by itself or in a list. */
export function memberOf({ path }: PlacedText): string | undefined {
  return path.findLast((step) => typeof step === "string");
}

export function placeOf({ document, path }: PlacedText): PolicyPlace {
  return { file: document.file, line: document.lineOf(path) };
}
