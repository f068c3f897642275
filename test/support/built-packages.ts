/**
 * The packages, each with its doors in a few files instead of hundreds, for the programs that tests start: loading
 * `@hopwise/core` from its source takes 0.4 seconds of a processor, loading this 0.1. Vitest's `globalSetup` builds it from
 * the source of the moment, in less time than one such program took.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "node_modules/.cache/hopwise-built");
const DIRECTIONS = join(FOLDER, "directions.mjs");

/** What a program is started with, so that it takes what was built where it would load a door's source. */
export const TAKE_BUILT: string = `--import=${pathToFileURL(DIRECTIONS).href}`;

interface Bundler {
  build(
    options: object,
  ): Promise<{ output: readonly { fileName: string; code?: string; facadeModuleId?: string | null }[] }>;
}

/** The bundler by which Vitest itself reads the tests, by way of Vite. */
async function bundler(): Promise<Bundler> {
  const from = (file: string, name: string): string => createRequire(file).resolve(name);
  const vite = from(from(import.meta.filename, "vitest/package.json"), "vite");
  return import(pathToFileURL(from(vite, "rolldown")).href);
}

interface Manifest {
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** The files by which programs enter the packages: their doors, and the command line. */
export function doors(): readonly string[] {
  const folders = readdirSync(join(ROOT, "packages")).map((name) => join(ROOT, "packages", name));
  return folders.flatMap((folder) => {
    const { exports = {}, bin = {} } = manifestOf(folder);
    return [...Object.values(exports), ...Object.values(bin)].map((file) => resolve(folder, file));
  });
}

/** Which classes of these a value is of is asked, or they hold something for the whole process: there is one copy of each. */
const ONE_COPY = ["@ai-sdk/mcp", "@modelcontextprotocol/sdk", "@opentelemetry/api", "ai", "fastmcp"];
const isLeft = (specifier: string): boolean =>
  ONE_COPY.some((name) => specifier === name || specifier.startsWith(`${name}/`));

/** Sources find files beside themselves. */
const whereItWas = {
  name: "where-it-was",
  transform: (code: string, id: string) => code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href)),
};

function writeWhereDifferent(name: string, text: string): void {
  const file = join(FOLDER, name);
  try {
    if (readFileSync(file, "utf8") === text) return;
  } catch {
    // not there yet
  }
  writeFileSync(file, text);
}

export default async function buildPackages(): Promise<void> {
  const { build } = await bundler();
  const { output } = await build({
    input: Object.fromEntries(
      doors().map((file) => [file.slice(ROOT.length).replaceAll("/", "-").replace(/\.ts$/, ""), file]),
    ),
    platform: "node",
    external: isLeft,
    plugins: [whereItWas],
    write: false,
    output: { format: "esm", chunkFileNames: "[name].js", entryFileNames: "[name].js" },
  });
  mkdirSync(FOLDER, { recursive: true });
  const urls: Record<string, string> = {};
  for (const { fileName, code, facadeModuleId } of output) {
    if (code === undefined) continue;
    writeWhereDifferent(fileName, code);
    if (facadeModuleId) urls[pathToFileURL(facadeModuleId).href] = pathToFileURL(join(FOLDER, fileName)).href;
  }
  writeWhereDifferent(
    "directions.mjs",
    `import { registerHooks } from "node:module";
const BUILT = ${JSON.stringify(urls, null, 2)};
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const url = BUILT[found.url];
    return url === undefined ? found : { ...found, url, format: "module" };
  },
});
`,
  );
}
