/** A package is known in every place that lists packages: without these it would not be built, tested or found. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packages, shipped, textOf as textOfSource } from "./sources.ts";

const root = join(packages, "..");
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const dataOf = <T>(path: string): T => JSON.parse(textOf(path)) as T;

interface Manifest {
  readonly name: string;
  readonly exports?: { readonly [door: string]: string };
  readonly dependencies?: { readonly [name: string]: string };
  readonly peerDependencies?: { readonly [name: string]: string };
  readonly peerDependenciesMeta?: { readonly [name: string]: { readonly optional?: boolean } };
  readonly devDependencies?: { readonly [name: string]: string };
}
interface Project {
  readonly references?: readonly { readonly path: string }[];
}

const all = readdirSync(packages).map((folder) => {
  const manifest = dataOf<Manifest>(`packages/${folder}/package.json`);
  const { name, exports = {}, dependencies: own = {}, peerDependencies: peers = {} } = manifest;
  const dependencies = Object.keys(own);
  const uses = [...dependencies, ...Object.keys(peers)];
  const doors = Object.entries(exports).map(([door, file]) => ({
    door: name + door.slice(1),
    file: join(folder, file),
  }));
  return { folder, name, dependencies, uses, peers, doors };
});
const folderOf = new Map(all.map(({ name, folder }) => [name, folder]));
const referencesOf = (path: string): readonly string[] =>
  (dataOf<Project>(path).references ?? []).map((reference) => reference.path);

/** Doors that have no rows, in either folder or in one, and why. */
const WITHOUT_ROWS: { readonly [door: string]: string } = {
  "@hopwise/core/options": "is what reads options and arguments",
  "@hopwise/core/state-contract": "has no function: it is a list of cases",
  "test/options @hopwise/core/filter": "takes no options",
};

/** Peers that are taken from an earlier version on than the one that the tests run with, and why. */
const TAKEN_EARLIER: { readonly [peer: string]: string } = {
  "@modelcontextprotocol/sdk": "fastmcp takes it from there on, and the tests pass with that one",
  "@opentelemetry/api": "there is one in a process, which is the application's; 1.9 has all that is called",
};

/** The doors whose functions have rows in a folder of tests: each of its files takes the whole door to walk over it. */
function walkedIn(folder: string): (door: { readonly door: string; readonly file: string }) => boolean {
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith(".ts"));
  const text = files.map((name) => textOf(`${folder}/${name}`)).join("\n");
  return ({ door, file }) =>
    [`"${door}"`, `"../../packages/${file}"`].some((from) =>
      new RegExp(`^import (?:type )?\\* as \\w+ from ${from}`, "m").test(text),
    );
}

describe("a package", () => {
  it("is built: tsconfig.json refers to it, and its own to the packages that it uses", () => {
    expect([...referencesOf("tsconfig.json")].sort()).toEqual(all.map(({ folder }) => `packages/${folder}`).sort());
    for (const { folder, uses } of all) {
      const used = uses.flatMap((name) => folderOf.get(name) ?? []).map((other) => `../${other}`);
      expect([...referencesOf(`packages/${folder}/tsconfig.json`)].sort(), folder).toEqual(used.sort());
    }
  });

  it("is there for tests, examples and the bench: package.json has it", () => {
    const { devDependencies = {} } = dataOf<Manifest>("package.json");
    const libraries = all.map(({ name }) => name).filter((name) => name !== "hopwise"); // the command line is run, not imported
    expect(libraries.filter((name) => devDependencies[name] === undefined)).toEqual([]);
  });

  it("is found: the README's table has it", () => {
    const readme = textOf("README.md");
    const unnamed = all.filter(({ name, folder }) => !readme.includes(`| [\`${name}\`](packages/${folder}) |`));
    expect(unnamed.map(({ name }) => name)).toEqual([]);
  });

  it("takes no peer that is older than what the tests run with: what an older one does with a denial, nobody looked at", () => {
    const [, catalog = ""] = textOf("pnpm-workspace.yaml").split("\ncatalog:\n");
    const tested = new Map(
      [...catalog.matchAll(/^ {2}"?([^":]+)"?: (\S+)$/gm)].map(([, name, version]) => [name, version]),
    );
    const peers = all.flatMap((one) => Object.entries(one.peers));
    expect(peers.length).toBeGreaterThan(4);
    const others = peers.filter(([peer, range]) => range !== `^${tested.get(peer)}`).map(([peer]) => peer);
    expect(others.sort()).toEqual(Object.keys(TAKEN_EARLIER));
  });

  it("brings what its own dependencies want beside them: Yarn's Plug'n'Play, and pnpm without hoisting, find nothing else", () => {
    const missing = all.flatMap(({ folder, name, dependencies, uses }) =>
      dependencies.flatMap((dependency) => {
        const { peerDependencies = {}, peerDependenciesMeta = {} } = dataOf<Manifest>(
          `packages/${folder}/node_modules/${dependency}/package.json`,
        );
        const wanted = Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true);
        return wanted.filter((peer) => !uses.includes(peer)).map((peer) => `${name}: ${dependency} wants ${peer}`);
      }),
    );
    expect(missing).toEqual([]);
  });

  it("loads where a compiler lowered it: of powers it makes Math.pow, which takes no bigint", () => {
    expect(shipped.filter((file) => /\dn \*\* /.test(textOfSource(file)))).toEqual([]);
  });

  it.each(["test/options", "test/arguments"])("has a row for each function of each of its doors in %s", (folder) => {
    const isWalked = walkedIn(folder);
    const doors = all.flatMap((one) => one.doors);
    expect(doors.length).toBeGreaterThan(20);
    const missing = doors.filter((one) => !isWalked(one)).map(({ door }) => door);
    expect(missing.filter((door) => !(door in WITHOUT_ROWS || `${folder} ${door}` in WITHOUT_ROWS))).toEqual([]);
  });
});
