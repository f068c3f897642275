import type { StateDriver } from "@hopwise/core/state";
import { type ArgumentRows, argumentRow, type Odd, OPTIONS } from "./odd.ts";

type DriverRows = {
  readonly [Part in "replay" | "spending" | "approvals" | "revocations"]: ArgumentRows<
    Omit<StateDriver[Part], "notBefore">
  >;
};

const A_NAME: readonly Odd[] = ["empty text"];
const soon = (): number => Math.floor(Date.now() / 1000) + 60;
const reservation = { id: "i", owner: "o", nowSeconds: soon() - 60 };

/**
 * The rows of a driver: whatever it stores in, it refuses the same.
 *
 * @param ends which odd times it takes for an end: one on a server that is played knows no clock
 */
export function driverRows(driver: StateDriver, ends: readonly Odd[] = []): DriverRows {
  return {
    replay: {
      claim: argumentRow(
        async (...args: [string, number, object]) => driver.replay.claim(...args),
        () => [crypto.randomUUID(), soon(), {}],
        A_NAME,
        ends,
        OPTIONS,
      ),
    },
    spending: {
      reserve: argumentRow(
        async (...args: [never]) => driver.spending.reserve(...args),
        () =>
          [
            { ...reservation, charges: [{ account: "a", counter: "c", amount: 0, most: 9, untilSeconds: soon() }] },
          ] as never,
      ),
      settle: argumentRow(
        async (...args: [never, never]) => driver.spending.settle(...args),
        () => [reservation, "spent"] as never,
      ),
      spent: argumentRow(
        async (...args: [never, never]) => driver.spending.spent(...args),
        () => ["o", [{ account: "a", counter: "c" }]] as never,
        A_NAME,
        ["empty list"],
      ),
    },
    approvals: {
      keep: argumentRow(
        async (...args: [never]) => driver.approvals.keep(...args),
        () => [{ id: "i", call: "c", text: "t", untilSeconds: soon(), nowSeconds: soon() - 60 }] as never,
      ),
      find: argumentRow(
        async (...args: [never]) => driver.approvals.find(...args),
        () => ["i"] as never,
        A_NAME,
      ),
      latest: argumentRow(
        async (...args: [never]) => driver.approvals.latest(...args),
        () => ["c"] as never,
        A_NAME,
      ),
      answer: argumentRow(
        async (...args: [never]) => driver.approvals.answer(...args),
        () => [{ id: "i", key: "k", text: "t", nowSeconds: soon() - 60 }] as never,
      ),
      list: argumentRow(
        async (...args: [never]) => driver.approvals.list(...args),
        () => [5, "i"] as never,
        [5],
        ["empty text", "nothing"],
      ),
    },
    revocations: {
      head: "takes nothing",
      read: argumentRow(
        async (...args: [never]) => driver.revocations.read(...args),
        () => ["head"] as never,
        [...A_NAME, "nothing"],
      ),
      append: argumentRow(
        async (...args: [never]) => driver.revocations.append(...args),
        () => [{ id: "i", text: "t" }] as never,
      ),
    },
  };
}
