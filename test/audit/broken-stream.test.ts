/** Sinks over real files that cannot be written to: calls are denied, and the process lives on. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const SCRIPT = fileURLToPath(new URL("broken-stream.ts", import.meta.url));

const BROKEN: readonly [string, () => string, RegExp][] = [
  ["a full disk", () => "/dev/full", /ENOSPC: no space left on device/],
  ["a missing folder", () => join(temporaryFolder(), "missing", "records.ndjson"), /ENOENT: no such file or directory/],
  ["a folder", () => temporaryFolder(), /EISDIR: illegal operation on a directory/],
];

/** What three calls of a process got. */
async function callsOver(file: string, sink: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, file, sink]);
  return stdout.trim().split("\n");
}

describe.each(BROKEN)("over %s", (what, file, words) => {
  it.skipIf(what === "a full disk" && !existsSync("/dev/full")).each(["jsonLinesAudit", "auditTo"])(
    "%s denies each call in the words of the system, and ends no process",
    { timeout: 60_000 },
    async (sink) => {
      const got = await callsOver(file(), sink);
      expect(got).toHaveLength(3);
      for (const line of got) {
        expect(line).toMatch(
          /^audit_unavailable: the decision could not be recorded, .* the writer of jsonLinesAudit failed: /,
        );
        expect(line).toMatch(words);
      }
    },
  );

  it("a screen stops no call", { timeout: 60_000 }, async () => {
    expect(await callsOver(file(), "printingAudit")).toEqual(["allowed", "allowed", "allowed"]);
  });
});
