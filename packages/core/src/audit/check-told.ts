import { mustBe, reading } from "../options/index.ts";

const RECORD = "a record, as an authorizer writes it";

/**
 * Refuses what is no record, for a sink: a log with something else in it could not be read any more. Called by hand for
 * each record.
 *
 * @param called the sink's function
 * @returns the same record
 * @throws {HopwiseError} `config_invalid`
 */
export function checkTold<Told extends object>(called: "record" | "outcome" | "unverified", given: Told): Told {
  reading(called, "record", RECORD, given as { readonly invocation?: unknown; readonly tool?: unknown }, (told) => {
    if (typeof told.invocation !== "string") mustBe(called, ["record", "invocation"], "a call's id", told.invocation);
    if (typeof told.tool !== "string") mustBe(called, ["record", "tool"], "a tool's name", told.tool);
  });
  return given;
}
