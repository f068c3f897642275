/** What checking one call against one grant costs, without chain, proof and policies. */
import { exact, grant, int, length, oneOf, optional, path, prefix, range, subset, url } from "@hopwise/core/grant";
import { refusal } from "../packages/core/src/grant/index.ts";
import { p50, takeTurns } from "./measure.ts";

/** One argument of each of the kinds that tools are mostly given. */
const GRANT = grant({
  send_payment: {
    currency: exact("EUR"),
    purpose: oneOf("invoice", "refund", "salary", "rent"),
    amount: range({ above: 0, max: 1000 }),
    installments: int({ min: 1, max: 12 }),
    reference: prefix("INV-"),
    document: path("/invoices/2026"),
    callback: url({ origins: ["https://pay.acme.example"], under: "/callbacks" }),
    note: length(140),
    labels: subset("finance", "emea", "urgent", "reviewed"),
    discount: optional(range({ min: 0, max: 0.1 })),
  },
});

/** Calls in turns, each parsed from a text of its own, as a server gets them: nothing can be computed once for all. */
const CALLS = Array.from({ length: 16 }, (_, i) =>
  JSON.parse(
    JSON.stringify({
      currency: "EUR",
      purpose: ["invoice", "refund", "salary", "rent"][i % 4],
      amount: 100 + i / 4,
      installments: 1 + (i % 12),
      reference: `INV-${i}`,
      document: `/invoices/2026/${i}.pdf`,
      callback: `https://pay.acme.example/callbacks/${i}`,
      note: `payment ${i} of the spring campaign`,
      labels: ["finance", ...(i % 2 === 0 ? ["emea"] : ["urgent", "reviewed"])],
      discount: 0.05,
    }),
  ),
);

/** Microseconds of processor time for one call with ten constrained arguments, all of which pass: the longest way. */
export async function measureGrant(): Promise<number> {
  const { check } = await takeTurns(
    {
      check: (count) => () => {
        for (let i = 0; i < count; i++) {
          const refused = refusal(GRANT, "send_payment", CALLS[i % CALLS.length]);
          if (refused !== undefined) throw new Error(`the benchmark's call was refused at ${refused.pointer}`);
        }
      },
    },
    { rounds: 200, warmup: 100, batch: 1000, clock: "cpu" },
  );
  return p50(check);
}
