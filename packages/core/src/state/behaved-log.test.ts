import { expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { behavedLog } from "./behaved-log.ts";
import { memoryLog } from "./memory-log.ts";
import type { LogPage, RevocationLog } from "./revocation-log.ts";

const PAGE: LogPage = { epoch: "e", ageSeconds: 1, continues: false, entries: [], head: "h", complete: true };
const logWith = (part: object): RevocationLog => behavedLog({ ...memoryLog(Date.now), ...part });

it("is asked at once, where the log answers at once", () => {
  const log = logWith({});
  expect([typeof log.head(), log.append({ id: "i", text: "t" })]).toEqual(["string", undefined]);
  expect(log.read(undefined)).toMatchObject({ entries: [{ id: "i", text: "t" }], complete: true });
});

it.each([undefined, null, 5, {}])("takes no head that is none: %j", async (head) => {
  for (const answer of [() => head, async () => head]) {
    expect(await errorOf(async () => logWith({ head: answer }).head())).toMatchObject({
      code: "state_unavailable",
      message: "the store of revocations gave no text for the head of its log",
    });
  }
});

const WRONG = Object.keys(PAGE).flatMap((name) =>
  [undefined, Number.NaN, {}].map((wrong) => ({ ...PAGE, [name]: wrong })),
);
it.each<unknown>([...WRONG, undefined, null, { ...PAGE, entries: [null] }])(
  "takes no page that is none: %j",
  async (page) => {
    for (const answer of [() => page, async () => page]) {
      const read = async () => logWith({ read: answer }).read(undefined);
      expect(await errorOf(read)).toMatchObject({
        code: "state_unavailable",
        message: "the store of revocations gave no page of its log",
      });
    }
  },
);

it("says of an error that it is one, in no words of the driver", async () => {
  const fails = [() => Promise.reject(new Error("hunter2")), () => JSON.parse("hunter2")];
  for (const append of fails) {
    expect(await errorOf(async () => logWith({ append }).append({ id: "i", text: "t" }))).toMatchObject({
      code: "state_unavailable",
      message: expect.not.stringContaining("hunter2"),
    });
  }
});
