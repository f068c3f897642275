import { createHash } from "node:crypto";
import { type LogEntry, type LogPage, type RevocationLog, readStep } from "@hopwise/core/state";
import { checkWhole } from "./arguments.ts";
import { NO_ENTRIES } from "./connect.ts";
import type { Meta } from "./schema.ts";
import type { Moment, Store } from "./store.ts";

const PAGE = 1000;

interface Row {
  readonly n: number;
  readonly id: string;
  readonly text: string;
  readonly ends: number | null;
  readonly hash: string;
}

/** The log of revocations, in the file. It waits for the disk in any case. */
export function sqliteLog(store: Store): RevocationLog {
  return {
    head: async () => store.read(({ meta }) => headOf(meta, meta)),
    read: async (...given) => {
      const [after] = readStep.read(...given);
      return store.read((at) => pageAfter(at, after));
    },
    append: async (...given) => {
      const [entry] = readStep.append(...given);
      checkWhole("append", entry, ["id", "text"]);
      return store.write((at) => append(at, entry), "onDisk");
    },
  };
}

/** A head names the epoch, too: two files with the same entries are two logs. */
function headOf({ epoch }: Meta, { n, hash }: Pick<Row, "n" | "hash">): string {
  return `${epoch}:${n}:${hash}`;
}

function append({ sql, meta }: Moment, { id, text, untilSeconds }: LogEntry): void {
  if (sql("SELECT 1 FROM entry WHERE id = ?").get(id) !== undefined) return;
  const ends = untilSeconds ?? null;
  const n = meta.n + 1;
  const hash = createHash("sha256")
    .update(JSON.stringify([meta.hash, id, text, ends]))
    .digest("base64url");
  sql("INSERT INTO entry (n, id, text, ends, hash) VALUES (?, ?, ?, ?, ?)").run(n, id, text, ends, hash);
  sql("UPDATE meta SET n = ?, hash = ?").run(n, hash);
}

function pageAfter(at: Moment, after: string | undefined): LogPage {
  const { sql, meta, now } = at;
  const stands = after === undefined ? undefined : placeOf(at, after);
  const found = sql("SELECT n, id, text, ends, hash FROM entry WHERE n > ? ORDER BY n LIMIT ?").all(
    stands ?? 0,
    PAGE + 1,
  );
  const rows = (found as unknown as readonly Row[]).slice(0, PAGE);
  const complete = found.length <= PAGE;
  return {
    epoch: meta.epoch,
    ageSeconds: Math.max(0, now - meta.epochSince),
    continues: after === undefined || stands !== undefined,
    entries: rows.map(({ id, text, ends }) => ({ id, text, ...(ends !== null && { untilSeconds: ends }) })),
    head: headOf(meta, complete ? meta : (rows.at(-1) as Row)),
    complete,
  };
}

/** The number of the entry after which this very head stood. */
function placeOf({ sql, meta }: Moment, head: string): number | undefined {
  if (head === headOf(meta, meta)) return meta.n;
  const n = Number(/^[^:]+:(\d+):/.exec(head)?.[1]);
  if (!Number.isSafeInteger(n)) return undefined;
  const row = n === 0 ? { n, hash: NO_ENTRIES } : sql("SELECT n, hash FROM entry WHERE n = ?").get(n);
  return row !== undefined && head === headOf(meta, row as unknown as Row) ? n : undefined;
}
