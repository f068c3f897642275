import {
  type ApprovalStore,
  checkClocks,
  type KeptAnswer,
  type KeptRequest,
  type NewRequest,
  readStep,
  STORE_LIMITS,
} from "@hopwise/core/state";
import { checkWhole, nameOf } from "./arguments.ts";
import { unavailable } from "./faults.ts";
import type { Moment, Store } from "./store.ts";

interface Row {
  readonly n: number;
  readonly id: string;
  readonly text: string;
}

/** Requests for approvals, in the file. They wait for the disk in any case: people answer them, and few come. */
export function sqliteApprovals(store: Store): ApprovalStore {
  return {
    get notBefore() {
      return store.since;
    },
    keep: async (...given) => {
      const [request] = readStep.keep(...given);
      checkWhole("keep", request, ["id", "call", "text"]);
      return store.write((at) => keep(at, request), "onDisk");
    },
    find: async (...given) => {
      const [id] = readStep.find(...given);
      checkWhole("find", { id }, ["id"]);
      return store.read((at) => {
        const row = living(at, id);
        return row && whole(at, row);
      });
    },
    latest: async (...given) => {
      const [call] = readStep.latest(...given);
      return store.read((at) => {
        const row = newestOf(at, call);
        return row && whole(at, row);
      });
    },
    answer: async (...given) => {
      const [answer] = readStep.answer(...given);
      checkWhole("answer", answer, ["id", "key", "text"]);
      return store.write((at) => keepAnswer(at, answer), "onDisk");
    },
    list: async (...given) => {
      const [most, after] = readStep.list(...given);
      return store.read((at) => {
        const from = after === undefined ? 0 : (living(at, after)?.n ?? 0);
        const wanted = "SELECT n, id, text FROM request WHERE ends > ? AND n > ? ORDER BY n LIMIT ?";
        const rows = at.sql(wanted).all(at.now, from, most);
        return (rows as unknown as readonly Row[]).map((row) => whole(at, row));
      });
    },
  };
}

function keep(at: Moment, { id, call, after, text, untilSeconds, nowSeconds }: NewRequest): string {
  const { sql, now } = at;
  checkClocks(now, nowSeconds);
  const there = newestOf(at, call)?.id;
  if (there !== undefined && there !== after) return there;
  const { kept } = sql("SELECT count(*) AS kept FROM request").get() as { kept: number };
  if (kept >= STORE_LIMITS.requests) throw unavailable(`more than ${STORE_LIMITS.requests} requests for approval wait`);
  if (sql("SELECT 1 FROM request WHERE id = ?").get(id) !== undefined) return id;
  const name = nameOf("call", call);
  sql("UPDATE request SET call = NULL WHERE call = ?").run(name);
  sql("INSERT INTO request (id, call, text, ends) VALUES (?, ?, ?, ?)").run(id, name, text, untilSeconds);
  return id;
}

function newestOf({ sql, now }: Moment, call: string): Row | undefined {
  const newest = "SELECT n, id, text FROM request WHERE call = ? AND ends > ?";
  return sql(newest).get(nameOf("call", call), now) as unknown as Row | undefined;
}

function keepAnswer(at: Moment, { id, key, text, nowSeconds }: KeptAnswer): "kept" | "known" | "gone" {
  const { sql, now } = at;
  checkClocks(now, nowSeconds);
  const request = living(at, id);
  if (request === undefined) return "gone";
  const name = nameOf("key", key);
  if (sql("SELECT 1 FROM answer WHERE request = ? AND key = ?").get(request.n, name) !== undefined) return "known";
  const { given } = sql("SELECT count(*) AS given FROM answer WHERE request = ?").get(request.n) as { given: number };
  if (given >= STORE_LIMITS.answers) throw unavailable(`more than ${STORE_LIMITS.answers} people answered one request`);
  sql("INSERT INTO answer (request, n, key, text) VALUES (?, ?, ?, ?)").run(request.n, given, name, text);
  return "kept";
}

function living({ sql, now }: Moment, id: string): Row | undefined {
  return sql("SELECT n, id, text FROM request WHERE id = ? AND ends > ?").get(id, now) as unknown as Row | undefined;
}

function whole({ sql }: Moment, { n, id, text }: Row): KeptRequest {
  const answers = sql("SELECT text FROM answer WHERE request = ? ORDER BY n").all(n) as unknown as readonly Row[];
  return { id, text, answers: answers.map((answer) => answer.text) };
}
