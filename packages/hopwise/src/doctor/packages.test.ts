import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { checkPackages, needsOfNode } from "./packages.ts";

/** A project with these packages, by their place in it. */
function project(packages: Readonly<Record<string, object>>): string {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-doctor-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "deep/below"), { recursive: true });
  for (const [path, manifest] of Object.entries(packages)) {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, "package.json"), JSON.stringify(manifest));
  }
  return join(folder, "deep/below");
}
const core = { version: "0.1.0" };
const audit = { version: "0.1.0", dependencies: { "@hopwise/core": "0.1.0" } };
const peers = {
  peerDependencies: { fastmcp: "^4.20.16", extra: "^1.0.0" },
  peerDependenciesMeta: { extra: { optional: true } },
};
const fastmcp = { version: "0.1.0", ...peers };
const own = { "node_modules/@hopwise/core": core, "node_modules/@hopwise/audit": audit, "node_modules/hopwise": core };
const sick = (packages: Readonly<Record<string, object>>) =>
  checkPackages(project(packages)).map(({ state, text }) => `${state}: ${text}`);

it("is content with packages of one version, found above, with their peers beside them", () => {
  expect(sick(own)).toEqual(["ok: @hopwise/audit 0.1.0, @hopwise/core 0.1.0, hopwise 0.1.0"]);
  const withPeer = { "node_modules/@hopwise/fastmcp": fastmcp, "node_modules/fastmcp": { version: "4.21.1" } };
  expect(sick({ ...own, ...withPeer })[0]).toMatch(/^ok: .*@hopwise\/fastmcp 0\.1\.0/);
});

it("says where none is installed", () => {
  expect(sick({})).toEqual(["warning: no package of Hopwise is installed in this folder"]);
});

it("names versions that differ", () => {
  expect(sick({ ...own, "node_modules/@hopwise/core": { version: "0.2.0" } })).toEqual([
    "fault: their versions differ, install the same of each: @hopwise/audit 0.1.0, @hopwise/core 0.2.0, hopwise 0.1.0",
  ]);
});

it("names a second copy of a package, which does not know the first one's delegations", () => {
  expect(sick({ ...own, "node_modules/@hopwise/audit/node_modules/@hopwise/core": core })).toEqual([
    "fault: @hopwise/audit has a copy of @hopwise/core of its own; install the same version of each",
  ]);
});

it("names a peer that is missing or does not fit, and misses no optional one", () => {
  const guarded = { ...own, "node_modules/@hopwise/fastmcp": fastmcp };
  expect(sick(guarded)).toEqual(["fault: @hopwise/fastmcp needs fastmcp ^4.20.16, which is missing"]);
  expect(sick({ ...guarded, "node_modules/fastmcp": { version: "3.0.0" } })).toEqual([
    "fault: @hopwise/fastmcp needs fastmcp ^4.20.16, and 3.0.0 is here",
  ]);
});

it("tells which Node.js each of them takes, and their peers, as far as they say so", () => {
  const installed = {
    ...own,
    "node_modules/@hopwise/sqlite": { ...core, engines: { node: ">=20" } },
    "node_modules/@hopwise/ai-sdk": {
      ...core,
      engines: { node: ">=22" },
      peerDependencies: { ai: "^7.0.0", zod: "^4.0.0" },
    },
    "node_modules/ai": { version: "7.0.1", engines: { node: ">= 22.4" } },
    "node_modules/zod": { version: "4.0.0", engines: { node: "^20 || ^22" } },
    "node_modules/other": { version: "1.0.0", engines: { node: ">=99" } },
  };
  expect(
    needsOfNode(project(installed))
      .map(({ name, least }) => `${name} ${least}`)
      .sort(),
  ).toEqual(["@hopwise/ai-sdk 22.0.0", "@hopwise/sqlite 20.0.0", "@hopwise/sqlite 22.13.0", "ai 22.4.0"]);
  expect(needsOfNode(project({}))).toEqual([]);
});
