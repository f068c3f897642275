import { HopwiseError, isOwn } from "../errors.ts";
import { faultWord, hasUnset, hostHeaders, leave, readText, whyNoAnswer } from "../lib/index.ts";
import { atOnce, func, maybe, optionsOf, whole } from "../options/index.ts";
import { ANSWER_ROWS, type CachedSourceOptions } from "../source/index.ts";
import type { Subject } from "../token/index.ts";
import { TRAIT_ROWS, usersFrom } from "./directories.ts";
import type { User, UserDirectory, UserDirectoryTraits } from "./sources.ts";

export interface HttpUsersOptions
  extends Omit<CachedSourceOptions<Subject, User>, "find" | "keyOf" | "tenantOf">,
    UserDirectoryTraits {
  /**
   * The address of a user. Put the subject through `encodeURIComponent`: a partner's issuer may have chosen it. The
   * subjects `.` and `..`, which escaping cannot make safe, count as unknown without a request.
   */
  readonly url: (subject: Subject) => string | URL;
  /** Reads the user from a response's JSON; throw where the JSON is not as expected. */
  readonly parse: (body: unknown, subject: Subject) => User;
  /** Headers of each request, such as `authorization`. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** The longest answer that is read, in bytes after decompression. A longer one counts as a failure. Default 1 MiB. */
  readonly maxBytes?: number;
  readonly fetch?: typeof globalThis.fetch;
}

const MAX_BYTES = 1024 * 1024;

const readHttpUsers = optionsOf<HttpUsersOptions>("usersOverHttp", {
  ...ANSWER_ROWS,
  ...TRAIT_ROWS,
  url: atOnce("a function that gives a user's address"),
  parse: func("a function that reads the user from the JSON"),
  headers: maybe(func("a function that gives the headers")),
  maxBytes: maybe(whole({ min: 1, max: 64 * 1024 * 1024, example: MAX_BYTES })),
  fetch: maybe(func("a function like fetch")),
});

/**
 * A user directory behind HTTP. `404` and `410` mean that the user is unknown; any other answer but `200`, one that is too
 * long, one that is no JSON, and one of which `parse` makes no user count as failures, each in words of its own for the
 * operator. Redirects are not followed: they would carry the headers elsewhere.
 *
 * @throws {HopwiseError} `config_invalid` for times that cannot be right, and for a `url` that gives no address whoever the user
 *   is, as where an environment variable is not set
 */
export function usersOverHttp(options: HttpUsersOptions): UserDirectory {
  const read = readHttpUsers(options);
  const { url, parse, headers, maxBytes = MAX_BYTES, fetch = globalThis.fetch, ...rest } = read;
  checkAddressOfAnybody(url);
  return usersFrom({
    ...rest,
    find: async (subject, { signal }) => {
      if (LEADS_ELSEWHERE.test(subject.subject)) return undefined;
      const address = await step("url failed", inAWord, () => url(subject)).then(addressOf);
      const own = await step("headers failed", inAWord, () => hostHeaders(headers));
      // A redirect would carry the headers elsewhere. It is an answer like any other that is not 200, and is told as one.
      const init = { signal, redirect: "manual" as const, headers: { accept: "application/json", ...own } };
      const response = await step(`no answer at ${address.origin}: `, whyNoAnswer, () => fetch(address.href, init));
      if (response.status !== 200) {
        leave(response.body);
        if (response.status === 404 || response.status === 410) return undefined;
        fail(`it answered ${response.status}`);
      }
      const text = await step("its answer broke off, or is no UTF-8", inAWord, () => readText(response, maxBytes));
      if (text === undefined) return fail(`its answer is longer than ${maxBytes} bytes (maxBytes)`);
      const json = jsonOf(text);
      const user: unknown = await step("parse failed", inAWord, () => parse(json, subject));
      // Not "unknown", which would be for ever: that has statuses of its own.
      if (user === undefined || user === null) fail("parse made no user of its answer");
      return user as User;
    },
  });
}

/** As a step of a path these lead to another place, even escaped: `/users/..` is `/`. */
const LEADS_ELSEWHERE = /^\.{0,2}$/;

/**
 * A `url` that looks at nothing but the subject gives an address for anybody, or for nobody. One that looks at the issuer may
 * know no other issuers than its own, and is judged when it is asked.
 */
function checkAddressOfAnybody(url: HttpUsersOptions["url"]): void {
  let looksAtIssuer = false;
  const anybody = {
    subject: "somebody",
    get issuer() {
      looksAtIssuer = true;
      return "https://id.example";
    },
  };
  let problem: string | undefined;
  try {
    problem = problemOf(url(anybody));
  } catch {
    // It may know its own users alone.
  }
  if (problem === undefined || looksAtIssuer) return;
  throw new HopwiseError("config_invalid", `usersOverHttp: url: ${problem}`, { pointer: "/url" });
}

function addressOf(given: unknown): URL {
  const problem = problemOf(given);
  return problem === undefined ? new URL(given as string | URL) : fail(problem);
}

/** Why that is no address to ask. It is not quoted: a user's id is in it. */
function problemOf(given: unknown): string | undefined {
  const text = typeof given === "string" || given instanceof URL ? String(given) : "";
  const [unset] = /^(undefined|null)\b/.exec(text) ?? [];
  if (unset !== undefined) return `the address of a user begins with "${unset}": is an environment variable not set?`;
  if (URL.canParse(text) && hasUnset(new URL(text).host)) {
    return 'the address of a user has "undefined" in its host: is an environment variable not set?';
  }
  const { protocol = "", username, password } = URL.canParse(text) ? new URL(text) : ({} as Partial<URL>);
  if (username || password) return "the address of a user has a password in it, which belongs into headers";
  const isHttp = ["http:", "https:"].includes(protocol);
  return isHttp ? undefined : "the address of a user is no http(s) address, such as https://hr.example/users/alice";
}

/** @param why what may be told of what it throws, to end the sentence */
async function step<T>(what: string, why: (cause: unknown) => string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (isOwn(cause)) throw cause;
    throw new HopwiseError("context_unavailable", `${what}${why(cause)}`, { cause });
  }
}

/** A word of its own may tell more. */
function inAWord(cause: unknown): string {
  const word = faultWord(cause);
  return word === undefined ? "" : ` (${word})`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error of the parser would quote the text.
    return fail("its answer is no JSON");
  }
}

function fail(why: string): never {
  throw new HopwiseError("context_unavailable", why);
}
