import { resolve } from "node:path";
import type { CompileResult, PolicyWarning } from "@hopwise/cerbos";
import { type Command, JSON_OPTION } from "../command.ts";
import { jsonText, oneLine, paint, type Terminal } from "../terminal.ts";

/** Tests a folder of policies. */
export const testCommand: Command = {
  name: "test",
  words: "[FOLDER]",
  count: [0, 1],
  summary: "Compiles a folder of policies with the real Cerbos, runs its tests, and finds rules that may not hold.",
  details: [
    "FOLDER is ./policies by default. Warnings alone leave the exit code at 0, unless --fail-on-warnings is given.",
  ],
  options: {
    "fail-on-warnings": { help: "exit with 1 where there are warnings" },
    "aux-data": { help: "the server supplies request.auxData: no warning where a rule reads it" },
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const { compilePolicies, lintPolicies } = await import("@hopwise/cerbos");
    const folder = resolve(terminal.folder, typed.words[0] ?? "policies");
    const result = await compilePolicies(folder);
    const warnings = await lintPolicies(folder, { auxData: typed.has("aux-data") });
    if (typed.has("json")) {
      const { output: _, ...found } = result;
      terminal.out(jsonText({ ...found, warnings }, 2));
    } else {
      for (const line of report(result, warnings, terminal)) terminal.out(line);
    }
    return result.ok && (warnings.length === 0 || !typed.has("fail-on-warnings")) ? 0 : 1;
  },
};

function report(
  { ok, errors, tests }: CompileResult,
  warnings: readonly PolicyWarning[],
  terminal: Terminal,
): readonly string[] {
  const red = (word: string): string => paint(terminal, "red", word);
  const place = (...parts: readonly (string | number | undefined)[]): string =>
    oneLine(parts.filter((part) => part !== undefined).join(":"));
  const counted = `${tests.passed} passed, ${tests.failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ""}`;
  const ran = tests.passed + tests.failed + tests.skipped === 0 ? "none: add *_test.yaml files" : counted;
  return [
    ...errors.map(
      ({ file, line, column, message }) => `${red("error")}    ${place(file, line, column)}: ${oneLine(message)}`,
    ),
    ...tests.failures.map(
      ({ file, test, message }) => `${red("failed")}   ${place(file)}: ${oneLine(`${test}: ${message}`)}`,
    ),
    ...warnings.map(
      ({ file, line, message }) => `${paint(terminal, "yellow", "warning")}  ${place(file, line)}: ${oneLine(message)}`,
    ),
    `compiles: ${errors.length === 0 ? "yes" : "no"}`,
    `tests:    ${errors.length === 0 ? ran : "not run"}`,
    `warnings: ${warnings.length}`,
    ok ? paint(terminal, "green", "ok") : red("not ok"),
  ];
}
