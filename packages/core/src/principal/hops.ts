import type { Principal } from "@cerbos/core";
import type { PublicJwk } from "../crypto/index.ts";
import { HopwiseError } from "../errors.ts";
import { freezeJson, isJsonObject, type JsonObject } from "../json/index.ts";
import type { Chain, Subject } from "../token/index.ts";
import type { Agent, AgentClass, AgentRegistry, User, UserDirectory } from "./sources.ts";

/** Who stands at a place of a chain. Index 0 is the user; what follows are agents. */
export interface Hop {
  readonly kind: "user" | "agent";
  /** The id policies see: the user's own, or `agent:` and the agent's name. */
  readonly id: string;
}

/** Prefix of agents' ids, so that no user's id can meet a policy that is written for an agent. */
const AGENT_PREFIX = "agent:";
/** The attribute that tells a policy where in a chain the principal stands. */
const DELEGATION = "delegation";
const ATTRIBUTE_LIMITS = { maxDepth: 16, maxSize: 256 * 1024 };

/** The last part of an ephemeral agent's name. */
const RANDOM_PART = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * Confirms every agent of a chain (step 7): registered, with the key that the registry pins to its name; or ephemeral,
 * of a class that its delegator may make, and named after both.
 *
 * @throws {HopwiseError} `agent_unknown`; `context_unavailable` where the registry cannot tell
 */
export async function confirmAgents(chain: Chain, registry: AgentRegistry): Promise<readonly AgentClass[]> {
  const registered = await Promise.all(
    chain.links.map(({ agent: name }, i) =>
      ask(() => registry.find(name), `the agent registry could not tell who "${name}" is`, i + 1),
    ),
  );
  const confirmed: AgentClass[] = [];
  for (const [i, link] of chain.links.entries()) {
    const { agent: name } = link;
    const own = registered[i];
    if (own !== undefined) checkPinned(own, link, i + 1);
    const agent = own ?? ephemeralClass(name, chain.links[i - 1]?.agent, confirmed[i - 1]);
    if (agent === undefined) {
      throw new HopwiseError(
        "agent_unknown",
        `no agent "${name}" is registered; register it with its key, or let its delegator make agents of its class`,
        {
          hop: i + 1,
        },
      );
    }
    confirmed.push(agent);
  }
  return confirmed;
}

function checkPinned(agent: Agent, { agent: name, key, jwk }: Chain["links"][number], hop: number): void {
  if (!agent.keys.some((own) => (typeof own === "string" ? own === key : isSameKey(own, jwk)))) {
    throw new HopwiseError(
      "agent_unknown",
      `the chain names agent "${name}" with a key that is not registered as its own (thumbprint ${key}); add it to the agent's keys if it is right`,
      { hop },
    );
  }
}

/** The class that an unregistered name speaks of, if the one who made it may make such agents. */
function ephemeralClass(
  name: string,
  delegator: string | undefined,
  of: AgentClass | undefined,
): AgentClass | undefined {
  if (delegator === undefined || !name.startsWith(`${delegator}/`)) return undefined;
  const [className = "", random = "", ...more] = name.slice(delegator.length + 1).split("/");
  const known = of?.classes;
  if (more.length > 0 || !RANDOM_PART.test(random) || known === undefined || !Object.hasOwn(known, className))
    return undefined;
  return known[className];
}

/** The same members have the same thumbprint, and need none to be seen to be the same. */
function isSameKey(own: PublicJwk, other: PublicJwk): boolean {
  return (
    own.x === other.x &&
    own.crv === other.crv &&
    own.kty === other.kty &&
    (own.kty === "OKP" || own.y === (other as typeof own).y)
  );
}

/**
 * Finds the user at the origin.
 *
 * @throws {HopwiseError} `context_unavailable`
 */
export async function findUser(subject: Subject, directory: UserDirectory): Promise<User> {
  const user = await ask(() => directory.find(subject), "the user directory could not tell who the user is", 0);
  if (user === undefined) {
    throw new HopwiseError("context_unavailable", "the user directory knows no such user of this issuer", { hop: 0 });
  }
  if (user.id === "" || user.id.startsWith(AGENT_PREFIX)) {
    throw new HopwiseError(
      "context_unavailable",
      `the user directory gave an id that no user may have: empty, or beginning with "${AGENT_PREFIX}"`,
      {
        hop: 0,
      },
    );
  }
  return user;
}

async function ask<T>(find: () => T | Promise<T>, problem: string, hop: number): Promise<T> {
  try {
    return await find();
  } catch (cause) {
    throw new HopwiseError("context_unavailable", problem, { hop, cause });
  }
}

/** The hops of a chain, in order, as decisions and records name them. */
export function hopsOf(user: { readonly id: string }, agents: readonly string[]): readonly Hop[] {
  return [{ kind: "user", id: user.id }, ...agents.map((name): Hop => ({ kind: "agent", id: AGENT_PREFIX + name }))];
}

/**
 * One Cerbos principal a hop. What a policy sees of hop i is built from hops 0 to i alone: adding a hop adds a question
 * and changes none of the others. Roles of two hops never meet in one principal, since Cerbos unions roles.
 *
 * @throws {HopwiseError} `context_unavailable` where a source gives what a policy cannot be asked with
 */
export function principalsOf(user: User, agents: readonly AgentClass[], hops: readonly Hop[]): readonly Principal[] {
  const userAttributes = attributesOf(user.attributes, 0);
  const origin = { id: user.id, roles: [...user.roles], attr: userAttributes };
  return hops.map((hop, depth): Principal => {
    const source = depth === 0 ? user : (agents[depth - 1] as AgentClass);
    const { roles } = source;
    if (!Array.isArray(roles) || !roles.every((role: unknown) => typeof role === "string" && role !== "")) {
      throw new HopwiseError("context_unavailable", `the roles of "${hop.id}" are not a list of texts`, { hop: depth });
    }
    if (roles.length === 0) {
      throw new HopwiseError(
        "context_unavailable",
        `"${hop.id}" has no role, and Cerbos decides by roles; give it at least one`,
        { hop: depth },
      );
    }
    const delegator = hops[depth - 1];
    const attr = {
      ...(depth === 0 ? userAttributes : attributesOf(source.attributes, depth)),
      [DELEGATION]: {
        kind: hop.kind,
        depth,
        user: origin,
        ...(delegator !== undefined && { delegator: { ...delegator } }),
        chain: hops.slice(0, depth + 1).map((member) => ({ ...member })),
      },
    };
    return { id: hop.id, roles: [...source.roles], attr: attr as NonNullable<Principal["attr"]> };
  });
}

function attributesOf(attributes: JsonObject | undefined, hop: number): JsonObject {
  const problem = (text: string, cause?: unknown): never => {
    throw new HopwiseError("context_unavailable", `the attributes of hop ${hop} ${text}`, { hop, cause });
  };
  if (attributes === undefined) return {};
  if (Object.hasOwn(attributes, DELEGATION))
    return problem(`have a member "${DELEGATION}", which is Hopwise's own name`);
  try {
    const plain = freezeJson(attributes, ATTRIBUTE_LIMITS);
    return isJsonObject(plain) ? plain : problem("are not an object");
  } catch (cause) {
    return problem("are not plain JSON", cause);
  }
}
