/**
 * Packs every package as it would be published and looks at the tarballs: what is in them, and what publint and
 * Are the Types Wrong say. Run by `pnpm check:packages`, which puts both on the PATH.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const packages = join(import.meta.dirname, "../packages");

/** What of a packed package.json matters here. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports?: unknown;
  readonly imports?: unknown;
  readonly bin?: unknown;
}

/** Every file that `exports`, `imports` or `bin` leads to, under whichever condition. */
function targetsOf(node: unknown): readonly string[] {
  if (typeof node === "string") return [node];
  return typeof node === "object" && node !== null ? Object.values(node).flatMap(targetsOf) : [];
}

/** What is wrong with the list of files, in lines. */
function contentProblems(folder: string, manifest: Manifest, files: readonly string[]): readonly string[] {
  const has = new Set(files);
  const missing = ["README.md", "LICENSE", "package.json"].filter((name) => !has.has(name));
  const targets = targetsOf([manifest.exports, manifest.imports, manifest.bin]);
  const outside = targets.filter((target) => !target.startsWith("./dist/") || !has.has(target.slice(2)));
  // A test kit that a door leads to is there for users; any other folder of that name is for the package's own tests.
  const kits = targets.filter((target) => /\/testing\/index\./.test(target)).map((target) => dirname(target.slice(2)));
  const development = files.filter(
    (name) => /\.(test|fixture)\.|(^|\/)(testing|src|test)\//.test(name) && !kits.includes(dirname(name)),
  );
  // Sources are not in it, so maps would lead nowhere: bundlers warn of each, and half of what is installed would be maps. One says it.
  const maps = files.filter((name) => name.endsWith(".map")).slice(0, 1);
  // tsc does not remove what it once emitted from a source that is gone since.
  const stale = files.filter((name) => {
    const source = /^dist\/(.+?)(\.d)?\.(js|ts)$/.exec(name)?.[1];
    return source !== undefined && !existsSync(join(folder, "src", `${source}.ts`));
  });
  return [
    ...missing.map((name) => `has no ${name}`),
    ...outside.map((target) => `leads to ${target}, which is not a file of dist in it`),
    ...development.map((name) => `contains ${name}, which is for development only`),
    ...maps.map(
      (name) => `contains ${name}, whose sources are not in it; delete dist and *.tsbuildinfo of the package`,
    ),
    ...stale.map((name) => `contains ${name}, whose source is gone; delete dist and *.tsbuildinfo of the package`),
  ];
}

/** A tool's complaint, or nothing. */
async function complaint(command: string, args: readonly string[]): Promise<readonly string[]> {
  return run(command, args, { env: { ...process.env, NO_COLOR: "1" } }).then(
    () => [],
    (error) => [`does not pass ${command}:\n${error.stdout || error}`],
  );
}

async function check(name: string, destination: string): Promise<boolean> {
  const folder = join(packages, name);
  await run("pnpm", ["pack", "--pack-destination", destination], { cwd: folder });
  const tarball = join(destination, readdirSync(destination).find((file) => file.endsWith(".tgz")) ?? "none.tgz");
  const manifest: Manifest = JSON.parse((await run("tar", ["-xOzf", tarball, "package/package.json"])).stdout);
  const files = (await run("tar", ["-tzf", tarball])).stdout
    .split("\n")
    .filter((line) => line !== "" && !line.endsWith("/"))
    .map((line) => line.replace(/^package\//, ""));
  const problems = [
    ...contentProblems(folder, manifest, files),
    ...(await complaint("publint", ["--strict", tarball])),
    ...(await complaint("attw", ["--profile", "esm-only", tarball])),
  ];
  console.log(
    `${problems.length === 0 ? "ok" : "NOT OK"}  ${manifest.name} ${manifest.version}, ${files.length} files`,
  );
  for (const problem of problems) console.log(`        ${problem}`);
  return problems.length === 0;
}

const temporary = mkdtempSync(join(tmpdir(), "hopwise-pack-"));
try {
  // One after the other: packing a package builds those it stands on, and two builds of one folder get in each other's way.
  const results: boolean[] = [];
  for (const name of readdirSync(packages)) {
    results.push(await check(name, mkdtempSync(join(temporary, `${name}-`))));
  }
  if (results.includes(false)) process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
