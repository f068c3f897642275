/**
 * The programs of docs/ are run as they stand there. A page is a folder of files: each block of code that names a file
 * (```ts list.ts, ```yaml policies/payment.yaml) is written there, also one in a comment, which readers do not see. Then
 * every program is run, in the order of the page. A block ```text right after a program is what it must print. A block
 * below `<!-- executed by … -->` is another test's.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const docs = fileURLToPath(new URL("../docs", import.meta.url));

interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

const OTHERS = /^<!-- executed by .*-->\n```[\s\S]*?^```$/gm;

function blocksOf(page: string): readonly Block[] {
  return [...page.replace(OTHERS, "").matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", file, text = ""]) => ({
      language,
      file,
      text,
    }),
  );
}

/** Runs all of a page's programs; gives what each printed beside what the page says. */
async function runPage(
  blocks: readonly Block[],
): Promise<readonly { program: string; printed: string; said?: string }[]> {
  // Inside of the workspace, so that its packages are found.
  const folder = await mkdtemp(join(import.meta.dirname, ".docs-"));
  try {
    for (const { file, text } of blocks) {
      if (file === undefined) continue;
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    const runs = [];
    for (const [i, { language, file }] of blocks.entries()) {
      if (language !== "ts" || file === undefined) continue;
      const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder, timeout: 60_000 });
      const next = blocks[i + 1];
      runs.push({ program: file, printed: stdout, ...(next?.language === "text" && { said: next.text }) });
    }
    return runs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const pages = (await readdir(docs)).filter((name) => name.endsWith(".md"));

// A page mostly waits for its programs, and they for their policy decision points.
describe.each(pages)("docs/%s", { concurrent: true }, async (name) => {
  const blocks = blocksOf(await readFile(join(docs, name), "utf8"));

  it("names a file for each of its programs: without one it could not be run", () => {
    expect(blocks.filter(({ language, file }) => language === "ts" && file === undefined)).toEqual([]);
  });

  it("runs, and prints what it says it prints", { timeout: 120_000 }, async () => {
    for (const { program, printed, said } of await runPage(blocks)) {
      expect({ program, printed }).toEqual({ program, printed: said ?? printed });
    }
  });
});
