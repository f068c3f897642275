import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const moduleAt = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** What a process that has as many files open as it may is told, and whether it lives on to tell it. */
const WITHOUT_FILES = `
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { keepFolder } from ${moduleAt("./keep-folder.ts")};
import { supervise } from ${moduleAt("./supervise.ts")};

createServer().listen(0).unref(); // a program that serves: what loads on first use is there
const path = mkdtempSync(tmpdir() + "/hopwise-files-");
const open = [];
try { for (;;) open.push(openSync("/dev/null")); } catch {}
const told = [() => keepFolder(path), () => supervise({ binary: "cerbos", folder: { path, config: path } })].map((start) => {
  try { return start(); } catch (fault) { return [fault.code, fault.message]; }
});
for (const one of open) closeSync(one);
rmSync(path, { recursive: true, force: true }); // without a file to open, not even a folder can be removed
await new Promise((later) => setTimeout(later, 20));
console.log(JSON.stringify(told));
`;

it("tells of a process that can open nothing more, and does not end it by an error that nobody hears", async () => {
  const limited = ["-c", 'ulimit -n 256; exec "$0" --input-type=module -e "$1"', process.execPath, WITHOUT_FILES];
  const { stdout } = await promisify(execFile)("/bin/sh", limited);
  const refused = ["pdp_start_failed", expect.stringMatching(/EMFILE.*Raise the limit \(ulimit -n\)/)];
  expect(JSON.parse(stdout)).toEqual([refused, refused]);
});
