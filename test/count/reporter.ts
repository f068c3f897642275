/** Gathers what the setup file counted in each test file, and writes it where test/count/main.ts reads it. */
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import type { CountedFile, FileCounts } from "./counts.ts";

function counted(module: TestModule): CountedFile {
  const { counts } = module.meta() as { counts?: FileCounts };
  const tests = [...module.children.allTests()];
  const titles = (state: string): readonly string[] =>
    tests.filter((test) => test.result().state === state).map(({ fullName }) => fullName);
  return {
    file: module.relativeModuleId,
    passed: titles("passed"),
    failed: titles("failed"),
    skipped: titles("skipped"),
    ...(counts ?? { expects: 0, propertyRuns: 0, ran: {} }),
  };
}

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const target = process.env["HOPWISE_COUNTS"];
    if (target === undefined) throw new Error("run this with pnpm test:count, which says where the counts go");
    writeFileSync(target, JSON.stringify(modules.map(counted)));
  }
}
