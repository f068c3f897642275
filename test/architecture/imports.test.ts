import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { packageOf, packages, shipped, textOf } from "./sources.ts";

const EVERY_ROOM: readonly string[] = [
  ...[
    "audit",
    "crypto",
    "decision",
    "describe",
    "filter",
    "grant",
    "json",
    "lib",
    "options",
    "principal",
    "resource",
    "result",
    "source",
  ],
  ...["state", "telemetry", "token", "views", "way", "codes.ts", "errors.ts", "host-error.ts"],
].map((room) => `core/${room}`);

/**
 * Who may know whom; ARCHITECTURE.md says why. A key is a package, a folder or a file of one (`core/token` is
 * packages/core/src/token), and the longest key that fits a file holds for it. An entry is another place in the same
 * package, a package, or a module of Node; `type:` lets only types through, which leave nothing at run time; `node:`
 * stands for all modules of Node.
 */
const MAY_IMPORT: { readonly [place: string]: readonly string[] } = {
  "core/codes.ts": [],
  "core/lib": [],
  "core/errors.ts": ["core/codes.ts", "core/lib"],
  "core/host-error.ts": ["core/options", "core/errors.ts", "core/codes.ts"],
  "core/json": ["core/errors.ts", "core/lib", "type:core/codes.ts"],
  "core/options": ["core/json", "core/errors.ts", "core/lib", "zod", "type:core/codes.ts"],
  "core/crypto": ["#crypto"],
  "core/crypto/node.ts": ["node:crypto"],
  "core/crypto/web.ts": ["jose"],
  "core/grant": ["core/options", "core/json", "core/lib", "core/errors.ts", "type:core/codes.ts"],
  "core/token/keys": [
    "core/options",
    "core/grant",
    "core/json",
    "core/crypto",
    "core/lib",
    "core/errors.ts",
    "type:core/codes.ts",
    "jose",
  ],
  "core/token/claims": ["core/token/keys", "core/options", "core/grant", "core/json", "core/crypto", "core/errors.ts"],
  "core/token/trust": [
    "core/token/keys",
    "core/token/claims",
    "core/options",
    "core/grant",
    "type:core/json",
    "type:core/crypto",
    "core/lib",
    "core/errors.ts",
  ],
  "core/token/compact": ["type:core/token/keys", "core/crypto", "core/lib", "core/errors.ts"],
  "core/token/verify": [
    "core/token/keys",
    "core/token/claims",
    "core/token/trust",
    "core/token/compact",
    "core/grant",
    "core/json",
    "core/crypto",
    "core/lib",
    "core/errors.ts",
    "type:core/codes.ts",
    "lru-cache",
  ],
  "core/token/make": [
    "core/token/keys",
    "core/token/claims",
    "core/token/trust",
    "core/token/compact",
    "core/token/verify",
    "core/options",
    "core/grant",
    "core/json",
    "core/crypto",
    "core/lib",
    "core/errors.ts",
  ],
  "core/token/proof": [
    "core/token/keys",
    "type:core/token/claims",
    "core/token/make",
    "core/options",
    "core/json",
    "core/crypto",
    "core/errors.ts",
    "core/lib",
  ],
  "core/token/statements": [
    "core/token/keys",
    "core/token/claims",
    "core/token/trust",
    "core/token/verify",
    "core/token/make",
    "core/token/proof",
    "core/options",
    "core/json",
    "core/crypto",
    "core/errors.ts",
    "core/lib",
  ],
  "core/token": [
    "core/token/keys",
    "core/token/claims",
    "core/token/trust",
    "core/token/compact",
    "core/token/verify",
    "core/token/make",
    "core/token/proof",
    "core/token/statements",
  ],
  "core/source": ["core/options", "core/lib", "core/json", "core/errors.ts", "dataloader", "lru-cache"],
  "core/principal": [
    "core/options",
    "core/lib",
    "core/source",
    "core/token",
    "type:core/crypto",
    "type:core/json",
    "core/errors.ts",
    "type:core/codes.ts",
    "type:@cerbos/core",
  ],
  "core/resource": [
    "core/options",
    "core/lib",
    "core/source",
    "core/token",
    "core/json",
    "core/errors.ts",
    "type:@cerbos/core",
  ],
  "core/state": ["core/options", "core/token", "core/json", "core/lib", "core/errors.ts"],
  "core/result": ["core/options", "core/json", "core/lib", "core/errors.ts"],
  "core/filter": [
    "core/options",
    "core/grant",
    "core/crypto",
    "core/json",
    "core/lib",
    "type:core/codes.ts",
    "core/errors.ts",
    "type:core/result",
    "type:@cerbos/core",
  ],
  "core/decision": [
    "core/filter",
    "core/result",
    "type:core/principal",
    "core/resource",
    "core/source",
    "type:core/token",
    "type:core/json",
    "core/lib",
    "core/errors.ts",
    "type:core/codes.ts",
    // The client's interface alone: loading the package loads protocol buffers, half of all that the core would load.
    "type:@cerbos/core",
  ],
  "core/audit": [
    "core/options",
    "core/filter",
    "type:core/decision",
    "type:core/result",
    "core/grant",
    "core/crypto",
    "core/json",
    "core/lib",
    "core/errors.ts",
    "core/codes.ts",
    "type:core/source",
    "type:core/token",
  ],
  "core/views": [
    "core/json",
    "type:core/filter",
    "core/options",
    "core/audit",
    "core/grant",
    "core/state",
    "type:core/token",
    "type:core/decision",
    "type:core/result",
    "type:core/errors.ts",
    "core/codes.ts",
    "core/lib",
  ],
  "core/telemetry": ["type:core/audit", "type:core/decision", "type:core/codes.ts"],
  // A door of its own (`@hopwise/core/opentelemetry`): the other ones work where this optional peer is not installed.
  "core/opentelemetry": [
    "core/options",
    "core/telemetry",
    "type:core/audit",
    "type:core/decision",
    "core/errors.ts",
    "core/codes.ts",
    "core/lib",
    "@opentelemetry/api",
  ],
  // What stands over the stages, and puts them in order, knows them all.
  "core/way": [
    "core/audit",
    "core/codes.ts",
    "core/crypto",
    "core/decision",
    "core/errors.ts",
    "core/filter",
    "core/grant",
    "core/json",
    "core/lib",
    "core/options",
    "core/principal",
    "core/resource",
    "core/result",
    "core/source",
    "core/state",
    "core/telemetry",
    "core/token",
    "type:@cerbos/core",
  ],
  // A door of its own (`@hopwise/core/running`), for it needs an AsyncLocalStorage.
  "core/running": [
    "type:core/audit",
    "type:core/codes.ts",
    "type:core/decision",
    "core/errors.ts",
    "core/filter",
    "type:core/json",
    "core/lib",
    "core/options",
    "core/result",
    "core/way",
    "node:",
  ],
  "core/describe": [
    "core/way",
    "core/options",
    "core/json",
    "core/principal",
    "core/resource",
    "core/source",
    "core/token",
  ],
  // A door of its own (`@hopwise/core/testing`): no test framework, no file, no process.
  "core/testing": [
    "core/lib",
    "core/audit",
    "core/decision",
    "core/errors.ts",
    "core/grant",
    "core/json",
    "core/options",
    "core/principal",
    "core/resource",
    "core/state",
    "core/token",
    "core/way",
    "@cerbos/core",
  ],
  // A door of its own (`@hopwise/core/state-contract`): no test framework either, and of the core only what it holds drivers to.
  "core/state-contract": ["type:core/state", "core/errors.ts"],
  // The doors: what each of them opens is its own list of names.
  "core/index.ts": EVERY_ROOM,
  "core/doors": EVERY_ROOM,
  // Of the core only errors, how options are read, when an answer is late, and how listeners are told: see below.
  "cerbos/option-shapes.ts": ["@hopwise/core"],
  "cerbos/policies": ["@hopwise/core", "yaml", "node:"],
  "cerbos/plans": ["cerbos/policies"],
  "cerbos/ask": ["cerbos/option-shapes.ts", "@hopwise/core", "@cerbos/grpc", "cockatiel", "node:"],
  "cerbos/lint": ["cerbos/policies", "cerbos/plans", "cerbos/ask", "cerbos/option-shapes.ts", "@hopwise/core"],
  "cerbos/binary": ["cerbos/option-shapes.ts", "@hopwise/core", "node:"],
  "cerbos/compile": [
    "cerbos/policies",
    "cerbos/lint",
    "cerbos/binary",
    "cerbos/option-shapes.ts",
    "@hopwise/core",
    "node:",
  ],
  "cerbos/sharing": ["cerbos/ask", "type:@cerbos/grpc", "@hopwise/core", "node:"],
  "cerbos/connect": [
    "cerbos/ask",
    "cerbos/sharing",
    "cerbos/option-shapes.ts",
    "type:@cerbos/grpc",
    "@hopwise/core",
    "node:",
  ],
  "cerbos/serve": [
    "cerbos/policies",
    "cerbos/ask",
    "cerbos/binary",
    "cerbos/compile",
    "cerbos/sharing",
    "cerbos/option-shapes.ts",
    "@hopwise/core",
    "@cerbos/grpc",
    "node:",
  ],
  "cerbos/index.ts": ["policies", "ask", "lint", "binary", "compile", "sharing", "connect", "serve"].map(
    (room) => `cerbos/${room}`,
  ),
  mcp: ["@hopwise/core", "node:"],
  fastmcp: ["@hopwise/core", "@hopwise/mcp", "fastmcp", "node:"],
  // A door of its own (`@hopwise/fastmcp/testing`): the other one works where this optional peer is not installed.
  "fastmcp/testing": ["@hopwise/core", "@hopwise/mcp", "@modelcontextprotocol/sdk", "fastmcp", "node:"],
  "ai-sdk": ["@hopwise/core", "@hopwise/mcp", "ai"],
  // Nor does it load the AI SDK's models for tests.
  "ai-sdk/testing": ["@hopwise/core", "ai"],
  // The command line: thin over the packages that it runs.
  hopwise: ["@hopwise/core", "@hopwise/audit", "@hopwise/cerbos", "node:"],
  filter: ["@hopwise/core"],
  // Takes a client of `@redis/client`, and loads none.
  redis: ["@hopwise/core", "node:"],
  // The one package that writes files; the core knows none.
  audit: ["@hopwise/core", "node:"],
  // A driver of state, on files of its own.
  sqlite: ["@hopwise/core", "node:"],
  // A door of its own (`@hopwise/ai-sdk/mcp`): the other one works where this optional peer is not installed.
  "ai-sdk/mcp.ts": ["@hopwise/core", "@hopwise/mcp", "@ai-sdk/mcp"],
  "ai-sdk/http-transport.ts": ["@hopwise/core", "@hopwise/mcp", "@ai-sdk/mcp"],
};

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** The text between `import` or `export` and `from`. */
  readonly clause: string;
}

