import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { makePrivate } from "./decision-log.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("the file of a decision log", () => {
  it("is made readable by this user alone, whatever the process would make", () => {
    const path = join(temporaryFolder(), "decisions.jsonl");
    makePrivate(path);
    expect(modeOf(path)).toBe(0o600);
  });

  it.each([0o644, 0o666, 0o777, 0o000, 0o440])(
    "that exists with mode %o is made 0600, and what it holds stays",
    (mode) => {
      const path = join(temporaryFolder({ log: "{}\n" }), "log");
      chmodSync(path, mode);
      // A file that this user cannot open either cannot be told to be a file; root opens each.
      const refused = process.geteuid?.() !== 0 && (mode & 0o200) === 0;
      if (refused) expect(() => makePrivate(path)).toThrow(expect.objectContaining({ code: "config_invalid" }));
      else {
        makePrivate(path);
        expect(modeOf(path)).toBe(0o600);
        expect(readFileSync(path, "utf8")).toBe("{}\n");
      }
    },
  );

  it("behind a link of this user's is made 0600", () => {
    const folder = temporaryFolder({ real: "" });
    chmodSync(join(folder, "real"), 0o644);
    symlinkSync(join(folder, "real"), join(folder, "link"));
    makePrivate(join(folder, "link"));
    expect(modeOf(join(folder, "real"))).toBe(0o600);
  });

  it.each<[string, (folder: string) => string]>([
    [
      "is a folder",
      (folder) => {
        mkdirSync(join(folder, "log"));
        return join(folder, "log");
      },
    ],
    [
      "is a pipe that nobody reads",
      (folder) => {
        execFileSync("mkfifo", [join(folder, "log")]);
        return join(folder, "log");
      },
    ],
    ["is a device", () => "/dev/null"],
    ["stands in a folder that is not there", (folder) => join(folder, "nowhere", "log")],
    [
      "stands in a file",
      (folder) => {
        writeFileSync(join(folder, "file"), "");
        return join(folder, "file", "log");
      },
    ],
  ])("that %s is refused, and stays as it is", (_, make) => {
    const path = make(temporaryFolder());
    expect(() => makePrivate(path)).toThrow(
      expect.objectContaining({
        code: "config_invalid",
        pointer: "/decisionLog",
        message: expect.stringContaining(path),
      }),
    );
    expect(modeOf("/dev/null")).toBe(0o666);
  });

  it("that belongs to another user is refused: its owner can read it, whatever its mode", () => {
    const path = join(temporaryFolder({ log: "" }), "log");
    const other = vi.spyOn(process as Required<NodeJS.Process>, "geteuid").mockReturnValue(4711);
    expect(() => makePrivate(path)).toThrow("belongs to another user");
    other.mockRestore();
  });
});
