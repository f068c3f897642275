import { HopwiseError } from "@hopwise/core";
import { jsonSchema } from "ai";
import { expect, it } from "vitest";
import { refuseStricter } from "./refuse-stricter.ts";

const outputSchema = jsonSchema({ type: "object", properties: { lines: {} } });
const whyRefused = async (redact: readonly string[]): Promise<unknown> =>
  refuseStricter("pay", { outputSchema, _meta: { "dev.hopwise/may-change": { redact } } }).catch((error) =>
    error instanceof HopwiseError ? `${error.code}: ${error.message}` : error,
  );

it("takes what a server may change for what it is, and looks at no more of it than a client has time for", async () => {
  expect(await whyRefused(["/lines/*/iban"])).toBeUndefined();
  for (const hostile of [
    ["/*".repeat(14)],
    [`/lines${"/*".repeat(40)}`],
    Array.from({ length: 5000 }, (_, i) => `/${i}`),
  ]) {
    expect(await whyRefused(hostile)).toMatch(/^config_invalid: schemas: the outputSchema of "pay" .* too many places/);
  }
});
