import { readExpression } from "./attribute-paths.ts";
import type { PolicyPlace, SourceDocument } from "./policy-source.ts";

/** Places of a policy that hold no expressions. */
const WORDS: ReadonlySet<string> = new Set(["metadata", "description"]);

/** The expressions that read `request.auxData`: in conditions, outputs and variables. */
export function auxDataReaders(documents: readonly SourceDocument[]): readonly PolicyPlace[] {
  return documents.flatMap((document) => {
    const readersIn = (value: unknown, path: readonly (string | number)[]): readonly PolicyPlace[] => {
      if (typeof value === "string") {
        return readExpression(value).auxData ? [{ file: document.file, line: document.lineOf(path) }] : [];
      }
      if (Array.isArray(value)) return value.flatMap((it, i) => readersIn(it, [...path, i]));
      if (typeof value !== "object" || value === null) return [];
      return Object.entries(value).flatMap(([name, it]) => (WORDS.has(name) ? [] : readersIn(it, [...path, name])));
    };
    return readersIn(document.content, []);
  });
}
