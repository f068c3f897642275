import { defineConfig } from "vitest/config";

/** It loads the sources anew within a test: what runs only while a module is loaded would count as reached by it. */
const LOADS_AGAIN = "packages/core/src/grant/copies.test.ts";

/** The unit tests of `narrow.ts` over thousands of random grants: six seconds for each mutant that they reach. */
const SLOW = process.env["HOPWISE_RUNS"] === "full" ? [] : ["packages/core/src/grant/narrow.property.test.ts"];

/**
 * What runs against a mutant (stryker.config.mjs): the unit tests of @hopwise/core and nothing else; where one folder is
 * looked at, those of that folder alone.
 */
export default defineConfig({
  test: {
    include: [`packages/core/src/${process.env["HOPWISE_MUTATE"] ?? "**"}/**/*.test.ts`],
    exclude: ["**/node_modules/**", LOADS_AGAIN, ...SLOW],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The sources are loaded once for all tests of a mutant: three times as fast.
    isolate: false,
  },
});
