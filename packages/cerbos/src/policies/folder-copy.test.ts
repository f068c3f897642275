import { existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { readWhole, writeCopy } from "./folder-copy.ts";

it("copies what Cerbos may read, links to files and folders of schemas as what they lead to, for this user alone", async () => {
  const folder = temporaryFolder({
    "..data/door.yaml": "door",
    "..data/_schemas/deep/door.schema": "schema",
    "door.yaml": "-> ..data/door.yaml",
    "sub/lamp_test.yaml": "tests",
    "lost.yaml": "-> nowhere",
    _schemas: "-> ..data/_schemas",
    "README.md": "not read",
    ".hidden.yaml": "hidden",
  });
  const whole = await readWhole(folder, false);
  const { path, lost } = await writeCopy(whole ?? expect.fail(), join(temporaryFolder(), "of/copy"));
  const files = { "door.yaml": "door", "sub/lamp_test.yaml": "tests", "_schemas/deep/door.schema": "schema" };
  for (const [file, text] of Object.entries(files)) {
    expect(readFileSync(join(path, file), "utf8")).toBe(text);
    expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
  }
  for (const below of ["..", ".", "sub", "_schemas/deep"]) expect(statSync(join(path, below)).mode & 0o777).toBe(0o700);
  expect(["README.md", ".hidden.yaml", "..data"].filter((it) => existsSync(join(path, it)))).toEqual([]);
  expect(lost).toEqual(["lost.yaml"]);
});

const ANOTHER_EACH_TIME = "/proc/sys/kernel/random/uuid";

it.runIf(existsSync(ANOTHER_EACH_TIME))(
  "is no copy of a folder that changed while it was read, unless that is taken as it is",
  async () => {
    const folder = temporaryFolder({ "door.yaml": "door" });
    expect((await readWhole(folder, false))?.files.size).toBe(1);
    symlinkSync(ANOTHER_EACH_TIME, join(folder, "lamp.yaml"));
    expect(await readWhole(folder, false)).toBeUndefined();
    expect((await readWhole(folder, true))?.files.size).toBe(2);
  },
);

it("reads more files than a process may have open", async () => {
  const names = Array.from({ length: 3_000 }, (_, index) => [`${index}.yaml`, `${index}`] as const);
  const folder = temporaryFolder(Object.fromEntries(names));
  expect((await readWhole(folder, false))?.files.size).toBe(3_000);
});
