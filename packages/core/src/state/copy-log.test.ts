/** A copy of a log: what it reads, what it keeps while the log is cut short, and what it gives back. */
import { beforeEach, describe, expect, it } from "vitest";
import type { TokenHash } from "../token/index.ts";
import { NOW } from "../world.fixture.ts";
import { copyLog, keptOf, type LogCopy } from "./copy-log.ts";
import type { RevocationQuery } from "./revocation.ts";
import type { LogEntry, LogPage, RevocationLog } from "./revocation-log.ts";

const clock = (): number => NOW * 1000;
const revokes = (agent: string, untilSeconds?: number): LogEntry =>
  keptOf({
    id: `revokes ${agent}`,
    atSeconds: NOW,
    target: { agent },
    by: { operator: "ops" },
    ...(untilSeconds !== undefined && { untilSeconds }),
  });
const page = (head: string, entries: readonly LogEntry[], more: Partial<LogPage> = {}): LogPage => ({
  epoch: "e",
  ageSeconds: 60,
  continues: true,
  entries,
  head,
  complete: true,
  ...more,
});

/** What the log answers, one after another. */
let answers: (LogPage | Promise<LogPage>)[];
let asked: (string | undefined)[];
let appended: LogEntry[];
/** Of each page that made the copy whole, its head. */
let whole: string[];
let log: RevocationLog;
let copy: LogCopy;
beforeEach(() => {
  [answers, asked, appended, whole] = [[], [], [], []];
  log = {
    head: () => "",
    read: (after) => {
      asked.push(after);
      return answers.shift() as LogPage;
    },
    append: (entry) => void appended.push(entry),
  };
  copy = copyLog(log, clock, ({ head }) => whole.push(head));
});

/** The log answers at once, and so does its copy. */
const catchUp = (): void => expect(copy.catchUp()).toBeUndefined();
const has = (agent: string): boolean => {
  const query: RevocationQuery = {
    tokens: ["t".repeat(43) as TokenHash],
    keys: [],
    agents: [agent],
    user: { issuer: "https://id.example", subject: "ann" },
    issuedAt: NOW,
  };
  return copy.index.find(query, NOW) !== undefined;
};

describe("a copy of a log", () => {
  it("begins at the beginning, and goes on where it stands, at once where the log answers at once", () => {
    expect(copy.head).toBeUndefined();
    answers = [page("1", [revokes("a")]), page("2", [revokes("b")])];
    catchUp();
    expect([copy.head, has("a"), has("b")]).toEqual(["1", true, false]);
    catchUp();
    expect([copy.head, has("a"), has("b")]).toEqual(["2", true, true]);
    expect([asked, whole, appended]).toEqual([[undefined, "1"], ["1", "2"], []]);
  });

  it("reads page after page, and is whole with the last one", () => {
    answers = [
      page("1", [revokes("a")], { complete: false }),
      page("2", [revokes("b")], { complete: false }),
      page("3", [revokes("c")]),
    ];
    catchUp();
    expect([asked, whole, copy.head]).toEqual([[undefined, "1", "2"], ["3"], "3"]);
    expect([has("a"), has("b"), has("c")]).toEqual([true, true, true]);
  });

  it("is read by those together who ask while it is being read, and anew: what they know of may have been written since", async () => {
    let answer = (_: LogPage): void => {};
    answers = [
      new Promise<LogPage>((resolve) => {
        answer = resolve;
      }),
      Promise.resolve(page("2", [revokes("b")])),
      page("3", []),
    ];
    const together = [copy.catchUp(), copy.catchUp(), copy.catchUp()];
    answer(page("1", [revokes("a")]));
    await Promise.all(together);
    expect([asked, copy.head, has("a"), has("b")]).toEqual([[undefined, "1"], "2", true, true]);
    await copy.catchUp();
    expect([asked, copy.head]).toEqual([[undefined, "1", "2"], "3"]);
  });

  it("stands where it stood, where the log failed, and reads on from there the next time", async () => {
    answers = [page("1", [revokes("a")]), Promise.reject(new Error("down")), page("2", [revokes("b")])];
    catchUp();
    await expect(copy.catchUp()).rejects.toThrow("down");
    expect([copy.head, has("a")]).toEqual(["1", true]);
    await copy.catchUp();
    expect([copy.head, has("a"), has("b"), asked]).toEqual(["2", true, true, [undefined, "1", "1"]]);
  });
});

describe("a log that does not go on where its copy stands", () => {
  beforeEach(() => {
    answers = [page("1", [revokes("a"), revokes("b", NOW + 60), revokes("ended", NOW), revokes("c")])];
    catchUp();
  });

  it("is read from its beginning, and gets back what it lost and still lives, in its order", () => {
    answers = [page("x", [revokes("d")], { continues: false, complete: false }), page("y", [revokes("c")])];
    catchUp();
    expect([has("a"), has("b"), has("c"), has("d"), copy.head]).toEqual([true, true, true, true, "y"]);
    expect(appended.map(({ id, untilSeconds }) => [id, untilSeconds])).toEqual([
      ["revokes a", undefined],
      ["revokes b", NOW + 60],
    ]);
  });

  it("gets back however many it lost, where it takes each at once", () => {
    const many = Array.from({ length: 6000 }, (_, i) => revokes(`agent-${i}`));
    answers = [page("2", many), page("x", [], { continues: false })];
    catchUp();
    catchUp();
    expect([appended.length, copy.head]).toEqual([6003, "x"]);
  });

  it("takes nothing out of force while it is read", async () => {
    answers = [page("x", [revokes("d")], { continues: false, complete: false }), Promise.reject(new Error("down"))];
    await expect(copy.catchUp()).rejects.toThrow("down");
    expect([has("a"), has("d"), copy.head, appended]).toEqual([true, false, "1", []]);
  });

  it("gets one back after another, and who asked waits for that", async () => {
    const steps: string[] = [];
    log.append = async ({ id }) => {
      steps.push(`${id}: begins`);
      await Promise.resolve();
      steps.push(`${id}: kept`);
    };
    answers = [page("x", [], { continues: false })];
    await copy.catchUp();
    expect(steps).toEqual(["a", "b", "c"].flatMap((agent) => [`revokes ${agent}: begins`, `revokes ${agent}: kept`]));
    expect([has("a"), has("b"), has("c")]).toEqual([true, true, true]);
  });
});

it("an entry is kept with its end, where it has one", () => {
  expect(revokes("a")).not.toHaveProperty("untilSeconds");
  expect(revokes("a", NOW + 60)).toMatchObject({ id: "revokes a", untilSeconds: NOW + 60 });
  expect(JSON.parse(revokes("a").text)).toEqual({
    version: 1,
    atSeconds: NOW,
    target: { agent: "a" },
    by: { operator: "ops" },
  });
});

describe("a log that says that there is more, and does not go on", () => {
  it.each<[string, LogPage[]]>([
    ["without entries", [page("h1", [], { complete: false })]],
    [
      "with the page before",
      [page("h1", [revokes("a")], { complete: false }), page("h1", [revokes("a")], { complete: false })],
    ],
  ])("is left: %s", async (_, given) => {
    answers = [...given];
    const wanted = { code: "state_unavailable", message: expect.stringMatching(/does not go on/) };
    await expect(async () => copy.catchUp()).rejects.toMatchObject(wanted);
    expect([asked.length, whole]).toEqual([given.length, []]);
  });
});
