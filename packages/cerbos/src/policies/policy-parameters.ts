import { readExpression } from "./attribute-paths.ts";
import { at, members, texts } from "./policy-fields.ts";
import type { SourceDocument } from "./policy-source.ts";

/** The variables and constants that the expressions of a policy use, each sorted by name. */
export interface PolicyParameters {
  readonly variables: readonly (readonly [name: string, expression: string])[];
  readonly constants: readonly (readonly [name: string, value: unknown])[];
}

/** What a policy defines, or imports. */
export interface Definitions {
  readonly variables: ReadonlyMap<string, unknown>;
  readonly constants: ReadonlyMap<string, unknown>;
}

/** The definitions of policies, which may come from other files. */
export function definitionsIn(documents: readonly SourceDocument[]): {
  /** @param further variables written outside of the policy, as was the custom once */
  of(policy: unknown, further?: unknown): Definitions;
} {
  const exportedAs = (door: string): ReadonlyMap<unknown, unknown> =>
    new Map(
      documents.map(({ content }) => at(content, door)).map((it) => [at(it, "name"), at(it, "definitions")] as const),
    );
  const exported = { variables: exportedAs("exportVariables"), constants: exportedAs("exportConstants") };
  const definedIn = (holder: unknown, of: keyof typeof exported): readonly (readonly [string, unknown])[] => {
    const imported = texts(at(at(holder, of), "import")).flatMap((name) => members(exported[of].get(name)));
    return [...imported, ...members(at(at(holder, of), "local"))];
  };
  return {
    of: (policy, further) => ({
      variables: new Map([...members(further), ...definedIn(policy, "variables")]),
      constants: new Map(definedIn(policy, "constants")),
    }),
  };
}

/** What these expressions use, and what the variables that they use use in turn. */
export function usedBy(expressions: readonly string[], { variables, constants }: Definitions): PolicyParameters {
  const used = { variables: new Map<string, string>(), constants: new Map<string, unknown>() };
  const add = (expression: string): void => {
    const reading = readExpression(expression);
    for (const name of reading.constants) if (constants.has(name)) used.constants.set(name, constants.get(name));
    for (const name of reading.variables) {
      if (used.variables.has(name) || !variables.has(name)) continue;
      const text = String(variables.get(name));
      used.variables.set(name, text);
      add(text);
    }
  };
  expressions.forEach(add);
  return { variables: byName(used.variables), constants: byName(used.constants) };
}

function byName<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
