import { HopwiseError } from "../errors.ts";
import type { ContextOrigin } from "../source/index.ts";
import type { Subject } from "../token/index.ts";
import { ask } from "./ask.ts";
import { AGENT_PREFIX } from "./hop.ts";
import type { User, UserDirectory } from "./sources.ts";

/** The user at the origin of a chain, and how old that knowledge is. */
export interface FoundUser {
  readonly user: User;
  readonly origin: ContextOrigin;
}

/**
 * Finds the user at the origin.
 *
 * @throws {HopwiseError} `user_unknown`; `attributes_invalid` for an id that a user may not have; `context_unavailable`
 */
export async function findUser(subject: Subject, directory: UserDirectory): Promise<FoundUser> {
  const { value: user, ageMs } = await ask(
    directory,
    subject,
    "context_unavailable",
    "the user directory could not tell who the user is",
    0,
  );
  if (user === undefined) {
    throw new HopwiseError("user_unknown", "the user directory knows no such user of this issuer", { hop: 0 });
  }
  if (typeof user.id !== "string" || user.id === "" || user.id.startsWith(AGENT_PREFIX)) {
    throw new HopwiseError(
      "attributes_invalid",
      `the user directory gave an id that no user may have: none, an empty one, or one beginning with "${AGENT_PREFIX}"`,
      {
        hop: 0,
      },
    );
  }
  return { user, origin: { of: user.id, source: directory.name ?? "users", ageMs } };
}
