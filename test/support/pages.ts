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

/** Files that the programs which a page shows import, and that it neither shows nor speaks of: its reader has none of them. */
export async function unknownFiles(page: string): Promise<readonly string[]> {
  const shown = (await readFile(join(DOCS, page), "utf8")).replace(/<!--[\s\S]*?-->/g, "");
  const code = [...shown.matchAll(/^```\w+(?: (\S+))?\n([\s\S]*?)^```$/gm)];
  const prose = code.reduce((text, [block]) => text.replace(block, ""), shown);
  const imported = code.flatMap(([block]) =>
    Array.from(block.matchAll(/ from "\.\/([^"]+)"/g), ([, file = ""]) => file),
  );
  return [...new Set(imported)].filter(
    (name) => !prose.includes(`\`${name}\``) && !code.some(([, file]) => file === name),
  );
}

/** Writes the files of a page; and before them those of another one, where the page says `<!-- with the files of login.md -->`. */
export async function writePage(folder: string, page: string): Promise<void> {
  const [, other] = /^<!-- with the files of (\S+) -->$/m.exec(await readFile(join(DOCS, page), "utf8")) ?? [];
  if (other !== undefined) await writePage(folder, other);
  await writeBlocks(folder, await blocksOf(page));
}

export async function writeBlocks(folder: string, blocks: readonly Block[]): Promise<void> {
  for (const { file, text } of blocks) {
    if (file === undefined) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
}
