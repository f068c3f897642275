import { optionsOf } from "../options/index.ts";
import type { Subject } from "../token/index.ts";
import { TRAIT_ROWS, usersFrom } from "./directories.ts";
import { askedOverHttp, checkAddress, HTTP_ROWS, type HttpSourceOptions } from "./over-http.ts";
import type { User, UserDirectory, UserDirectoryTraits } from "./sources.ts";

export interface HttpUsersOptions extends HttpSourceOptions<Subject, User>, UserDirectoryTraits {}

const readHttpUsers = optionsOf<HttpUsersOptions>("usersOverHttp", { ...HTTP_ROWS, ...TRAIT_ROWS });

/**
 * A user directory behind HTTP. `404` and `410` mean that the user is unknown; any other answer but `200`, one that is too
 * long, one that is no JSON, and one of which `parse` makes no user count as failures, each in words of its own for the
 * operator. Redirects are not followed: they would carry the headers elsewhere.
 *
 * ```ts
 * usersOverHttp({ name: "hr", issuers: ["https://id.acme.example"], url: ({ subject }) => `https://hr.acme.example/users/${encodeURIComponent(subject)}`, parse: (body) => body as User })
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for times that cannot be right, and for a `url` that gives no address whoever the user
 *   is, as where an environment variable is not set
 */
export function usersOverHttp(options: HttpUsersOptions): UserDirectory {
  const read = readHttpUsers(options);
  let looksAtIssuer = false;
  const anybody = (subject: string): Subject => ({
    subject,
    get issuer() {
      // It may know no other issuers than its own.
      looksAtIssuer = true;
      return "https://id.example";
    },
  });
  const isJudged = checkAddress(
    "usersOverHttp",
    "user",
    (name) => read.url(anybody(name)),
    () => looksAtIssuer,
  );
  const whom = { one: "user", nameOf: ({ subject }: Subject): string => subject } as const;
  const renamed = ({ issuer }: Subject, subject: string): Subject => ({ issuer, subject });
  return usersFrom(askedOverHttp(read, isJudged ? whom : { ...whom, renamed }));
}
