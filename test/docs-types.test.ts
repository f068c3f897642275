/** The programs of docs/ compile as they stand there, for a reader who compiles strictly: test/docs.test.ts runs them without types. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { DOCS, writePage } from "./support/pages.ts";

const TSC = join(import.meta.dirname, "../node_modules/typescript/bin/tsc");

/** As a reader has it who says nothing of libraries. */
const CONFIG = {
  extends: "../../tsconfig.test.json",
  compilerOptions: {
    lib: ["es2024", "esnext.disposable", "dom", "dom.iterable"],
    noPropertyAccessFromIndexSignature: false,
  },
  include: ["**/*.ts"],
};

it("the programs of all pages compile", { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(import.meta.dirname, ".docs-"));
  try {
    for (const page of await readdir(DOCS)) {
      if (page.endsWith(".md")) await writePage(join(folder, page), page);
    }
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(CONFIG));
    const compiled = await promisify(execFile)(process.execPath, [TSC, "-p", folder]).catch((failed) => failed);
    expect(compiled.stdout).toBe("");
    expect(compiled.code ?? 0).toBe(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
