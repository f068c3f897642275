import { CODES, type ErrorCode, isDenialCode } from "../codes.ts";
import { nameOf, type Shape } from "../options/index.ts";

/** The code of a denial. */
export const DENIAL_CODE: Shape = nameOf(
  "the code of a denial, such as policy_denied",
  (Object.keys(CODES) as ErrorCode[]).filter(isDenialCode),
);
