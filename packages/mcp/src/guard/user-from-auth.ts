import { HopwiseError, type Subject } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { cameOverHttp, headersOf, type MessageExtra } from "../protocol/index.ts";
import type { Guard } from "./guard.ts";

/** Asks the server's authentication whose a request is. Undefined where nobody is asked. @throws also what it throws */
export function askForUser(userFromAuth: Guard["userFromAuth"], extra: MessageExtra | undefined): unknown {
  const headers = headersOf(extra);
  if (userFromAuth !== undefined && headers === undefined && cameOverHttp(extra)) {
    return unknown("the transport did not tell the headers of the request");
  }
  return headers && userFromAuth?.({ headers });
}

/** The user that it gave; undefined where it says that nobody is logged in. @throws for anything else */
export function userIn(given: unknown): Subject | undefined {
  if (given === undefined || given === null) return undefined;
  const { issuer, subject } = Object(given) as Partial<Subject>;
  if (typeof issuer === "string" && typeof subject === "string" && subject !== "") return { issuer, subject };
  return unknown("it gave no { issuer, subject }");
}

function unknown(why: string): never {
  throw inOwnWords(new HopwiseError("config_invalid", why));
}
