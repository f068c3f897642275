import { HopwiseError } from "../errors.ts";
import { dropPromises } from "../lib/index.ts";
import type { Subject } from "../token/index.ts";
import { AGENT_PREFIX } from "./hop.ts";
import type { User, UserDirectoryTraits } from "./sources.ts";

/**
 * The id that policies see of a user.
 *
 * @param user what the directory says; undefined where it was not asked: then the id that can be told without it. So a record of
 *   a call that was stopped before says who it was as one of a later call does
 * @throws {HopwiseError} `attributes_invalid` for one that no user may have
 */
export type UserIds = (user: User | undefined, subject: Subject) => string;

/** Prefix of ids made of issuer and subject, so that no directory's id is taken for one. */
const ISSUED_PREFIX = "iss:";

/**
 * Two users never share an id. Where users of one issuer come, their ids are the directory's; where those of several do,
 * an id is made of issuer and subject, unless the directory says that its ids are unique. A user of an issuer that is not
 * trusted with chains (`userFromAuth`) is always told apart so from the users of the one that is.
 *
 * @param trusted the issuers of the trust anchors. Where there is none, the directory may say whose users it has; where it
 *   does not, anybody's users may come
 */
export function createUserIds(trusted: readonly string[], { uniqueIds, issuers = [] }: UserDirectoryTraits): UserIds {
  const known = new Set(trusted.length > 0 ? trusted : issuers);
  const several = known.size > 1;
  const [home] = known;
  return (user, { issuer, subject }) => {
    const id = user === undefined ? subject : checkedId(user);
    if (uniqueIds === true) return id;
    if (several || issuer !== home) return issuedId(issuer, subject);
    if (user === undefined || !id.startsWith(ISSUED_PREFIX)) return id;
    return refuse(`beginning with "${ISSUED_PREFIX}", which marks ids made of issuer and subject`);
  };
}

/**
 * Ids stay what they are while a process lives. An issuer that is trusted later may not make them others at its next start:
 * a rule that names a user would fall silent then.
 *
 * @param began the issuers that were trusted at first
 * @param next those that shall be
 * @throws {HopwiseError} `config_invalid`
 */
export function checkLaterIssuers(
  began: readonly string[],
  next: readonly string[],
  { uniqueIds }: UserDirectoryTraits,
): void {
  if (uniqueIds === true || new Set(began).size > 1) return;
  const another = next.find((issuer) => !began.includes(issuer));
  if (another === undefined) return;
  throw new HopwiseError(
    "config_invalid",
    `replace: "${another}" was not trusted when the authorizer was made, and cannot be added while it runs. Policies see a user of the only issuer by the directory's id, such as alice, and users of several issuers by ids such as ${issuedId("https://id.example", "alice")}; after the next start the same user would have another id, and rules that name it would fall silent. If the directory gives no two users one id, say uniqueIds: true of it; else make the authorizer anew, with all issuers`,
  );
}

/** An issuer's own name ends at the first `#`, so that no subject reads like another issuer's user. */
function issuedId(issuer: string, subject: string): string {
  return `${ISSUED_PREFIX}${issuer.replace(/[%#]/g, encodeURIComponent)}#${subject}`;
}

/** The prefix of an id that marks something else than a directory's user. */
export function reservedPrefix(id: string): string | undefined {
  return [AGENT_PREFIX, ISSUED_PREFIX].find((prefix) => id.startsWith(prefix));
}

function checkedId({ id }: User): string {
  // Cerbos reads each half of a character as one and the same sign: two ids would be one.
  if (typeof id === "string" && id !== "" && id.isWellFormed() && !id.startsWith(AGENT_PREFIX)) return id;
  dropPromises(id);
  return refuse(
    `one that is no text, an empty one, one with half a character, or one beginning with "${AGENT_PREFIX}"`,
  );
}

function refuse(which: string): never {
  throw new HopwiseError("attributes_invalid", `the user directory gave an id that no user may have: ${which}`, {
    hop: 0,
  });
}
