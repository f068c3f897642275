/** The projects of vitest.config.ts: every test file is in one of them, and `unit` starts nothing that must be stopped. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createVitest } from "vitest/node";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The names of the projects that run a test file, by its path. */
const projectsOf = new Map<string, string[]>();

beforeAll(async () => {
  const vitest = await createVitest("test", { root, watch: false });
  afterAll(() => vitest.close());
  for (const { moduleId, project } of await vitest.globTestSpecifications()) {
    const file = relative(root, moduleId);
    projectsOf.set(file, [...(projectsOf.get(file) ?? []), project.name]);
  }
});

function testFilesUnder(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist") return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFilesUnder(path);
    return entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

const STARTS =
  /^(node:(child_process|cluster|worker_threads|https?|http2|net|tls)|@hopwise\/cerbos|fastmcp)$|\/start-pdp\.ts$/;
/** What belongs to tests alone. Code that is shipped may know sockets; a unit test gives it others. */
const OF_TESTS = /^test\/|\.(test|fixture)\.ts$|\/testing\//;

/** What a test file, and whatever of the tests it imports, takes in order to start something. */
function startersOf(file: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(join(root, file), "utf8");
  const found = Array.from(
    text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^"';]*?\bfrom\s+)?"([^"]+)"/gm),
    ([, it = ""]) => it,
  );
  return found.flatMap((specifier) => {
    if (STARTS.test(specifier)) return [`${file}: ${specifier}`];
    const target = join(dirname(file), specifier);
    return specifier.startsWith(".") && OF_TESTS.test(target) ? startersOf(target, seen) : [];
  });
}

describe("the projects of the tests", () => {
  it("run every test file, and none of them twice", () => {
    const files = ["packages", "test", "examples", "spec", "bench"].flatMap(testFilesUnder).sort();
    expect(files.length).toBeGreaterThan(100);
    expect([...projectsOf.keys()].sort()).toEqual(files);
    expect([...projectsOf].filter(([, names]) => names.length !== 1)).toEqual([]);
  });

  it("start no process, policy decision point or server in `unit`, which runs at every change", () => {
    const unit = [...projectsOf].filter(([, names]) => names.includes("unit")).map(([file]) => file);
    expect(unit.length).toBeGreaterThan(50);
    expect(unit.flatMap((file) => startersOf(file))).toEqual([]);
  });

  it("are seen to start something where they do, also by way of a file of the tests", () => {
    expect(existsSync(join(root, "test/lists.test.ts"))).toBe(true);
    expect(startersOf("test/lists.test.ts")).toContain("test/support/story-pdp.ts: @hopwise/cerbos");
  });
});
