import { type Document, isScalar, LineCounter, parseAllDocuments, visit, type YAMLMap } from "yaml";
import { spellingsOf } from "./policy-fields.ts";

/** A YAML document. */
export interface ReadYaml {
  readonly content: unknown;
  /** Line of the node at this path, counted from 1; where it does not exist, of what would hold it. */
  lineOf(path: readonly (string | number)[]): number;
}

/** Why a YAML document cannot be read. */
export interface UnreadYaml {
  readonly line?: number;
  readonly message: string;
}

/**
 * Reads the documents of a policy file as Cerbos does, which merges `<<`: its YAML is older than that of the parser. All
 * that looks into policies reads them here, so that no rule hides from one of them.
 */
export function readPolicyYaml(text: string): readonly (ReadYaml | UnreadYaml)[] {
  const lines = new LineCounter();
  return parseAllDocuments(text, { lineCounter: lines, merge: true }).map((parsed) => {
    const [error] = parsed.errors;
    const lineAt = (offset: number): number => lines.linePos(offset).line;
    if (error !== undefined) return { line: lineAt(error.pos[0]), message: firstLine(error.message) };
    const document = parsed as Document;
    try {
      const content: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
      const ambiguous = ambiguousMerge(document);
      if (ambiguous === undefined) return { content, lineOf: (path) => lineOf(path, document, lineAt) };
      const { map, keys } = ambiguous;
      const message = `what is merged (<<) brings ${keys.join(" beside ")}, of which Cerbos takes one. Write it out`;
      return { line: lineAt(map.range?.[0] ?? 0), message };
    } catch (fault) {
      // aliases that lead nowhere, or to far too much
      return { message: firstLine((fault as Error).message) };
    }
  });
}

/** Cerbos counts none. A policy that asks for more is no policy. */
const MOST_ALIASES = 10_000;

/** Members of which a map can have but one. Cerbos refuses two, unless one of them was merged. */
const EITHER: readonly ReadonlySet<string>[] = [
  new Set(["expr", "all", "any", "none", "script"]),
  new Set(
    ["resourcePolicy", "principalPolicy", "rolePolicy", "derivedRoles", "exportVariables", "exportConstants"].flatMap(
      spellingsOf,
    ),
  ),
];

function ambiguousMerge(document: Document): { readonly map: YAMLMap; readonly keys: readonly string[] } | undefined {
  let found: ReturnType<typeof ambiguousMerge>;
  visit(document, {
    Map(_, map) {
      if (!map.items.some(({ key }) => isScalar(key) && typeof key.value === "symbol")) return;
      const names = Object.keys(Object(map.toJS(document)));
      const spelled = names.map((name) => names.filter((it) => spellingsOf(name).includes(it)));
      const keys = [...spelled, ...EITHER.map((set) => names.filter((it) => set.has(it)))].find((it) => it.length > 1);
      if (keys === undefined) return;
      found = { map, keys };
      return visit.BREAK;
    },
  });
  return found;
}

function lineOf(path: readonly (string | number)[], document: Document, lineAt: (offset: number) => number): number {
  let line = lineAt(document.range?.[0] ?? 0);
  const found: (string | number)[] = [];
  for (const step of path) {
    const spellings = typeof step === "string" ? spellingsOf(step) : [step];
    const spelling = spellings.find((it) => document.hasIn([...found, it]));
    if (spelling === undefined) break;
    found.push(spelling);
    const node = document.getIn(found, true) as { range?: readonly number[] } | undefined;
    const start = node?.range?.[0];
    if (start !== undefined) line = lineAt(start);
  }
  return line;
}

function firstLine(message: string): string {
  return message.split("\n")[0] as string;
}
