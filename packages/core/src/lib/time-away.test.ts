import { describe, expect, it } from "vitest";
import { timeAway } from "./time-away.ts";

describe("how far away a time is that was refused", () => {
  it.each([
    [-31, "(31 seconds ago by the clock here; hopwise doctor --server URL compares it with a server's)"],
    [30.001, "(30.001 seconds ahead of the clock here; hopwise doctor --server URL compares it with a server's)"],
    [-1, "(1 second ago by the clock here; hopwise doctor --server URL compares it with a server's)"],
    [-300.4, "(300 seconds ago by the clock here)"],
    [1_700_000_000_000, "(1700000000000 seconds ahead of the clock here)"],
  ])("is said with its direction, and near by with how to compare the clock: %d", (seconds, words) => {
    expect(timeAway(seconds)).toBe(` ${words}`);
  });
});