/** Statements begin a line (the formatter sees to it), so that examples in comments are none. */
const STATEMENT = /^(?:import|export)\s+(?:([^"';]*?)\s*\bfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*["'`]([^"'`]+)["'`]/g;

function importsOf(text: string): readonly Import[] {
  const fixed = [...text.matchAll(STATEMENT)].map(([, clause = "", specifier = ""]) => ({
    specifier,
    // `import { type A }` does not count: with verbatimModuleSyntax it still loads the module.
    typeOnly: /^type\b/.test(clause),
    clause,
  }));
  const dynamic = [...text.matchAll(DYNAMIC)].map(([, specifier = ""]) => ({ specifier, typeOnly: false, clause: "" }));
  return [...fixed, ...dynamic];
}

/** A package that has a rule of its own is one place. In any other, a folder that has one, or a file beside the folders. */
function placeOf(file: string): string {
  if (Object.hasOwn(MAY_IMPORT, packageOf(file))) return packageOf(file);
  return longestKey(file, (key) => key.split("/").length < 3 || !key.endsWith(".ts")) ?? file;
}

function longestKey(file: string, suits: (key: string) => boolean = () => true): string | undefined {
  const keys = Object.keys(MAY_IMPORT).filter((key) => (file === key || file.startsWith(`${key}/`)) && suits(key));
  return keys.sort((a, b) => b.length - a.length)[0];
}

/** The npm package of a specifier: `@ai-sdk/mcp` for `@ai-sdk/mcp/mcp-stdio`. Modules of Node stay as they are. */
function moduleOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function ruleFor(file: string): readonly string[] | undefined {
  const longest = longestKey(file);
  return longest === undefined ? undefined : MAY_IMPORT[longest];
}

/** What is wrong with one import of a file, in a line; undefined where nothing is. */
function violation(file: string, { specifier, typeOnly }: Import): string | undefined {
  const rule = ruleFor(file);
  if (rule === undefined) return `${file}: say in MAY_IMPORT what ${placeOf(file)} may import`;
  const relative = specifier.startsWith(".");
  const target = relative ? posix.join(posix.dirname(file), specifier) : moduleOf(specifier);
  if (relative && placeOf(target) === placeOf(file)) return undefined;
  const known = relative ? placeOf(target) : target;
  const allowed = rule.some(
    (entry) =>
      entry === known || (typeOnly && entry === `type:${known}`) || (entry === "node:" && known.startsWith(entry)),
  );
  if (!allowed) return `${file} may not import ${typeOnly ? "types of " : ""}${known} ("${specifier}")`;
  if (relative && known !== target && target !== `${known}/index.ts`) {
    return `${file} may enter ${known} only through its index.ts ("${specifier}")`;
  }
  return undefined;
}

const allImports = shipped.flatMap((file) => importsOf(textOf(file)).map((found) => ({ file, ...found })));

describe("the imports of the packages", () => {
  it("point one way: each folder and package knows only what the table lets it know, and enters it by the door", () => {
    const violations = allImports.map(({ file, ...found }) => violation(file, found));
    expect(violations.filter((it) => it !== undefined)).toEqual([]);
  });

  it("have a rule for every file, also for one that imports nothing", () => {
    expect(shipped.filter((file) => ruleFor(file) === undefined)).toEqual([]);
  });

  it("name only packages that a consumer gets: dependencies and peers, no tools of development", () => {
    const undeclared = allImports
      .filter(({ specifier }) => !/^(\.|#|node:)/.test(specifier))
      .filter(({ file, specifier }) => {
        const manifest = JSON.parse(readFileSync(join(packages, packageOf(file), "package.json"), "utf8"));
        return !Object.hasOwn({ ...manifest.dependencies, ...manifest.peerDependencies }, moduleOf(specifier));
      });
    expect(undeclared.map(({ file, specifier }) => `${file}: ${specifier}`)).toEqual([]);
  });

  it("take nothing of the core into the package that starts the PDP but errors, also those of Cerbos' clients, types, how options are read, when an answer is late or nobody waits for it any more, and how listeners are told", () => {
    const errors = new Set(
      ["core/errors.ts", "core/codes.ts"].flatMap((file) =>
        Array.from(textOf(file).matchAll(/^export (?:class|function|interface|type) (\w+)/gm), ([, name]) => name),
      ),
    );
    const taken = allImports
      .filter(({ file, specifier }) => packageOf(file) === "cerbos" && moduleOf(specifier) === "@hopwise/core")
      .filter(({ specifier, typeOnly }) => !typeOnly && specifier !== "@hopwise/core/options");
    expect(new Set(taken.map(({ specifier }) => specifier))).toEqual(
      new Set(["@hopwise/core", "@hopwise/core/adapter"]),
    );
    const names = taken.flatMap(({ clause }) => clause.replace(/\btype\b|[{}\s]/g, "").split(","));
    expect(new Set(names.filter((name) => name !== "" && !errors.has(name)))).toEqual(
      new Set(["clientErrorKind", "clientWords", "onceAborted", "quietly", "whenTimeIsUp"]),
    );
  });

  it("are seen in every form they can take, and refused where the table does not have them", () => {
    const found = importsOf(
      [
        'import "a";',
        'import { b, type B } from "b";',
        'import type { C } from "c";',
        'import {\n  d,\n  type D,\n} from "d";',
        'export * from "e";',
        'export type { F } from "f";',
        'const g = await import("g");',
        '/**\n * import { h } from "h";\n */',
        'export const i = "from";',
      ].join("\n"),
    );
    expect(found.map(({ specifier, typeOnly }) => (typeOnly ? `type:${specifier}` : specifier))).toEqual([
      "a",
      "b",
      "type:c",
      "d",
      "e",
      "type:f",
      "g",
    ]);
    const problem = (file: string, text: string) => importsOf(text).map((it) => violation(file, it))[0];
    expect(problem("core/grant/check.ts", 'import { a } from "../token/index.ts";')).toMatch(
      /may not import core\/token/,
    );
    expect(problem("core/token/keys/jws.ts", 'import { a } from "../../grant/check.ts";')).toMatch(
      /only through its index\.ts/,
    );
    expect(problem("core/token/keys/jws.ts", 'import { a } from "../make/index.ts";')).toMatch(
      /may not import core\/token\/make/,
    );
    expect(problem("core/state/clocks.ts", 'import { a } from "../token/keys/index.ts";')).toMatch(/may not import/);
    expect(problem("core/principal/hops.ts", 'import { sha256 } from "../crypto/index.ts";')).toMatch(/may not import/);
    expect(problem("core/crypto/web.ts", 'import { a } from "node:crypto";')).toMatch(/may not import node:crypto/);
    expect(problem("core/state/replay.ts", 'import { a } from "../way/index.ts";')).toMatch(/may not import/);
    expect(problem("core/new/door.ts", 'import { a } from "./b.ts";')).toMatch(/say in MAY_IMPORT/);
    expect(problem("mcp/carry.ts", 'import { guard } from "@hopwise/fastmcp";')).toMatch(/may not import/);
  });
});

describe("the types of constraints", () => {
  it("are named in their own files alone; beside them only where a type is chosen for a tool's argument", () => {
    const types = shipped
      .filter((file) => file.startsWith("core/grant/kinds/"))
      .flatMap((file) => Array.from(textOf(file).matchAll(/^ {2}type: "(\w+)",$/gm), ([, type]) => `"${type}"`));
    expect(types).toContain('"one_of"');
    const above = shipped.filter((file) => /^core\/grant\/[^/]+$/.test(file) && file !== "core/grant/typed.ts");
    expect(above).toContain("core/grant/narrow.ts");
    const code = (file: string) => textOf(file).replaceAll(/\/\*\*.*?\*\/|typeof \w+ [!=]== "object"/gs, "");
    expect(above.filter((file) => types.some((type) => code(file).includes(type)))).toEqual([]);
  });
});
