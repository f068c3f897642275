import { HopwiseError } from "../errors.ts";
import { defined, listed, otherSpelling, patiently, type Wait } from "../lib/index.ts";
import { type ContextOrigin, PLACES } from "../source/index.ts";
import type { Subject } from "../token/index.ts";
import { readOnce } from "./as-it-is.ts";
import { ask } from "./ask.ts";
import type { IssuedUser, UserDirectory } from "./sources.ts";
import { switchedOff } from "./switched-off.ts";
import type { UserIds } from "./user-ids.ts";

const otherPlace = otherSpelling(PLACES);

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
  // One made of a function may go by the subject alone: another issuer's alice would get the roles of its own.
  const { issuers = [subject.issuer] } = directory;
  if (!issuers.includes(subject.issuer)) {
    throw unknown(subject, issuers.length === 0 ? "" : `; it has those of ${listed(issuers)}`);
  }
  const { value, ageMs } = await ask(
    directory,
    subject,
    "context_unavailable",
    "the user directory could not tell who the user is",
    0,
    wait,
  );
  if (value === undefined) throw unknown(subject);
  // Only what a user has: a directory may give a million members beside it, as they stand in its table.
  const user = readOnce(value);
  const id = ids(user, subject);
  const off = switchedOff(value);
  if (off !== undefined) throw unknown(subject, ` any more: ${off}`);
  const spelt = otherPlace(value, user);
  if (spelt !== undefined) {
    const message = `the user directory gave a member ${spelt[0]}, which is not read: policies of no ${spelt[1]} would be asked; call it ${spelt[1]}, or leave it out`;
    throw new HopwiseError("attributes_invalid", message, { hop: 0 });
  }
  const { roles, attributes, scope, policyVersion } = user;
  return {
    user: { ...defined({ roles, attributes, scope, policyVersion }), id, issuer: subject.issuer },
    hasOwnId: id !== ids(undefined, subject),
    origin: { of: id, source: directory.name ?? "users", ageMs },
  };
}

function unknown({ issuer, subject }: Subject, why = ""): HopwiseError {
  const message = `the user directory knows no user ${listed([subject])} of ${listed([issuer])}${why}`;
  return new HopwiseError("user_unknown", message, { hop: 0 });
}
