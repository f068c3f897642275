/**
 * Mutation testing of the folders of @hopwise/core that decide; test/mutation.md says how to run it and what it found.
 * `HOPWISE_MUTATE=decision pnpm test:mutation` runs one folder, of another package with `HOPWISE_MUTATE_IN=mcp`.
 */
const SOURCES = `packages/${process.env.HOPWISE_MUTATE_IN ?? "core"}/src`;

export default {
  testRunner: "vitest",
  vitest: { configFile: "test/mutation.vitest.ts", related: true },
  plugins: ["@stryker-mutator/vitest-runner"],
  mutate: [
    `${SOURCES}/${process.env.HOPWISE_MUTATE ?? "{decision,filter,grant,principal,resource,result,source,token,views,way}"}/**/*.ts`,
    `!${SOURCES}/**/*.{test,fixture}.ts`,
    `!${SOURCES}/**/index.ts`,
  ],
  coverageAnalysis: "perTest",
  ignoreStatic: true,
  concurrency: 2,
  incremental: true,
  incrementalFile: ".stryker/incremental.json",
  ignorePatterns: [".stryker"],
  tempDirName: ".stryker/sandbox",
  // TypeScript 7 has no interface that could rewrite a tsconfig, and nothing here reads one.
  tsconfigFile: "none",
  reporters: ["clear-text", "progress-append-only", "json"],
  jsonReporter: { fileName: ".stryker/report.json" },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
};
