/** What documents list is what the code has: a door, an option, a stage, a file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CODES, type ErrorCode, rowOf } from "../../packages/core/src/codes.ts";
import { KINDS } from "../../packages/core/src/grant/constraint.ts";
import { COMMANDS } from "../../packages/hopwise/src/commands/index.ts";
import { packages, shipped, textOf } from "./sources.ts";

const root = join(packages, "..");
const pageOf = (name: string): string => readFileSync(join(root, name), "utf8");
const architecture = pageOf("ARCHITECTURE.md");

/** The part of a page from a text on to the next empty line. */
function blockFrom(page: string, start: string): string {
  const at = page.indexOf(start);
  return at < 0 ? "" : (page.slice(at).split("\n\n")[0] as string);
}

/** The names in the first column of the first table at or below a text. */
function firstColumn(page: string, start: string): readonly string[] {
  const [table = ""] = /^\|(?:.*\n)(?:\|.*\n)+/m.exec(page.slice(page.indexOf(start))) ?? [];
  const cells = table
    .split("\n")
    .slice(2)
    .map((row) => row.split(" | ")[0] ?? "");
  return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = ""]) => name));
}

const textIn = (files: readonly string[]): string => files.map(textOf).join("\n");

/** The members of an interface, also those that it extends, in the text of several files. */
function membersOf(name: string, text: string): readonly string[] {
  const [, bases = "", body = ""] =
    new RegExp(`^export interface ${name}(?:\\s+extends ([^{]*?))? \\{(\n[\\s\\S]*?\n)?\\}`, "m").exec(text) ?? [];
  const own = Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm), ([, member = ""]) => member);
  const inherited = Array.from(bases.matchAll(/(?:Omit<\s*(\w+), ([^>]*)>|(\w+))/g), ([, part, without = "", whole]) =>
    membersOf(part ?? whole ?? "", text).filter((member) => !without.includes(`"${member}"`)),
  );
  return [...inherited.flat(), ...own];
}

const DOORS = (
  Object.keys((JSON.parse(pageOf("packages/core/package.json")) as { exports: object }).exports) as readonly string[]
).map((door) => door.slice(1));

describe("the doors of the core", () => {
  it("stand all in ARCHITECTURE.md", () => {
    const listed = blockFrom(architecture, "`way/` stands over the stages").matchAll(
      /`(?:@hopwise\/core)?(\/[a-z-]+)`/g,
    );
    expect(Array.from(listed, ([, door]) => door).sort()).toEqual(DOORS.filter((door) => door !== "").sort());
  });

  it("stand all in its README", () => {
    const listed = firstColumn(pageOf("packages/core/README.md"), "## Its doors");
    expect(listed.map((door) => door.replace("@hopwise/core", "")).sort()).toEqual([...DOORS].sort());
  });
});

describe("the options of a README", () => {
  it.each([
    ["core", "AuthorizerOptions", "## Options of `createAuthorizer`"],
    ["cerbos", "StartPdpOptions", "## Options of `startPdp`"],
    ["cerbos", "ConnectPdpOptions", "## PDPs that run elsewhere"],
    ["audit", "AuditLogOptions", "| option of `openAuditLog`"],
    ["fastmcp", "GuardServerOptions", "| option of `guard`"],
    ["ai-sdk", "AuthorizeToolsOptions", "| option of `authorizeTools`"],
    ["ai-sdk", "DelegatedMcpClientOptions", "| option of `createMcpClient`"],
    ["redis", "RedisStateOptions", "| option of `redisState`"],
    ["sqlite", "SqliteStateOptions", "| option of `sqliteState`"],
  ])("of %s are the members of %s", (name, type, start) => {
    const others = ["core/state/", "mcp/guard/shared-options.ts"];
    const text = textIn(shipped.filter((file) => [`${name}/`, ...others].some((place) => file.startsWith(place))));
    const listed = firstColumn(pageOf(`packages/${name}/README.md`), start);
    const members = new Set(membersOf(type, text));
    expect(members.size).toBeGreaterThan(2);
    expect([...listed].sort()).toEqual([...members].sort());
  });
});

describe("the kinds of constraints", () => {
  const builderOf = (type: string): string => type.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

  it("have each its builder at the door of grants, and in the README of the core", () => {
    const table = blockFrom(pageOf("packages/core/README.md").split("## What an argument may be")[1] ?? "", "| | |");
    const builders = Array.from(KINDS.keys(), builderOf);
    expect(builders.filter((name) => !table.includes(`\`${name}(`))).toEqual([]);
    const door: readonly string[] = textOf("core/doors/grant.ts").match(/\w+(?=,)/g) ?? [];
    expect(builders.filter((name) => !door.includes(name))).toEqual([]);
  });

  it("stand all in the table of docs/grants.md, which says what a child may have under them", () => {
    const narrowing = blockFrom(pageOf("docs/grants.md"), "| the parent has |");
    const [absent, ...builders] = Array.from(KINDS.keys(), builderOf).sort();
    expect(absent).toBe("absent"); // nothing stands under it but itself
    expect(builders.filter((name) => !new RegExp(`^\\|[^|]*\`${name}\\b`, "m").test(narrowing))).toEqual([]);
  });

  it("that no expression says of rows stand in docs/data.md", () => {
    const listed = blockFrom(pageOf("docs/data.md"), "expression says exactly:").matchAll(/`(\w+)`/g);
    const unsaid = textOf("core/filter/fold-grant.ts").matchAll(/^ {2}(\w+): cannot,/gm);
    expect(Array.from(listed, ([, kind]) => kind).sort()).toEqual(Array.from(unsaid, ([, kind]) => kind).sort());
  });
});

