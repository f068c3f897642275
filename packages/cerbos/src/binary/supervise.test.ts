import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** Test files share the modules of a process, so that what this one takes away is taken from a process of its own. */
const WITHOUT_A_SHELL = `
import processes from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
const { spawn } = processes;
processes.spawn = (_shell, ...rest) => spawn("/no-shell", ...rest);
syncBuiltinESMExports();
const { supervise } = await import(${JSON.stringify(new URL("./supervise.ts", import.meta.url).href)});
const pdp = supervise({ binary: "cerbos", folder: { path: "/nowhere", config: "/nowhere/config" }, onLog: undefined });
console.log(JSON.stringify(await pdp.exited), pdp.lastLines().join());
`;

it("says what it takes a shell for, in an image that has none", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", WITHOUT_A_SHELL]);
  expect(stdout).toContain('{"code":null,"signal":null}');
  expect(stdout).toMatch(/\/no-shell ENOENT: it takes a shell .* connects to a PDP beside it/);
});
