import { describe, expect, it } from "vitest";
import { nearest } from "./nearest.ts";

describe("the nearest known word", () => {
  const known = ["json", "key", "heads", "help", "invocation"];
  it.each([
    ["jsno", "json"],
    ["jso", "json"],
    ["jsonn", "json"],
    ["keys", "key"],
    ["haeds", "heads"],
    ["hepl", "help"],
    ["inv", "invocation"],
    ["invokation", "invocation"],
  ])("of %s is %s", (word, found) => expect(nearest(word, known)).toBe(found));

  it.each(["verbose", "x", "", "eyJhbGciOiJFZERTQSJ9"])("of %s is none", (word) =>
    expect(nearest(word, known)).toBeUndefined(),
  );
});
