import type { OutcomeRecord } from "@hopwise/core/audit";
import { expect, it } from "vitest";
import { printOutcome } from "./print-outcome.ts";
import { outcome } from "./records.fixture.ts";

const missedOf = (redact: readonly string[], redacted: readonly string[]): string | undefined =>
  /nothing was found in it at: (.*)$/.exec(
    printOutcome({ obligations: { redact, limit: {} } }, outcome({ redacted })),
  )?.[1];

it.each<[string, readonly string[], readonly string[], string | undefined]>([
  ["each that found nothing", ["/a", "/b", "/c"], ["/b"], "/a, /c"],
  ["none within what was taken out", ["/customer", "/customer/iban"], ["/customer"], undefined],
  ["none within an element that was", ["/lines/*", "/lines/0/iban"], ["/lines/*"], undefined],
  ["none where all was", ["", "/iban"], [""], undefined],
  ["one whose name begins as that of what was taken out", ["/iban", "/ibans"], ["/iban"], "/ibans"],
  ["one above what was taken out", ["/customer", "/customer/iban"], ["/customer/iban"], "/customer"],
])("names of the policies' pointers %s", (_, redact, redacted, missed) => {
  expect(missedOf(redact, redacted)).toBe(missed);
});

it.each<[string, Partial<OutcomeRecord>]>([
  ["was withheld", { withheld: true }],
  ["never came", { outcome: "failed" }],
  ["has rows, each of which has pointers of its own", { rows: { shown: 1, leftOut: 0 } }],
])("names none of a result that %s", (_, of) => {
  const owed = { obligations: { redact: ["/iban"], limit: {} } };
  expect(printOutcome(owed, outcome({ redacted: [], ...of }))).not.toContain("nothing was found");
});
