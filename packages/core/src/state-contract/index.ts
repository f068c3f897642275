/**
 * What must a state driver promise? Cases for any test framework, which every driver passes: those of Hopwise, and yours.
 *
 * @packageDocumentation
 */
import { APPROVALS } from "./approvals.ts";
import type { StateCase } from "./case.ts";
import { DRIVER } from "./driver.ts";
import { ENDS } from "./ends.ts";
import { REPLAY } from "./replay.ts";
import { RESERVATIONS } from "./reservations.ts";
import { REVOCATION_LOG } from "./revocation-log.ts";
import { SPENDING } from "./spending.ts";

export type { OpenStore, StateCase, StoreAsked, StoreUnderTest } from "./case.ts";

/**
 * What every `StateDriver` promises, as cases for any test framework.
 *
 * @example
 * ```ts
 * for (const { title, run } of stateContract) {
 *   it(title, () => run((asked) => {
 *     const database = newDatabase();
 *     return { open: () => openMyDriver(database, asked), close: () => database.drop() };
 *   }));
 * }
 * ```
 */
export const stateContract: readonly StateCase[] = [
  ...REPLAY,
  ...SPENDING,
  ...RESERVATIONS,
  ...APPROVALS,
  ...REVOCATION_LOG,
  ...ENDS,
  ...DRIVER,
];
