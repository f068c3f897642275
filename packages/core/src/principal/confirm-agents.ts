import type { PublicJwk } from "../crypto/index.ts";
import { HopwiseError } from "../errors.ts";
import { isThenable, patiently, type Wait } from "../lib/index.ts";
import type { ContextOrigin, Found } from "../source/index.ts";
import { type Chain, isKeptJwk, isSha256 } from "../token/index.ts";
import { allOf, readOnce } from "./as-it-is.ts";
import { ask } from "./ask.ts";
import { checkClass, checkedKeys, checkSpelling } from "./check-agent.ts";
import { AGENT_PREFIX } from "./hop.ts";
import type { Agent, AgentClass, AgentRegistry } from "./sources.ts";
import { switchedOff } from "./switched-off.ts";

/** A caller can bring a refusal about at each call. */
const MOST_LOOKED_AT = 10;

/** The last part of an ephemeral agent's name. */
const RANDOM_PART = /^[A-Za-z0-9_-]{8,64}$/;

/** The agents of a chain as the registry knows them, in order, and how old that knowledge is. */
export interface ConfirmedAgents {
  readonly agents: readonly AgentClass[];
  readonly origins: readonly ContextOrigin[];
}

/**
 * Confirms every agent of a chain (step 7): registered, with the key that the registry pins to its name; or ephemeral,
 * of a class that its delegator may make, and named after both.
 *
 * @throws {HopwiseError} `agent_unknown`; `agent_depth_refused` where the registry lets an agent stand only in shorter
 *   chains; `agent_invalid` where it gives what is no agent; `registry_unavailable` where it cannot answer
 */
export async function confirmAgents(
  chain: Chain,
  registry: AgentRegistry,
  wait: Wait = patiently,
): Promise<ConfirmedAgents> {
  const asked = chain.links.map(({ agent: name }, i) =>
    ask(registry, name, "registry_unavailable", `the agent registry could not tell who "${name}" is`, i + 1, wait),
  );
  const answers = asked.some(isThenable) ? await Promise.all(asked) : (asked as readonly Found<Agent>[]);
  const confirmed: AgentClass[] = [];
  for (const [i, link] of chain.links.entries()) {
    const { agent: name } = link;
    const own = answers[i]?.value;
    const given = own ?? ephemeralClass(name, chain.links[i - 1]?.agent, confirmed[i - 1]);
    const agent = given && readOnce(given);
    if (own !== undefined) checkPinned(agent as Agent, link, i + 1);
    if (given === undefined || agent === undefined) {
      throw new HopwiseError(
        "agent_unknown",
        `no agent "${name}" is registered; register it with its key, or name its class among the classes of its delegator`,
        {
          hop: i + 1,
        },
      );
    }
    checkClass(agent, name, i + 1);
    checkOn(given, name, i + 1);
    checkSpelling(given, name, i + 1, agent);
    checkDepth(agent, name, chain.links.length, i + 1);
    confirmed.push(agent);
  }
  const source = registry.name ?? "agents";
  const origins = chain.links.map(({ agent }, i): ContextOrigin => {
    return { of: AGENT_PREFIX + agent, source, ageMs: answers[i]?.ageMs ?? 0 };
  });
  return { agents: confirmed, origins };
}

/** Of a class, too: a registry may keep one that nobody makes any more. */
function checkOn(given: AgentClass, name: string, hop: number): void {
  const off = switchedOff(given);
  if (off === undefined) return;
  const message = `the agent registry has "${name}" no more: ${off}`;
  throw new HopwiseError("agent_unknown", message, { hop });
}

function checkDepth({ maxDepth }: AgentClass, name: string, agents: number, hop: number): void {
  if (maxDepth === undefined || agents <= maxDepth) return;
  throw new HopwiseError(
    "agent_depth_refused",
    `the agent registry lets "${name}" stand in chains of at most ${maxDepth} agents, and this one has ${agents}`,
    { hop },
  );
}

function checkPinned(agent: Agent, { agent: name, key, jwk }: Chain["links"][number], hop: number): void {
  const keys = checkedKeys(agent, name, hop);
  if (!keys.some((own) => (typeof own === "string" ? own === key : isSameKey(own, jwk)))) {
    throw new HopwiseError(
      "agent_unknown",
      `the chain names agent "${name}" with a key that is not registered as its own (thumbprint ${key}); add it to the agent's keys if it is right${unfitWords(keys)}`,
      { hop },
    );
  }
}

/** Registries keep keys for other things, too, and in other forms: then the right one is there, and nothing but its form is wrong. */
function unfitWords(keys: Agent["keys"]): string {
  if (keys.length === 0) return ". The registry has no key of it";
  const unfit = keys.slice(0, MOST_LOOKED_AT).findIndex((own) => !isSha256(own) && !isKeptJwk(own));
  if (unfit === -1) return "";
  return `. Its keys[${unfit}] in the registry can be no agent's: there stands a public JWK of an Ed25519 or P-256 key, without d, or its thumbprint`;
}

/** The class that an unregistered agent's name claims, if its delegator may make agents of that class. */
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
  const { class: own = className, ...others } = allOf(known[className] as AgentClass);
  return { class: own, ...others };
}

/** Keys with the same members are the same key: comparing them needs no thumbprint. */
function isSameKey(own: PublicJwk, other: PublicJwk): boolean {
  return (
    own.x === other.x &&
    own.crv === other.crv &&
    own.kty === other.kty &&
    (own.kty === "OKP" || own.y === (other as typeof own).y)
  );
}
