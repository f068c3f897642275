import type { Principal } from "@cerbos/core";
import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { dropPromises, hiddenInName, isListOf, MOST_ITEMS, plainName } from "../lib/index.ts";
import { attributesFrom, placeOf } from "../source/index.ts";
import type { Hop } from "./hop.ts";
import type { AgentClass, IssuedUser, User } from "./sources.ts";

/** The attribute that tells a policy where in a chain the principal stands. */
export const DELEGATION = "delegation";

/**
 * One Cerbos principal a hop. What a policy sees of hop i is built from hops 0 to i alone: adding a hop adds a question
 * and changes none of the others. Roles of two hops never meet in one principal, since Cerbos unions roles.
 *
 * @param added the attributes that further sources gave for each hop, by source
 * @throws {HopwiseError} `attributes_invalid` where a source gives a value that cannot be put to a policy
 */
export function principalsOf(
  user: IssuedUser,
  agents: readonly AgentClass[],
  hops: readonly Hop[],
  added: readonly JsonObject[] = [],
): readonly Principal[] {
  const userAttributes = attributesOf(user, added[0], 0);
  const origin = { id: user.id, issuer: user.issuer, roles: rolesOf(user, user.id, 0), attr: userAttributes };
  return hops.map((hop, depth): Principal => {
    const source = depth === 0 ? user : (agents[depth - 1] as AgentClass);
    const roles = rolesOf(source, hop.id, depth);
    const delegator = hops[depth - 1];
    const attr = {
      ...(depth === 0 ? userAttributes : attributesOf(source, added[depth], depth)),
      [DELEGATION]: {
        kind: hop.kind,
        depth,
        user: origin,
        ...(delegator !== undefined && { delegator: { ...delegator } }),
        chain: hops.slice(0, depth + 1).map((member) => ({ ...member })),
      },
    };
    const place = placeOf(source, (problem) => {
      throw new HopwiseError("attributes_invalid", `the directory's entry of "${hop.id}": ${problem}`, { hop: depth });
    });
    return { id: hop.id, roles, attr: attr as NonNullable<Principal["attr"]>, ...place };
  });
}

function rolesOf({ roles }: User | AgentClass, id: string, hop: number): string[] {
  if (!isListOf(roles, (role) => typeof role === "string" && role !== "", MOST_ITEMS)) {
    dropPromises(roles);
    const message = `the roles of "${id}" are not a list of texts, at most ${MOST_ITEMS}`;
    throw new HopwiseError("attributes_invalid", message, { hop });
  }
  if (roles.length === 0) {
    throw new HopwiseError(
      "attributes_invalid",
      `"${id}" has no role, and Cerbos decides by roles; give it at least one`,
      { hop },
    );
  }
  for (const role of roles) {
    const hidden = hiddenInName(role);
    // No rule names it: one that denies the role that it looks like would let it through.
    if (hidden === undefined) continue;
    const message = `a role of "${id}", "${plainName(role)}", looks like another one: ${hidden}; correct it in the directory`;
    throw new HopwiseError("attributes_invalid", message, { hop });
  }
  // A join of tables gives a role twice, and Cerbos takes no request with one that stands twice.
  return [...new Set(roles)];
}

/** The attributes of a directory or registry, and those that further sources add under their own names. */
function attributesOf(source: User | AgentClass, added: JsonObject | undefined, hop: number): JsonObject {
  const { attributes, class: kind, owner } = source as AgentClass;
  const own = plain(attributes, hop);
  const taken = [...Object.keys(added ?? {}), DELEGATION].find(
    // Checked before and after the copy: refuses a taken name that holds `undefined`, and one that appears late.
    (name) => Object.hasOwn(attributes ?? {}, name) || Object.hasOwn(own, name),
  );
  if (taken !== undefined) {
    throw new HopwiseError(
      "attributes_invalid",
      `the attributes of hop ${hop} have a member "${taken}", which is ${taken === DELEGATION ? "Hopwise's own name" : "the name of a source"}`,
      { hop },
    );
  }
  return { ...own, ...(kind !== undefined && { class: kind }), ...(owner !== undefined && { owner }), ...added };
}

function plain(attributes: JsonObject | undefined, hop: number): JsonObject {
  if (attributes === undefined) return {};
  try {
    return attributesFrom(attributes);
  } catch (cause) {
    throw new HopwiseError("attributes_invalid", `the attributes of hop ${hop}: ${(cause as Error).message}`, {
      hop,
      cause,
    });
  }
}
