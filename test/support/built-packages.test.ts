import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { doors } from "./built-packages.ts";

it("a program that a test starts takes each door of the packages as it was built for this run", async () => {
  const urls = doors().map((file) => pathToFileURL(file).href);
  const program = `console.log(JSON.stringify(${JSON.stringify(urls)}.map((url) => import.meta.resolve(url))))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  const taken = JSON.parse(stdout) as readonly string[];
  expect(urls.length).toBeGreaterThan(20);
  expect(taken.filter((url) => !url.includes("/node_modules/.cache/hopwise-built/"))).toEqual([]);
});
