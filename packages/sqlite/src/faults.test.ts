import { expect, it } from "vitest";
import { faultAtStart, faultOf } from "./faults.ts";

it.each([
  ["SQLite, which does not say why", { errcode: 14 }],
  ["Node.js", { code: "EMFILE" }],
  ["Node.js of the whole machine", { code: "ENFILE" }],
])("says what to look at where no more files may be opened, by %s", (_, error) => {
  for (const { message } of [faultOf(error, "state.db"), faultAtStart(error, "state.db", "sqliteState")])
    expect(message).toMatch(/could not be opened.*as many files open as it may \(ulimit -n\)/);
});
