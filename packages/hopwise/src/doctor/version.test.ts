import { describe, expect, it } from "vitest";
import { atLeast, inCaret } from "./version.ts";

describe("versions", () => {
  it.each([
    ["20.0.0", "20.0.0", true],
    ["v24.21.0", "22.18.0", true],
    ["22.9.0", "22.18.0", false],
    ["18.20.4", "20.0.0", false],
  ])("%s is at least %s: %s", (version, least, is) => expect(atLeast(version, least)).toBe(is));

  it.each([
    ["4.20.16", "^4.20.16", true],
    ["4.21.0", "^4.20.16", true],
    ["4.20.15", "^4.20.16", false],
    ["5.0.0", "^4.20.16", false],
    ["0.1.9", "^0.1.2", true],
    ["0.2.0", "^0.1.2", false],
    ["0.0.4", "^0.0.3", false],
    ["1.0.0", ">=1", undefined],
  ])("%s in %s: %s", (version, range, is) => expect(inCaret(version, range)).toBe(is));
});
