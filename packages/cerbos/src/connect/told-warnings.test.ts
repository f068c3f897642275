import { expect, it } from "vitest";
import type { PdpProbe, PdpWarning } from "../ask/index.ts";
import { createToldWarnings } from "./told-warnings.ts";

const probe = (...codes: readonly PdpWarning["code"][]): PdpProbe => ({
  version: "0.55.0",
  warnings: codes.map((code) => ({ code, text: code })),
});

it("a warning is told of each target once for as long as it stands, and again when it is back", () => {
  const heard: string[] = [];
  const told = createToldWarnings(({ target, code }) => heard.push(`${target} ${code}`));
  told.report(undefined, "a");
  told.report(probe("strict_evaluation_off"), "a");
  expect(told.report(probe("strict_evaluation_off"), "a")).toHaveLength(1);
  told.report(probe("strict_evaluation_off"), "b");
  told.report(probe(), "a");
  told.report(probe("strict_evaluation_off"), "a");
  expect(heard).toEqual([
    "a target_absent",
    "a strict_evaluation_off",
    "b strict_evaluation_off",
    "a strict_evaluation_off",
  ]);
});

it("what every version does is told once, for whichever target", () => {
  const heard: string[] = [];
  const told = createToldWarnings(({ code }) => heard.push(code));
  for (const target of ["a", "b", "a"]) told.report(probe("rules_mixed_up"), target);
  told.report(probe(), "a");
  told.report(probe("rules_mixed_up"), "a");
  expect(heard).toEqual(["rules_mixed_up"]);
});
