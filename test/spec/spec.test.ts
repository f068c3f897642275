/** The specification holds together: its examples, its vectors and its counts are made from what it says. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { KINDS } from "../../packages/core/src/grant/constraint.ts";
import { DICTIONARY } from "../../packages/core/src/token/compact/compact-dictionary.ts";
import { makeVectors } from "../../spec/make-vectors.ts";
import { withExamples } from "../../spec/source/examples.ts";
import { print } from "../../spec/source/print.ts";
import type { AnyVector, VectorFile } from "../../spec/source/vector.ts";

const folder = new URL("../../spec/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const names = readdirSync(new URL("vectors/", folder)).sort();
const stored = names.map((name) => JSON.parse(read(`vectors/${name}`)) as VectorFile);
const vectors = stored.flatMap((file) => file.vectors);
const refusing = vectors.filter(({ expect: { result } }) => result === "refuse");
const rulesOf = (some: readonly AnyVector[]): ReadonlySet<string> => new Set(some.map(({ rule }) => rule));

/** Rules that need a memory, a clock of their own or another protocol: no vector can show them. */
const WITHOUT_VECTOR = ["V8.14", "V9.1", "V9.2", "V9.3", "V12.1", "V12.2", "V12.3", "R1.9", "A1.10"];

const rules = [
  ...["delegation-token.md", "constraints.md", "statements.md"]
    .map(read)
    .join("")
    .matchAll(/^\| ([A-Z]\d+(?:\.\d+)?) +\|/gm),
].map(([, rule]) => rule as string);
const rows = [...(read("constraints.md").split("## 4 ")[1] ?? "").matchAll(/^\| `([a-z_]+)`(°?) +\|/gm)];
const types = rows.map(([, type]) => type as string);

describe("the specification", () => {
  it.each(["delegation-token.md", "statements.md"])(
    "shows examples in %s that are made from fixed keys and times",
    (name) => {
      const text = read(name);
      expect(withExamples(text)).toBe(text);
    },
  );

  it("has the vectors that its script makes, to the byte of each token", () => {
    const made = makeVectors();
    expect(names).toEqual(made.map(({ group }) => `${group}.json`).sort());
    for (const file of made) {
      expect(
        stored.find(({ group }) => group === file.group),
        file.group,
      ).toEqual(file);
      // As they are stored, so that making them again changes nothing.
      expect(read(`vectors/${file.group}.json`) === print(file), file.group).toBe(true);
    }
  });

  it("has the dictionary that packages/core writes and reads with: one byte a character, none that must be read twice", () => {
    const words = JSON.parse(read("compact-dictionary.json")) as readonly string[];
    expect(words.join("")).toBe(DICTIONARY);
    expect(Buffer.from(DICTIONARY, "ascii").toString("ascii")).toBe(DICTIONARY);
    expect(new Set(words).size).toBe(words.length);
  });

  it("numbers each rule once", () => {
    expect(rules.length).toBeGreaterThan(80);
    expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
  });

  it("has each kind of constraint in constraints.md, section 4, with ° where the draft does not have it", () => {
    const kinds = Array.from(KINDS.values(), ({ type, core }) => type + (core === true ? "" : "°"));
    expect(rows.map(([, type = "", extension = ""]) => type + extension).sort()).toEqual(kinds.sort());
  });

  it("has each kind of constraint in the second reader: in TYPES of spec/verify-vectors.mjs", () => {
    const [, table = ""] = /^const TYPES = \{\n([\s\S]*?)^\};/m.exec(read("verify-vectors.mjs")) ?? [];
    expect(Array.from(table.matchAll(/^ {2}(\w+): \{/gm), ([, type]) => type).sort()).toEqual([...KINDS.keys()].sort());
  });

  it("says of each kind of constraint why its rule is sound, in constraints.md, section 7", () => {
    const [, proofs = ""] = /^## 7 .*\n([\s\S]*?)^## 8 /m.exec(read("constraints.md")) ?? [];
    expect([...KINDS.keys()].filter((type) => !proofs.includes(`\`${type}\``))).toEqual([]);
  });

  it("has a vector that breaks each rule, but for those that need a memory", () => {
    const broken = rulesOf(refusing);
    // G is shown by V11, N1 to N9 type by type; J7 by the limits.
    const shown = rules.filter((rule) => !/^(G|N[1-9]|J7)/.test(rule) && !WITHOUT_VECTOR.includes(rule));
    expect(shown.filter((rule) => !broken.has(rule) && !isSummary(rule))).toEqual([]);
  });

  it("has for each type of constraint a value that passes and one that does not, a child that may and one that may not", () => {
    const good = rulesOf(vectors.filter(({ expect: { result } }) => result === "accept"));
    const bad = rulesOf(refusing);
    for (const type of types) {
      expect(good, type).toContain(`check ${type}`);
      expect(bad, type).toContain(`check ${type}`);
      expect(good, type).toContain(`narrow ${type}`);
      expect(bad, type).toContain(`narrow ${type}`);
    }
  });

  it("names in its vectors only rules that it has", () => {
    const known = new Set([...rules, ...types.flatMap((type) => [`check ${type}`, `narrow ${type}`])]);
    expect([...rulesOf(vectors)].filter((rule) => !known.has(rule))).toEqual([]);
  });

  it("has ids that are unique, and keys for everybody who signs", () => {
    expect(new Set(vectors.map(({ id }) => id)).size).toBe(vectors.length);
    expect(vectors.filter(({ keys }) => Object.keys(keys).length === 0)).toEqual([]);
  });

  it.each([
    ["notes-on-the-draft.md", 40],
    ["../docs/other-languages.md", 12],
  ])("names in %s only vectors that there are", (page, least) => {
    const named = [...read(page).matchAll(/`([a-z]+\/[a-z0-9-]+)`/g)].map(([, id]) => id as string);
    const ids = new Set(vectors.map(({ id }) => id));
    expect(named.length).toBeGreaterThan(least);
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
  });

  it("says in its README what each member of a vector's input, of its configuration and of an anchor is", () => {
    const readme = read("README.md");
    const members = vectors.flatMap((vector) => {
      const { config, input } = vector;
      const { trust, agents } = config as { trust?: readonly object[]; agents?: Record<string, object> };
      return [config, input, ...(trust ?? []), ...Object.values(agents ?? {})].flatMap(Object.keys);
    });
    expect(
      [...new Set(members)].filter((name) => !readme.includes(`\`${name}\``) && !readme.includes(`.${name}\``)),
    ).toEqual([]);
  });

  it("counts its vectors right in its README", () => {
    const readme = read("README.md").replaceAll(/ +/g, " ");
    for (const { group, vectors: own } of stored) {
      const accepted = own.filter(({ expect: { result } }) => result === "accept").length;
      expect(readme).toContain(`| \`${group}.json\` | ${own.length} | ${accepted} | ${own.length - accepted} |`);
    }
    expect(readme).toContain(`| all | ${vectors.length} | ${vectors.length - refusing.length} | ${refusing.length} |`);
  });
});

/** Rules that only say where others apply: V4.6 stands for K1, K2 and F; V5.13 and V6.12 for K3 and K4; V6.11 for N. */
function isSummary(rule: string): boolean {
  return rule === "V4.6" && ["K1", "K2", "F5"].every((own) => rulesOf(refusing).has(own));
}
