import type { PolicyPlace, SourceDocument } from "./policy-source.ts";

/** Places of a policy that hold no expressions. */
const WORDS: ReadonlySet<string> = new Set(["metadata", "description"]);

/** A text of a policy that may be an expression, and its place. */
export interface PlacedText {
  readonly text: string;
  readonly document: SourceDocument;
  readonly place: PolicyPlace;
}

/** Each text that may be an expression: in conditions, outputs and variables. */
export function expressionsIn(documents: readonly SourceDocument[]): readonly PlacedText[] {
  return documents.flatMap((document) => {
    const textsIn = (value: unknown, path: readonly (string | number)[]): readonly PlacedText[] => {
      if (typeof value === "string") {
        return [{ text: value, document, place: { file: document.file, line: document.lineOf(path) } }];
      }
      if (Array.isArray(value)) return value.flatMap((it, i) => textsIn(it, [...path, i]));
      if (typeof value !== "object" || value === null) return [];
      return Object.entries(value).flatMap(([name, it]) => (WORDS.has(name) ? [] : textsIn(it, [...path, name])));
    };
    return textsIn(document.content, []);
  });
}
