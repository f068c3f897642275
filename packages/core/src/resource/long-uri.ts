import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { RESOURCES } from "./tool-map.ts";

/**
 * The longest URI of a resource, in UTF-16 code units: about as long as web servers take. Servers' own parsers of URIs may take
 * time that grows with the square of the length, for whoever may send a request.
 */
const LONGEST_URI = 8192;

/**
 * A URI that is too long is refused before anybody reads it, be it the map's templates or the server's own.
 *
 * @returns `arguments_malformed`
 */
export function refuseLongUri(tool: string, { uri }: JsonObject): HopwiseError | undefined {
  if (tool !== RESOURCES || typeof uri !== "string" || uri.length <= LONGEST_URI) return undefined;
  const problem = `the uri of a resource is longer than ${LONGEST_URI} characters`;
  return new HopwiseError("arguments_malformed", problem, { pointer: "/uri" });
}
