import { HopwiseError } from "../errors.ts";
import { type Agent, type AgentRegistry, inMemoryAgents } from "../principal/index.ts";
import { generateSigner, type Signer } from "../token/index.ts";

/** An agent as policies see it. Default of `roles`: `agent`. */
export interface CompanyAgent extends Partial<Omit<Agent, "keys">> {
  /** Default: a fresh Ed25519 key. */
  readonly key?: Signer;
}

/** The agents of a company, registered, with their keys. */
export interface Staff {
  readonly registry: AgentRegistry;
  readonly keys: { readonly [name: string]: Signer };
  /** @throws {HopwiseError} `config_invalid` */
  keyOf(name: string): Signer;
}

/** Registers agents, and makes the keys that they have not. */
export async function staffOf(agents: { readonly [name: string]: CompanyAgent }): Promise<Staff> {
  const registered: Record<string, Agent> = {};
  const keys: Record<string, Signer> = {};
  for (const [name, { key = await generateSigner(), roles = ["agent"], ...more }] of Object.entries(agents)) {
    registered[name] = { ...more, roles, keys: [key.publicJwk] };
    keys[name] = key;
  }
  return {
    registry: inMemoryAgents(registered),
    keys,
    keyOf: (name) => {
      const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
      if (key !== undefined) return key;
      throw new HopwiseError(
        "config_invalid",
        `the company has no agent "${name}"; it has ${Object.keys(keys).join(", ") || "none"}. For a stranger, say { to, holder }`,
      );
    },
  };
}