describe("what ARCHITECTURE.md has one read in an evening", () => {
  it("is there, and no more than 4,000 lines", () => {
    const named = firstColumn(architecture, "### In one evening");
    const files = named.map((path) => shipped.filter((file) => file.startsWith(`core/${path}`)));
    expect(named.filter((_, i) => files[i]?.length === 0)).toEqual([]);
    const lines = files.flat().map((file) => textOf(file).split("\n").length - 1);
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.reduce((sum, own) => sum + own)).toBeLessThan(4000);
  });
});

describe("the drawing of the way", () => {
  it("has the stages in the order of the law", () => {
    const stages = new Set((Object.keys(CODES) as ErrorCode[]).map((code) => rowOf(code).stage as string));
    const lines = blockFrom(architecture, " a call ─▶").split("\n");
    const words =
      lines
        .filter((line) => line.includes("─▶"))
        .join(" ")
        .match(/\w+/g) ?? [];
    const drawn = words.filter((word) => stages.has(word));
    const law = textOf("core/way/decide-call.ts").replace("takeDue({", () => textOf("core/way/take-due.ts"));
    expect(drawn).toEqual([
      ...Array.from(law.matchAll(/log\.stage\("(\w+)"/g), ([, stage]) => stage),
      "audit",
      "result",
    ]);
  });
});

describe("the commands of hopwise", () => {
  it("stand all in its README, and their first words in that of the project", () => {
    const listed = firstColumn(pageOf("packages/hopwise/README.md"), "| command | what |").join("\n");
    const [row] = pageOf("README.md").match(/^\| \[`hopwise`\].*$/m) ?? [""];
    const names = COMMANDS.map(({ name }) => name);
    expect(names.filter((name) => !new RegExp(`^hopwise ${name}\\b`, "m").test(listed))).toEqual([]);
    expect(names.filter((name) => !row.includes(`\`${name.split(" ")[0]}`))).toEqual([]);
  });

  it("open each store that is held to its contract: the package of each is loaded by open-state.ts", () => {
    const held = readdirSync(packages).filter((name) =>
      [`packages/${name}/src`, `test/${name}`].some((folder) => existsSync(join(root, folder, "contract.test.ts"))),
    );
    expect(held.length).toBeGreaterThan(1);
    const opened = textOf("hopwise/open-state.ts");
    expect(held.filter((name) => !opened.includes(`"@hopwise/${name}"`))).toEqual([]);
  });
});

describe("the commands that a page names", () => {
  const { scripts } = JSON.parse(pageOf("package.json")) as { readonly scripts: { readonly [name: string]: string } };
  const known = new Set([...Object.keys(scripts), "install", "vitest"]);

  it.each(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "bench/README.md", "spec/README.md"])(
    "are there: %s",
    (page) => {
      const named = Array.from(pageOf(page).matchAll(/pnpm(?:@[\d.]+)? ([a-z][\w:]*)/g), ([, name = ""]) => name);
      expect(named.filter((name) => !known.has(name))).toEqual([]);
    },
  );
});

describe("the files that ARCHITECTURE.md and CONTRIBUTING.md name", () => {
  const sources = [
    ...readdirSync(packages).map((name) => join(packages, name, "src")),
    join(packages, "core/src/token"),
  ];
  const known = new Set(shipped.map((file) => file.slice(file.lastIndexOf("/") + 1)));

  it.each(["ARCHITECTURE.md", "CONTRIBUTING.md"])("are there: %s", (page) => {
    const named = Array.from(
      pageOf(page).matchAll(/`([\w.-]+(?:\/[\w.-]+)*(?:\/|\.ts|\.mjs))`/g),
      ([, path = ""]) => path,
    );
    expect(named.length).toBeGreaterThan(3);
    // What is made by the tests is not there before them.
    const isThere = (path: string): boolean =>
      known.has(path) ||
      path.startsWith("node_modules/") ||
      [root, ...sources].some((folder) => existsSync(join(folder, path)));
    expect(named.filter((path) => !isThere(path))).toEqual([]);
  });
});

describe("the programs of the pages", () => {
  const pages = [
    "README.md",
    ...readdirSync(join(root, "docs"), { encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
    ...readdirSync(packages).map((name) => `packages/${name}/README.md`),
  ];

  it.each(pages)("have no line that must be scrolled: %s", (page) => {
    const programs = Array.from(pageOf(page).matchAll(/^```ts.*\n([\s\S]*?)^```$/gm), ([, text = ""]) => text);
    const lines = programs.flatMap((text) => text.split("\n"));
    expect(lines.filter((line) => line.length > 130)).toEqual([]);
  });
});

describe("the links between pages", () => {
  const folders = [
    ".",
    "bench",
    "docs",
    "policies",
    "spec",
    "test",
    ...readdirSync(packages).map((name) => `packages/${name}`),
  ];
  const pages = folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  );
  /** As GitHub names headings. */
  const anchorsOf = (page: string): readonly string[] =>
    Array.from(pageOf(page).matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );

  it.each(pages)("lead somewhere: %s", (page) => {
    const links = Array.from(pageOf(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g));
    const broken = links.filter(([, path = "", anchor]) => {
      const target = path === "" ? page : join(page, "..", path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it("lead from docs/README.md to each page of docs/, once", () => {
    const named = Array.from(
      pageOf("docs/README.md").matchAll(/^\| \[.+?\]\(([\w-]+\.md)\)/gm),
      ([, name = ""]) => name,
    );
    const there = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md") && name !== "README.md");
    expect(named.sort()).toEqual(there.sort());
  });
});
