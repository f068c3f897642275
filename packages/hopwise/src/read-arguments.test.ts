import { describe, expect, it } from "vitest";
import type { Command } from "./command.ts";
import { readArguments } from "./read-arguments.ts";

const command: Command = {
  name: "audit verify",
  words: "FOLDER",
  count: [1, 1],
  summary: "",
  details: [],
  options: { key: { value: "FILE", many: true, help: "" }, heads: { value: "FILE", help: "" }, json: { help: "" } },
  run: async () => 0,
};
const read = (...args: string[]) => readArguments(command, args);

describe("what is typed behind a command", () => {
  it("is its words, its values and its switches, in any order", () => {
    const typed = read("--key", "a.json", "log", "--json", "--key=b.json");
    expect(typed.words).toEqual(["log"]);
    expect(typed.values("key")).toEqual(["a.json", "b.json"]);
    expect([typed.has("json"), typed.has("heads"), typed.value("heads")]).toEqual([true, false, undefined]);
    expect(read("--", "--json").words).toEqual(["--json"]);
    expect(read("log", "--heads", "-").value("heads")).toBe("-");
    expect(read("-h").has("help")).toBe(true);
  });

  it.each<[readonly string[], RegExp]>([
    [["log", "--jsn"], /--jsn is not known; did you mean --json\?/],
    [["log", "--verbose"], /--verbose is not known\n/],
    [["log", "-x"], /-x is not known\n/],
    [["log", "--key"], /--key needs a value: --key FILE/],
    [["log", "--key", "--json"], /--key needs a value: --key FILE/],
    [["log", "--json=yes"], /--json takes no value/],
    [["log", "--heads", "a", "--heads", "b"], /--heads is given more than once/],
    [[], /takes 1 word, and 0 were given/],
    [["log", "another"], /takes 1 word, and 2 were given/],
  ])("is refused where it is %j", (args, message) => {
    expect(() => read(...args)).toThrow(message);
    expect(() => read(...args)).toThrow(/hopwise audit verify --help says more/);
  });

  it.each([22, 43])("may be an id of %i characters that begins with a dash, as one of 64 does", (length) => {
    for (const id of [`-${"a".repeat(length - 1)}`, `--${"b".repeat(length - 2)}`]) {
      expect(read(id).words).toEqual([id]);
      expect(read("--heads", id, "log").value("heads")).toBe(id);
      expect(read("log", `--heads=${id}`).value("heads")).toBe(id);
    }
    expect(() => read("log", `--key=${"a".repeat(length)}`, "--heads")).toThrow(/--heads needs a value/);
  });

  it("is never quoted: a value may be a token, also one that begins with a dash", () => {
    const token = "-eyJhbGciOiJFZERTQSJ9.eyJ9.c2ln";
    expect(() => read("log", token)).toThrow(/^-e is not known/);
    expect(() => read("log", `-${token}`)).toThrow(/^an option is not known/);
    expect(() => read("log", token)).not.toThrow(/eyJ/);
    expect(() => read("log", "a-value")).not.toThrow(/a-value/);
  });

  it("needs no words to ask for help", () => expect(read("--help").has("help")).toBe(true));
});
