import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** It loads the sources anew within a test: what runs only while a module is loaded would count as reached by it. */
const LOADS_AGAIN = "packages/core/src/grant/copies.test.ts";

/** Six to nine seconds for each mutant that they reach: thousands of random grants, every target with its clocks, real HTTP. */
const SLOW =
  process.env["HOPWISE_RUNS"] === "full"
    ? []
    : [
        "packages/core/src/grant/narrow.property.test.ts",
        "packages/core/src/state/revocation.test.ts",
        "packages/core/src/state/revocations-over-http.test.ts",
        // It starts policy decision points.
        "packages/cerbos/src/sharing/shared-answers.test.ts",
      ];

/** The package whose folders are looked at. */
const PACKAGE = process.env["HOPWISE_MUTATE_IN"] ?? "core";

/** More tests, of those that no package owns: `approvals/*`. */
const WITH = process.env["HOPWISE_MUTATE_WITH"];

/** The doors of that package where the mutants are: a link in `node_modules` leads to the sources that nobody changes. */
function doorsHere(): { readonly find: RegExp; readonly replacement: string }[] {
  const here = new URL(`../packages/${PACKAGE}/`, import.meta.url);
  const { exports } = JSON.parse(readFileSync(new URL("package.json", here), "utf8"));
  return Object.entries(exports as Record<string, string>).map(([door, file]) => ({
    find: new RegExp(`^@hopwise/${PACKAGE}${door.slice(1)}$`),
    replacement: fileURLToPath(new URL(file, here)),
  }));
}

/**
 * What runs against a mutant (stryker.config.mjs): the unit tests of that package and nothing else; where one folder is
 * looked at, those of that folder alone, and those that `HOPWISE_MUTATE_WITH` names.
 */
export default defineConfig({
  resolve: { alias: doorsHere() },
  test: {
    include: [
      `packages/${PACKAGE}/src/${process.env["HOPWISE_MUTATE"] ?? "**"}/**/*.test.ts`,
      ...(WITH === undefined ? [] : [`test/${WITH}.test.ts`]),
    ],
    exclude: ["**/node_modules/**", LOADS_AGAIN, ...SLOW],
    globalSetup: WITH === undefined ? [] : ["test/support/story-pdp.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The sources are loaded once for all tests of a mutant: three times as fast.
    isolate: false,
  },
});
