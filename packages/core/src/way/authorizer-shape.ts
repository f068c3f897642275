import { isListOf } from "../lib/index.ts";
import { hasMethods, madeOf, type Shape, such } from "../options/index.ts";
import type { Authorizer } from "./authorizer.ts";
import { behavedAuthorizer, METHODS } from "./behaved-authorizer.ts";

/**
 * For adapters, which get one: of this package, or one that a program wrapped, which may have left out what is no method. It comes
 * out as one that behaves.
 */
export const AUTHORIZER: Shape = madeOf(
  such("an authorizer, such as createAuthorizer({ … })", (value) => {
    if (!hasMethods(value, METHODS)) return false;
    const { audience, deadlineMs } = value as Partial<Authorizer>;
    return isListOf(audience, (name) => typeof name === "string") && typeof deadlineMs === "number" && deadlineMs > 0;
  }),
  behavedAuthorizer,
);
