import { HopwiseError } from "../errors.ts";
import { defined, listed, patiently, type Wait } from "../lib/index.ts";
import type { ContextOrigin } from "../source/index.ts";
import type { Subject } from "../token/index.ts";
import { ask } from "./ask.ts";
import type { IssuedUser, UserDirectory } from "./sources.ts";
import type { UserIds } from "./user-ids.ts";

/** The user at the origin of a chain, and how old that knowledge is. */
export interface FoundUser {
  readonly user: IssuedUser;
  /** Whether the directory gave another id than can be told without it. */
  readonly hasOwnId: boolean;
  readonly origin: ContextOrigin;
}

/**
 * Finds the user at the origin.
 *
 * @throws {HopwiseError} `user_unknown`; `attributes_invalid` for an id that a user may not have; `context_unavailable`
 */
export async function findUser(
  subject: Subject,
  directory: UserDirectory,
  ids: UserIds,
  wait: Wait = patiently,
): Promise<FoundUser> {
  const { value: user, ageMs } = await ask(
    directory,
    subject,
    "context_unavailable",
    "the user directory could not tell who the user is",
    0,
    wait,
  );
  if (user === undefined) {
    const user = listed([subject.subject]);
    const message = `the user directory knows no user ${user} of ${listed([subject.issuer])}`;
    throw new HopwiseError("user_unknown", message, { hop: 0 });
  }
  const id = ids(user, subject);
  // Only what a user has: a directory may give a million members beside it, as they stand in its table.
  const { roles, attributes, scope, policyVersion } = user;
  return {
    user: { ...defined({ roles, attributes, scope, policyVersion }), id, issuer: subject.issuer },
    hasOwnId: id !== ids(undefined, subject),
    origin: { of: id, source: directory.name ?? "users", ageMs },
  };
}
