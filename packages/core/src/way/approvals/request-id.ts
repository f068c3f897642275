import { randomId } from "../../crypto/index.ts";

/** A new request's id. People type it as an argument of a command, where one that begins with a dash would be an option. */
export function requestId(): string {
  const id = randomId();
  return id.startsWith("-") ? requestId() : id;
}
