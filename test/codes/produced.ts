import type { ErrorCode } from "../../packages/core/src/codes.ts";
import { DECISION_CODES, GRANT_CODES, RESULT_CODES, START_CODES, STATE_CODES } from "./call-codes.ts";
import type { Case } from "./case.ts";
import { CHAIN_CODES, HOLDER_CODES, PROOF_CODES } from "./chain-codes.ts";
import { FILTER_CODES } from "./filter-codes.ts";
import { GUARD_CODES } from "./guard-codes.ts";
import { REMEMBERED_CODES } from "./remembered-codes.ts";
import { STATEMENT_CODES } from "./statement-codes.ts";

/** Every code there is, and how it comes about: one without an entry does not compile. */
export const PRODUCED = {
  ...GUARD_CODES,
  ...CHAIN_CODES,
  ...PROOF_CODES,
  ...GRANT_CODES,
  ...DECISION_CODES,
  ...FILTER_CODES,
  ...STATE_CODES,
  ...REMEMBERED_CODES,
  ...RESULT_CODES,
  ...HOLDER_CODES,
  ...STATEMENT_CODES,
  ...START_CODES,
} satisfies Record<ErrorCode, Case>;
