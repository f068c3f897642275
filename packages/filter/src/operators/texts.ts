import type { InEach } from "../names.ts";
import { type Sql, sql } from "../sql.ts";
import type { Place, RowView, Term } from "../term.ts";
import { FALSE, TRUE } from "../truth.ts";
import { unknown } from "./known.ts";
import { pairOf } from "./operands.ts";
import { type AnyOperator, operator } from "./operator.ts";

type Texts = readonly [text: Sql, part: Sql];

/*
 * No LIKE, which has wildcards, and in SQLite takes upper for lower case. SQLite's functions on texts end at a NUL, so that
 * bytes are compared there: one character of UTF-8 never begins within another. Of no bytes `substr` gives NULL.
 */
const bytes = (text: Sql): Sql => sql`CAST(${text} AS BLOB)`;

/** Whether a part of a text, where it is as long as another one, is that. */
const sameBytes = (text: Sql, part: Sql, piece: Sql): Sql =>
  sql`(CASE length(${bytes(text)}) >= length(${bytes(part)}) WHEN ${TRUE} THEN COALESCE(${piece}, x'') = ${bytes(part)} WHEN ${FALSE} THEN ${FALSE} END)`;

export const startsWith: AnyOperator = ofTexts({
  postgres: ([text, part]) => sql`starts_with(${text}, ${part})`,
  sqlite: ([text, part]) => sameBytes(text, part, sql`substr(${bytes(text)}, 1, length(${bytes(part)}))`),
  memory: (text, part) => text.startsWith(part),
});

export const endsWith: AnyOperator = ofTexts({
  postgres: ([text, part]) => sql`(right(${text}, char_length(${part})) = ${part})`,
  // By its place: `substr(…, -0)` would be all of it.
  sqlite: ([text, part]) =>
    sameBytes(text, part, sql`substr(${bytes(text)}, length(${bytes(text)}) - length(${bytes(part)}) + 1)`),
  memory: (text, part) => text.endsWith(part),
});

export const contains: AnyOperator = ofTexts({
  postgres: ([text, part]) => sql`(strpos(${text}, ${part}) > 0)`,
  sqlite: ([text, part]) => sql`(instr(${bytes(text)}, ${bytes(part)}) > 0)`,
  memory: (text, part) => text.includes(part),
});

interface OfTexts extends InEach<(texts: Texts) => Sql> {
  readonly memory: (text: string, part: string) => boolean;
}

/** On anything else than two texts CEL has no such function: an error, in every row. */
function ofTexts({ postgres, sqlite, memory }: OfTexts): AnyOperator {
  type Pair = readonly [Term, Term];
  const areTexts = (pair: Pair): boolean => pair.every(({ type }) => type === "text");
  const write =
    (by: (texts: Texts) => Sql) =>
    (pair: Pair, place: Place): Sql =>
      areTexts(pair) ? by([pair[0].sql(place), pair[1].sql(place)]) : unknown(place);
  return operator<Pair>({
    gives: "boolean",
    typing: pairOf,
    postgres: write(postgres),
    sqlite: write(sqlite),
    memory: ([text, part], view: RowView) => {
      const [whole, piece] = [text.memory(view), part.memory(view)];
      return typeof whole === "string" && typeof piece === "string" && areTexts([text, part])
        ? memory(whole, piece)
        : undefined;
    },
  });
}
