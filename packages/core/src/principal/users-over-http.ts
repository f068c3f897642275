import { HopwiseError } from "../errors.ts";
import { leave, readText } from "../lib/index.ts";
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
 * long, one that is no JSON, and one of which `parse` makes no user count as failures. Redirects are not followed: they
 * would carry the headers elsewhere.
 *
 * @throws {HopwiseError} `config_invalid` for times that cannot be right
 */
export function usersOverHttp(options: HttpUsersOptions): UserDirectory {
  const { url, parse, headers, maxBytes = MAX_BYTES, fetch = globalThis.fetch, ...rest } = readHttpUsers(options);
  return usersFrom({
    ...rest,
    find: async (subject, { signal }) => {
      if (LEADS_ELSEWHERE.test(subject.subject)) return undefined;
      const response = await fetch(url(subject), {
        signal,
        redirect: "error",
        headers: { accept: "application/json", ...(await headers?.()) },
      });
      if (response.status !== 200) {
        leave(response.body);
        if (response.status === 404 || response.status === 410) return undefined;
        fail(`it answered ${response.status}`);
      }
      const text = await readText(response, maxBytes);
      if (text === undefined) return fail(`its answer is longer than ${maxBytes} bytes (maxBytes)`);
      const user: unknown = await parse(jsonOf(text), subject);
      // Not "unknown", which would be for ever: that has statuses of its own.
      if (user === undefined || user === null) fail("parse made no user of its answer");
      return user as User;
    },
  });
}

/** As a step of a path these lead to another place, even escaped: `/users/..` is `/`. */
const LEADS_ELSEWHERE = /^\.{0,2}$/;

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
