import { describe, expect, it } from "vitest";
import { readLook } from "./look.ts";

const OK = ["ok", "1.5-r@run:id:0:0:60", "1.5-r", "id", "run", "1.5", "7.0.15", "noeviction", "0", "0"];

describe("what a look was answered", () => {
  it("is read where it is what the script answers", () => {
    expect(readLook(OK, "hopwise")).toMatchObject({
      longestWindowSeconds: 60,
      evictionPolicy: "noeviction",
      nowSeconds: 1.5,
    });
    expect(readLook(["form"], "hopwise")).toMatch(/^keeps the state of another version/);
    expect(readLook(["window", "90"], "hopwise")).toMatch(/longestWindowSeconds of 90/);
    expect(readLook(["rights", "GET"], "hopwise")).toMatch(/the right to GET/);
  });

  it.each([["OK"], [null], [7], [{}], [[]], [["ok"]], [OK.slice(0, 8)], [[...OK, "more"]], [["window"]], [[1, 2]]])(
    "is no store's where it is %j, as of something between that is not Redis",
    (answer) => {
      expect(readLook(answer, "hopwise")).toMatch(/^does not answer as Redis does/);
    },
  );
});
