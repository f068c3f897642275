import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakeCerbos, temporaryFolder } from "../testing/policies.ts";
import { findBinary } from "./find-binary.ts";

const nowhere = { platform: "linux", arch: "riscv64", env: {} };

describe("the Cerbos executable", () => {
  it("is the one of the platform's package", async () => {
    expect(await findBinary(undefined, { platform: process.platform, arch: process.arch, env: {} })).toContain(
      `@cerbos/cerbos-${process.platform}-${process.arch}`,
    );
  });

  it("is the one that was passed, before the one of the environment, before all else", async () => {
    const [passed, set] = [fakeCerbos(""), fakeCerbos("")];
    const host = { platform: process.platform, arch: process.arch, env: { HOPWISE_CERBOS_BINARY: set } };
    expect(await findBinary(passed, host)).toBe(passed);
    expect(await findBinary(undefined, host)).toBe(set);
  });

  it("is looked for on the PATH where there is no package for the platform", async () => {
    const binary = fakeCerbos("");
    const PATH = `/nowhere:${binary.replace(/\/cerbos$/, "")}`;
    expect(await findBinary(undefined, { ...nowhere, env: { PATH } })).toBe(binary);
  });

  it("is never another one than was asked for", async () => {
    const host = { ...nowhere, platform: process.platform, arch: process.arch };
    await expect(findBinary("/nowhere/cerbos", host)).rejects.toMatchObject({
      code: "pdp_missing",
      message: expect.stringContaining("/nowhere/cerbos"),
    });
    await expect(findBinary(undefined, { ...host, env: { HOPWISE_CERBOS_BINARY: "/nowhere/cerbos" } })).rejects.toThrow(
      /HOPWISE_CERBOS_BINARY names \/nowhere\/cerbos/,
    );
  });

  it("is neither a folder nor a file that cannot be executed", async () => {
    const folder = temporaryFolder({ cerbos: "" });
    chmodSync(join(folder, "cerbos"), 0o644);
    await expect(findBinary(folder, nowhere)).rejects.toThrow("not an executable file");
    await expect(findBinary(join(folder, "cerbos"), nowhere)).rejects.toThrow("not an executable file");
    await expect(findBinary(undefined, { ...nowhere, env: { PATH: folder } })).rejects.toThrow("No Cerbos executable");
  });

  it("is missed with what was looked for and every way to get one", async () => {
    const error = await findBinary(undefined, nowhere).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ code: "pdp_missing" });
    for (const part of [
      "@cerbos/cerbos-linux-riscv64",
      "pnpm install --fix-lockfile",
      "keep @hopwise/cerbos out of it",
      "HOPWISE_CERBOS_BINARY",
      "PATH",
    ]) {
      expect(String(error)).toContain(part);
    }
  });

  it("is not even looked for where Node lets no program be started, and what lets it is said", async () => {
    const permission = { has: (scope: string) => scope !== "child" };
    await expect(findBinary(fakeCerbos(""), { ...nowhere, permission })).rejects.toMatchObject({
      code: "pdp_start_failed",
      message: expect.stringContaining("--allow-child-process"),
    });
    const binary = fakeCerbos("");
    expect(await findBinary(binary, { ...nowhere, permission: { has: () => true } })).toBe(binary);
  });

  it("does not exist for Windows, where Docker or WSL helps", async () => {
    await expect(findBinary(fakeCerbos(""), { ...nowhere, platform: "win32" })).rejects.toMatchObject({
      code: "pdp_missing",
      message: expect.stringMatching(/Docker or WSL/),
    });
  });
});
