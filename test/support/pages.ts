/** The pages of docs/ as folders of files: each block of code that names a file is one. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const DOCS: string = fileURLToPath(new URL("../../docs", import.meta.url));

export interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

const OTHERS = /^<!-- executed by .*-->\n```[\s\S]*?^```$/gm;

/** All blocks of a page but those that another test runs. */
export async function blocksOf(page: string): Promise<readonly Block[]> {
  const text = await readFile(join(DOCS, page), "utf8");
  return [...text.replace(OTHERS, "").matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", file, block = ""]) => ({ language, file, text: block }),
  );
}

export async function writeBlocks(folder: string, blocks: readonly Block[]): Promise<void> {
  for (const { file, text } of blocks) {
    if (file === undefined) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
}
