import { type JsonValue, parseJsonBytes } from "../../json/index.ts";
import { forMore } from "../../lib/index.ts";
import type { CompactJws } from "./jws.ts";
import { type Limits, payloadDepth } from "./limits.ts";

/**
 * The payload of a token, read no deeper than the deepest grant needs that the limits allow.
 *
 * @throws {HopwiseError} `token_malformed`
 */
export function payloadOf({ payload }: CompactJws, limits: Limits): JsonValue {
  return parseJsonBytes(payload, {
    code: "token_malformed",
    what: "a token's payload",
    maxDepth: payloadDepth(limits),
    deeper: `; ${forMore("constraintDepth")}`,
  });
}
