import { HopwiseError, type Subject } from "@hopwise/core";
import { faultOf, inOwnWords, settleInTime } from "@hopwise/core/adapter";
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

/** What it answers, in time. @throws {HopwiseError} `guard_failed` where it is late; also what it throws */
export async function answerInTime(asked: unknown, deadlineMs: number): Promise<unknown> {
  // Nothing but the deadline rejects here.
  const [answer] = await settleInTime(deadlineMs, Promise.allSettled([asked])).catch(() => {
    throw inOwnWords(new HopwiseError("guard_failed", `it gave no answer within ${deadlineMs} ms`));
  });
  if (answer.status === "rejected") throw answer.reason;
  return answer.value;
}

/**
 * The denial of a request of which it could not be told whose it is. A login that is not right will be no better when the same
 * call is made again; what cannot be told just now may be.
 */
export function unauthenticated(error: unknown): {
  readonly code: "authentication_failed" | "guard_failed";
  readonly message: string;
} {
  const isForNow = error instanceof HopwiseError && error.code === "guard_failed";
  const message = `userFromAuth could not say whose it is: ${faultOf(error)}`;
  return { code: isForNow ? "guard_failed" : "authentication_failed", message };
}

/**
 * The user that it gave; undefined where it says that nobody is logged in. The very object: its directory may know by it which
 * login this is (`oidcUsers`), and the authorizer makes a copy that is known as well. @throws for anything else
 */
export function userIn(given: unknown): Subject | undefined {
  if (given === undefined || given === null) return undefined;
  const { issuer, subject } = Object(given) as Partial<Subject>;
  if (typeof issuer === "string" && issuer !== "" && typeof subject === "string" && subject !== "") {
    return given as Subject;
  }
  return unknown("it gave no { issuer, subject }");
}

function unknown(why: string): never {
  throw inOwnWords(new HopwiseError("config_invalid", why));
}
