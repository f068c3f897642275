import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import type { RunFolder } from "./run-folder.ts";
import { createRunFolder, renewRunFolder } from "./run-folder.ts";

function created(temporary: string): RunFolder {
  const folder = createRunFolder(({ path }) => `for ${path}`, temporary);
  onTestFinished(() => rmSync(folder.home, { recursive: true }));
  return folder;
}

describe("the folder of a running PDP", () => {
  it("is in the temporary folder and holds the configuration", () => {
    const temporary = temporaryFolder();
    const folder = created(temporary);
    expect(folder.path.startsWith(join(temporary, "hopwise-pdp-"))).toBe(true);
    expect(readFileSync(folder.config, "utf8")).toBe(`for ${folder.path}`);
  });

  it("stands in a folder that stays ours between two PDPs, and is made anew at the same path", () => {
    const folder = created(temporaryFolder());
    expect([folder.home, folder.path].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
    writeFileSync(folder.grpcSocket, "left behind");
    renewRunFolder(folder, ({ path }) => `again for ${path}`);
    expect(readdirSync(folder.path)).toEqual(["config.yaml"]);
    expect(readFileSync(folder.config, "utf8")).toBe(`again for ${folder.path}`);
    rmSync(folder.path, { recursive: true });
    renewRunFolder(folder, () => "third");
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  });

  it("is in /tmp when a socket's path would be too long for the system", () => {
    const long = join(temporaryFolder(), "x".repeat(80));
    mkdirSync(long);
    const folder = created(long);
    expect(folder.path.startsWith("/tmp/hopwise-pdp-")).toBe(true);
    expect(folder.grpcSocket.length).toBeLessThan(100);
  });

  it("cannot be made where this user cannot write, and the error says where that is", () => {
    const missing = join(temporaryFolder(), "missing");
    expect(() => createRunFolder(() => "", missing)).toThrow(
      expect.objectContaining({ code: "pdp_start_failed", message: expect.stringContaining(missing) }),
    );
  });
});
