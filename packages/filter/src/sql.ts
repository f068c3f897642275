/** A value that goes to the database beside the text: drivers and query builders take each of these as it is. A list is a text. */
export type SqlValue = string | number | boolean;

/**
 * A piece of SQL. Its texts stand in the templates of this package and nowhere else: what comes from a policy, a row or a
 * program gets in as a parameter ({@link parameter}) or a quoted name (`quoted` in names.ts), and not otherwise.
 */
export interface Sql {
  readonly pieces: readonly (string | { readonly parameter: SqlValue } | Sql)[];
}

/** Writes a piece of SQL around others. */
export function sql(texts: TemplateStringsArray, ...parts: readonly Sql[]): Sql {
  return { pieces: texts.flatMap((text, i) => (parts[i] === undefined ? [text] : [text, parts[i]])) };
}

export function parameter(value: SqlValue): Sql {
  return { pieces: [{ parameter: value }] };
}

/** The text of an identifier that is quoted already. */
export function verbatim(quotedName: string): Sql {
  return { pieces: [quotedName] };
}

/**
 * Joins by an operator that may be bracketed at will, as a tree of low depth: SQLite refuses 1000 in a row, since it counts
 * each as one level.
 */
export function balanced(operator: Sql, parts: readonly Sql[]): Sql {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const middle = Math.ceil(parts.length / 2);
  return sql`(${balanced(operator, parts.slice(0, middle))} ${operator} ${balanced(operator, parts.slice(middle))})`;
}

/** SQL as a text with parameters, and as the parts that a template has. */
export interface Rendered {
  readonly text: string;
  /** The values of the parameters, in their order. */
  readonly values: readonly SqlValue[];
  /**
   * The texts around the parameters, for a query builder that numbers parameters itself: its own tag makes a part of a query
   * of them, as in `sql(strings, ...values)`.
   */
  readonly strings: TemplateStringsArray;
}

/**
 * Writes a piece of SQL down.
 *
 * @param placeholder for the value of this number, counted from 0
 */
export function render(piece: Sql, placeholder: (index: number) => string): Rendered {
  const strings = [""];
  const values: SqlValue[] = [];
  const write = ({ pieces }: Sql): void => {
    for (const it of pieces) {
      if (typeof it === "string") strings[values.length] += it;
      else if ("parameter" in it) strings[values.push(it.parameter)] = "";
      else write(it);
    }
  };
  write(piece);
  const text = strings.reduce((before, it, i) => before + placeholder(i - 1) + it);
  return { text, values, strings: asTemplate(strings) };
}

/** As the language itself gives one to a tag: builders tell it from other lists by `raw`. */
function asTemplate(strings: readonly string[]): TemplateStringsArray {
  const raw = Object.freeze([...strings]);
  return Object.freeze(
    Object.defineProperty([...strings], "raw", { value: raw }),
  ) as readonly string[] as TemplateStringsArray;
}
