/**
 * `pnpm test:count [--json FILE] [--before FILE] [arguments of vitest]`: runs the tests and counts them, what they expect,
 * and what runs inside of them. `--json` keeps the counts; `--before` reads such a file and names the tests that are gone.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { byArea, type CountedFile, inAll } from "./counts.ts";
import { lostTitles, printCounts } from "./table.ts";

const { own, vitest } = ownArguments(process.argv.slice(2));
const before = own.before === undefined ? undefined : read(own.before);
const folder = mkdtempSync(join(tmpdir(), "hopwise-count-"));
try {
  const counts = join(folder, "counts.json");
  const config = fileURLToPath(new URL("vitest.config.ts", import.meta.url));
  const { status } = spawnSync("vitest", ["run", "--config", config, ...vitest], {
    stdio: "inherit",
    // The same inputs in each run, so that two counts can be compared.
    env: { HOPWISE_SEED: "1", ...process.env, HOPWISE_COUNTS: counts },
  });
  process.exitCode = status ?? 1;
  const files = JSON.parse(readFileSync(counts, "utf8")) as readonly CountedFile[];
  console.log(printCounts(files));
  if (own.json !== undefined) {
    const areas = Object.fromEntries(byArea(files));
    writeFileSync(own.json, `${JSON.stringify({ all: inAll(files), areas, files }, null, 2)}\n`);
  }
  if (before !== undefined) {
    const lost = lostTitles(before, files);
    console.log(`\nbefore\n${printCounts(before)}\n\ntests that are gone, or have another title: ${lost.length}`);
    for (const title of lost) console.log(`  ${title}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function read(path: string): readonly CountedFile[] {
  return (JSON.parse(readFileSync(path, "utf8")) as { files: readonly CountedFile[] }).files;
}

/** Takes out the two options that are not vitest's. */
function ownArguments(args: readonly string[]): {
  own: { json?: string | undefined; before?: string | undefined };
  vitest: readonly string[];
} {
  const options = { json: { type: "string" }, before: { type: "string" } } as const;
  const { values, tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const taken = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== "option" || !Object.hasOwn(options, token.name)) continue;
    taken.add(token.index);
    if (token.inlineValue === false) taken.add(token.index + 1);
  }
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  return {
    own: { json: text(values["json"]), before: text(values["before"]) },
    vitest: args.filter((_, index) => !taken.has(index)),
  };
}
