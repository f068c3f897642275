import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ownNamesOf, shipped, textOf } from "./sources.ts";

/** Folders of the core that the mutation run leaves out, and why. Every other one decides something. */
const NOT_MUTATED: { readonly [room: string]: string } = {
  audit: "writes down what was decided",
  crypto: "is held against published vectors",
  describe: "tells what others decide",
  doors: "are lists of names",
  json: "is held against published vectors, and fuzzed",
  lib: "knows nothing of chains",
  opentelemetry: "watches",
  state: "stores; its rules are few, and have a test each",
  "state-contract": "holds drivers to what they promise",
  telemetry: "watches",
  running: "runs what was decided",
  options: "reads what programmers pass in, and has a row for each in test/options",
  testing: "is for tests",
};

/** A choice between two dialects, as if there were no third. */
const TELLS_ONE = /\bdialect (?:===|!==) "(?:postgres|sqlite)"/;

/** The rooms of the core: each has one door that asks a question. */
function roomsOf(files: readonly string[]): readonly string[] {
  const found = files.map((file) => /^core\/([^/]+)\//.exec(file)?.[1]).filter((room) => room !== undefined);
  return [...new Set(found)].sort();
}

/** Which rooms neither stand in the mutation run nor are left out with a reason; and which are said to be both. */
function unmutated(rooms: readonly string[], config: string, leftOut: readonly string[]): readonly string[] {
  const mutated = /\{([a-z,]+)\}/.exec(config)?.[1]?.split(",") ?? [];
  return rooms.filter((room) => mutated.includes(room) === leftOut.includes(room));
}

const rooms = roomsOf(shipped);

describe("the rooms of the core", () => {
  it("are in the mutation run, or left out of it with a reason", () => {
    const config = readFileSync(new URL("../../stryker.config.mjs", import.meta.url), "utf8");
    expect(unmutated(rooms, config, Object.keys(NOT_MUTATED))).toEqual([]);
  });

  it("are missed where nobody says which: a new one is seen, and one that is in both lists", () => {
    expect(unmutated(["token", "new"], "src/{token}/**", [])).toEqual(["new"]);
    expect(unmutated(["token"], "src/{token}/**", ["token"])).toEqual(["token"]);
    expect(roomsOf(["core/new/a.ts", "core/index.ts", "mcp/guard/b.ts"])).toEqual(["new"]);
  });

  it("have each a door, whose first line asks the question that the room answers", () => {
    const withDoor = rooms.filter((room) => !["doors", "opentelemetry", "testing"].includes(room));
    for (const room of withDoor) {
      const [first = ""] = textOf(`core/${room}/index.ts`).split("\n\n");
      expect(first, `core/${room}/index.ts`).toMatch(/^\/\*\*[\s\S]*\?/);
    }
  });
});

describe("a name that several rooms use", () => {
  it("is of one room: a refusal is the same in all of them", () => {
    const named = [
      ...rooms.filter((room) => room !== "testing").map((room) => `core/${room}/index.ts`),
      "core/errors.ts",
    ]
      .filter((file) => shipped.includes(file))
      .flatMap((file) => ownNamesOf(textOf(file)));
    expect(named).toContain("Refusal");
    expect(named.filter((name, i) => named.indexOf(name) !== i)).toEqual([]);
  });
});

describe("the front door", () => {
  it("names what most programs type, some forty names; every other door is smaller or of one subject", () => {
    const names = textOf("core/index.ts")
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .match(/[\w]+(?=,|\s*\})/g);
    expect(names?.length).toBeGreaterThan(30);
    expect(names?.length).toBeLessThanOrEqual(45);
  });

  it("names nothing that another door names, too", () => {
    const doors = shipped.filter((file) => file === "core/index.ts" || file.startsWith("core/doors/"));
    const named = doors.flatMap((file) =>
      Array.from(
        textOf(file)
          .replace(/\/\*[\s\S]*?\*\//g, "")
          .matchAll(/(\w+)(?=,|\s*\})/g),
        ([, name]) => name,
      ),
    );
    expect(named.filter((name, i) => named.indexOf(name) !== i)).toEqual([]);
  });
});

describe("what is written for a database", () => {
  it("is a row for each dialect: no file tells one of them from all others, or a third would be written as the second", () => {
    const telling = shipped.filter((file) => file.startsWith("filter/") && TELLS_ONE.test(textOf(file)));
    expect(telling).toEqual([]);
    expect(
      ['dialect === "postgres" ? a : b', 'place.dialect !== "sqlite"'].map((text) => TELLS_ONE.test(text)),
    ).toEqual([true, true]);
  });
});
