import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import type { RunFolder } from "./run-folder.ts";
import { copyInto, createRunFolder, renewRunFolder, serveNext } from "./run-folder.ts";

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

  it.each([
    ["ERR_ACCESS_DENIED", ", too."],
    ["EROFS", "Point TMPDIR at a folder that is there, has room, and lets this user write."],
    ["ENOSPC", "Point TMPDIR at a folder that is there, has room, and lets this user write."],
  ])("that cannot be made (%s) is told with what to do, and leaves nothing behind", (code, says) => {
    const temporary = temporaryFolder();
    const fails = (): never => {
      throw Object.assign(new Error("it cannot be written."), { code }); // Node.js ends some with a dot
    };
    const error = thrownBy(() => createRunFolder(fails, temporary));
    expect(error).toMatchObject({ code: "pdp_start_failed" });
    expect(String(error)).toContain(`made in ${temporary}: it cannot be written. `);
    expect(String(error).includes(`--allow-fs-write=${temporary}`)).toBe(code === "ERR_ACCESS_DENIED");
    expect(String(error).endsWith(says)).toBe(true);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("is made anew, home and all, where somebody cleaned up, and this user alone can enter it", () => {
    const folder = created(temporaryFolder());
    rmSync(folder.home, { recursive: true });
    renewRunFolder(folder, () => "again");
    expect([folder.home, folder.path].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
    expect(readFileSync(folder.config, "utf8")).toBe("again");
  });

  const FALSE_HOMES: [string, (home: string) => void][] = [
    ["a link", (home) => symlinkSync(temporaryFolder(), home)],
    ["a file", (home) => writeFileSync(home, "")],
    [
      "a folder that others can enter",
      (home) => {
        mkdirSync(home);
        chmodSync(home, 0o755);
      },
    ],
  ];
  if (process.getuid?.() === 0) {
    const anothers = (home: string): void => {
      mkdirSync(home, { mode: 0o700 });
      chownSync(home, 65_534, 65_534);
    };
    FALSE_HOMES.push(["another user's folder", anothers]);
  }
  it.each(FALSE_HOMES)("is not made anew where there is %s meanwhile: a false PDP could be put there", (_, put) => {
    const folder = created(temporaryFolder());
    rmSync(folder.home, { recursive: true });
    put(folder.home);
    const refused = { code: "pdp_start_failed", message: expect.stringContaining("of this user alone") };
    expect(() => renewRunFolder(folder, () => "again")).toThrow(expect.objectContaining(refused));
    return expect(copyInto(folder, "next", async () => expect.fail())).rejects.toMatchObject(refused);
  });

  it("holds a copy of the policies, and nothing of one that could not be made", async () => {
    const folder = created(temporaryFolder());
    const write = (text: string) => async (path: string) => {
      mkdirSync(path);
      writeFileSync(join(path, text), text);
      if (text === "half") throw new Error("no room");
    };
    await copyInto(folder, "served", write("first"));
    await copyInto(folder, "next", write("second"));
    await serveNext(folder);
    const fails = copyInto(folder, "next", write("half"));
    await expect(fails).rejects.toMatchObject({
      code: "pdp_start_failed",
      message: expect.stringMatching(/copy.*no room/),
    });
    expect([readdirSync(folder.home).sort(), readdirSync(folder.served)]).toEqual([["policies", "run"], ["second"]]);
  });

  it("keeps the copy that is served where the next cannot be put in its place, and goes on after what was left over", async () => {
    const folder = created(temporaryFolder());
    const write = (text: string) => async (path: string) => {
      mkdirSync(path);
      writeFileSync(join(path, text), text);
    };
    await copyInto(folder, "served", write("first"));
    await expect(serveNext(folder)).rejects.toMatchObject({ code: "ENOENT" });
    expect(readdirSync(folder.served)).toEqual(["first"]);
    await copyInto(folder, "next", write("second"));
    await write("left over")(folder.before);
    await serveNext(folder);
    expect([readdirSync(folder.served), readdirSync(folder.home).sort()]).toEqual([["second"], ["policies", "run"]]);
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

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
