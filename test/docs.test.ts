/**
 * The programs of docs/ are run as they stand there. A page is a folder of files: each block of code that names a file
 * (```ts list.ts, ```yaml policies/payment.yaml) is written there, also one in a comment, which readers do not see. Then
 * every program is run, in the order of the page. A block ```text right after a program is what it must print. A block
 * below `<!-- executed by … -->` is another test's. A page that says so has the files of another one, too; those do not run again.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type Block, blocksOf, DOCS, unknownFiles, writePage } from "./support/pages.ts";

/** For one program, on a machine that does much else. */
const PATIENCE_MS = 60_000;

/** Runs all of a page's programs; gives what each printed beside what the page says. */
async function runPage(
  name: string,
  blocks: readonly Block[],
): Promise<readonly { program: string; printed: string; said?: string }[]> {
  // Inside of the workspace, so that its packages are found.
  const folder = await mkdtemp(join(import.meta.dirname, ".docs-"));
  try {
    await writePage(folder, name);
    const runs = [];
    for (const [i, { language, file }] of blocks.entries()) {
      if (language !== "ts" || file === undefined) continue;
      const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder, timeout: PATIENCE_MS });
      const next = blocks[i + 1];
      runs.push({ program: file, printed: stdout, ...(next?.language === "text" && { said: next.text }) });
    }
    return runs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const pages = (await readdir(DOCS)).filter((name) => name.endsWith(".md"));

// A page mostly waits for its programs, and they for their policy decision points.
describe.each(pages)("docs/%s", { concurrent: true }, async (name) => {
  const blocks = await blocksOf(name);
  const programs = blocks.filter(({ language }) => language === "ts");

  it("names a file for each of its programs: without one it could not be run", () => {
    expect(programs.filter(({ file }) => file === undefined)).toEqual([]);
  });

  it("shows each file that a program of it imports, or says what is in it", async () => {
    expect(await unknownFiles(name)).toEqual([]);
  });

  const timeout = PATIENCE_MS * (programs.length + 1);
  it("runs, and prints what it says it prints", { timeout }, async () => {
    for (const { program, printed, said } of await runPage(name, blocks)) {
      expect({ program, printed }).toEqual({ program, printed: said ?? printed });
    }
  });
});
