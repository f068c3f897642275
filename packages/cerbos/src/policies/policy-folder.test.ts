import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { checkPolicyFolder, contentOf } from "./policy-folder.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "hopwise-folder-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it("takes a link that leads nowhere for no policy, as Cerbos does", async () => {
  const path = folder();
  symlinkSync(join(path, "nowhere"), join(path, "payment.yaml"));
  await expect(checkPolicyFolder(path)).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringContaining("holds no policy"),
  });
  expect(await contentOf(path)).toEqual({ files: [], links: [], lost: ["payment.yaml"] });
});

it("says of a folder that is there and cannot be read that it must be let be read, and not to name another", async () => {
  const path = join(folder(), "policies");
  symlinkSync(path, path);
  await expect(checkPolicyFolder(path)).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringMatching(/cannot be read: ELOOP.*Let this user read/),
  });
});

it.each([
  ["is not a folder", "payment.yaml"],
  ["does not exist", "nowhere"],
])("of what %s it says to name the folder", async (what, name) => {
  const path = folder();
  writeFileSync(join(path, "payment.yaml"), "");
  await expect(checkPolicyFolder(join(path, name))).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringContaining(`${what}. Name the folder`),
  });
});

it("says of the folder of a whole project to name the one of its policies", async () => {
  const path = folder();
  mkdirSync(join(path, "node_modules"));
  writeFileSync(join(path, "payment.yaml"), "resourcePolicy: {}");
  await expect(checkPolicyFolder(path)).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringContaining("holds node_modules, which Cerbos would read. Name the folder"),
  });
});

it("follows a link to a folder where Cerbos does, below _schemas, and not one that leads to itself", async () => {
  const path = folder();
  mkdirSync(join(path, "..data/_schemas/more"), { recursive: true });
  writeFileSync(join(path, "..data/_schemas/more/payment.json"), "{}");
  symlinkSync("..data/_schemas", join(path, "_schemas"));
  symlinkSync("..data/_schemas", join(path, "schemas"));
  symlinkSync(".", join(path, "..data/_schemas/again"));
  const files = ["_schemas/more/payment.json"];
  expect(await contentOf(path)).toEqual({ files, links: ["schemas"], lost: [] });
});

it("leaves out test data, which may be no policies at all, and not schemas of that name, which policies may use", async () => {
  const path = folder();
  for (const at of ["testdata", "_schemas/testdata"]) {
    mkdirSync(join(path, at), { recursive: true });
    writeFileSync(join(path, at, "a.json"), "{}");
  }
  expect((await contentOf(path)).files).toEqual(["_schemas/testdata/a.json"]);
});
