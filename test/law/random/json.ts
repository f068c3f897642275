/** Random JSON values, and edits of a JSON value: a member gone, another one, a neighbouring number, another type. */
import type { JsonValue } from "@hopwise/core/adapter";
import type { Source } from "./source.ts";
import { SCALARS, ulps } from "./values.ts";

type Tree = { [name: string]: JsonValue };

const NAMES = [
  "a",
  "amount",
  "to",
  "id",
  "constraint_type",
  "value",
  "constructor",
  "toString",
  "length",
  "__proto__",
  "",
];

export function randomJson(source: Source, depth = 3): JsonValue {
  const kind = source.below(depth > 0 ? 8 : 5);
  if (kind < 5) return source.pick(SCALARS);
  if (kind === 5) return Array.from({ length: source.below(4) }, () => randomJson(source, depth - 1));
  return Object.fromEntries(
    Array.from({ length: source.below(4) }, () => [source.pick(NAMES.slice(0, 9)), randomJson(source, depth - 1)]),
  );
}

/** Changes one place of a value, chosen at random; the value itself stays as it is. */
export function editJson(value: JsonValue, source: Source): JsonValue {
  if (typeof value === "object" && value !== null && !source.oneIn(6)) {
    const names = Object.keys(value);
    if (names.length > 0) {
      const name = source.pick(names);
      const inner = editJson((value as Tree)[name] as JsonValue, source);
      return Array.isArray(value) ? value.with(Number(name), inner) : replaced(value as Tree, name, inner);
    }
  }
  return editHere(value, source);
}

function editHere(value: JsonValue, source: Source): JsonValue {
  if (typeof value === "number") {
    return source.pick([
      value + 1,
      value - 1,
      -value,
      ulps(value, 1),
      ulps(value, -1),
      value * 2,
      0,
      String(value),
      2 ** 53,
    ]);
  }
  if (typeof value === "string" && !source.oneIn(4)) {
    return source.pick([
      `${value}a`,
      value.slice(1),
      value.slice(0, -1),
      value.toUpperCase(),
      "",
      `${value}\u0000`,
      `${value}/..`,
    ]);
  }
  if (Array.isArray(value) && value.length > 0 && !source.oneIn(4)) {
    const at = source.below(value.length);
    return source.pick([
      value.toSpliced(at, 1),
      [...value, value[at] as JsonValue],
      value.toReversed(),
      [...value, randomJson(source, 1)],
    ]);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !source.oneIn(4)) {
    const names = Object.keys(value);
    if (names.length === 0 || source.oneIn(2))
      return { ...value, [source.pick(NAMES.slice(0, 9))]: randomJson(source, 1) };
    const name = source.pick(names);
    const { [name]: own, ...rest } = value as Tree;
    return source.oneIn(2) ? rest : { ...rest, [`${name}x`]: own as JsonValue };
  }
  return source.oneIn(3) ? [value] : randomJson(source, 2);
}

/** One member replaced, with the order of the members kept. */
function replaced(object: Tree, name: string, value: JsonValue): JsonValue {
  return Object.fromEntries(Object.entries(object).map(([own, member]) => [own, own === name ? value : member]));
}
