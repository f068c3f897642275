import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that lives as long as the test that asks for it, or until `ending` ends it, such as `afterAll`. */
export function temporaryFolder(ending: (end: () => void) => void = onTestFinished, parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, "hopwise-test-"));
  ending(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
