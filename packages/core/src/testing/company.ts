import { HopwiseError } from "../errors.ts";
import type { Grant } from "../grant/index.ts";
import {
  type Agent,
  type AgentRegistry,
  inMemoryAgents,
  inMemoryUsers,
  type User,
  type UserDirectory,
} from "../principal/index.ts";
import type { ToolMap } from "../resource/index.ts";
import {
  createIssuer,
  type DelegateOrder,
  delegate,
  generateSigner,
  type HeldDelegation,
  type Issuer,
  isListing,
  type Signer,
} from "../token/index.ts";
import type { AuthorizerOptions } from "../way/index.ts";
import { allowAll } from "./answering-pdp.ts";
import { type TestAuthorizer, testAuthorizer } from "./test-authorizer.ts";
import { type TestClock, testClock } from "./test-clock.ts";

/** Who works at a company of a test, and which tools it has. */
export interface CompanyOptions<Name extends string = string> {
  /** Users by name, or a directory of your own. Default: `alice`, an `employee`. */
  readonly users?: { readonly [subject: string]: CompanyUser } | UserDirectory;
  /** The users whom the issuer may name. Default: those above; with a directory of your own, any. */
  readonly subjects?: readonly string[];
  /** Agents by name. Default: `planner` and `researcher`, each an `agent`. */
  readonly agents?: { readonly [name in Name]: CompanyAgent };
  /** Default: `read_invoice`, which reads an `invoice`, and `send_payment`, which sends a `payment`. */
  readonly tools?: ToolMap;
  /** The name of the enforcement point. Default: `https://tools.acme.example/mcp`. */
  readonly audience?: string;
  /** The name of the issuer. Default: `https://id.acme.example`. */
  readonly issuer?: string;
  /** Default: a fresh key. */
  readonly issuerKey?: Signer;
}

/** A user as policies see them. */
export type CompanyUser = Omit<User, "id"> & { readonly id?: string };

/** An agent as policies see it. Default of `roles`: `agent`. */
export interface CompanyAgent extends Partial<Omit<Agent, "keys">> {
  /** Default: a fresh Ed25519 key. */
  readonly key?: Signer;
}

/** A company of a test: an issuer, users, agents with their keys, tools, and a clock that all of them go by. */
export interface Company<Name extends string = string> {
  readonly issuer: Issuer;
  readonly users: UserDirectory;
  readonly agents: AgentRegistry;
  /** The key of each agent. */
  readonly keys: { readonly [name in Name]: Signer };
  readonly tools: ToolMap;
  readonly audience: string;
  readonly clock: TestClock;
  /**
   * Hands authority from a user to a first agent, and on from agent to agent. A name alone gets what the hop before it
   * has; the first agent then gets every tool of the map with any arguments.
   *
   * @throws {HopwiseError} `config_invalid` for an agent without a key; `chain_widened` and others, see `delegate`
   */
  chain(user: string, ...hops: readonly [ChainHop, ...ChainHop[]]): Promise<HeldDelegation>;
  /** Hands one chain on by one more hop. */
  delegate(parent: HeldDelegation, hop: ChainHop): Promise<HeldDelegation>;
  /**
   * Makes an authorizer with a memory and an audit of its own. By default every policy allows, and no policy rules on the
   * handing over; `cerbos` brings your own policies.
   */
  authorizer(options?: Partial<AuthorizerOptions>): TestAuthorizer;
}

/** The name of an agent; or an order that says what the agent gets, and for how long. */
export type ChainHop = string | HopOrder;

/** What one hop gets. Everything that is left out stays as the hop before it has it. */
export interface HopOrder extends Partial<Omit<DelegateOrder, "to" | "holder" | "clock" | "interop">> {
  readonly to: DelegateOrder["to"];
  /** Default: the key of the agent; a fresh key for a class of sub-agents. */
  readonly holder?: Signer;
}

const TOOLS: ToolMap = {
  read_invoice: { kind: "invoice", action: "read", id: "id" },
  send_payment: { kind: "payment", action: "send", id: "to" },
};

/**
 * Makes a company for tests.
 *
 * @example
 * ```ts
 * const company = await createCompany({
 *   users: { alice: { roles: ["analyst"], attributes: { paymentLimit: 1000 } } },
 *   agents: { planner: { roles: ["finance_agent"] }, researcher: { roles: ["reader_agent"] } },
 *   tools: { send_payment: { kind: "payment", action: "send", id: "to" } },
 * });
 * const researcher = await company.chain("alice", "planner", {
 *   to: "researcher",
 *   grant: grant({ send_payment: { to: exact("Globex"), amount: int({ max: 500 }) } }),
 * });
 * const decision = await company.authorizer().call(researcher, "send_payment", { to: "Globex", amount: 400 });
 * ```
 */
export async function createCompany<Name extends string = "planner" | "researcher">(
  options: CompanyOptions<Name> = {},
): Promise<Company<Name>> {
  const {
    users = { alice: { roles: ["employee"] } },
    agents = { planner: {}, researcher: {} },
    tools = TOOLS,
    audience = "https://tools.acme.example/mcp",
    issuer: issuerName = "https://id.acme.example",
    issuerKey = await generateSigner(),
  } = options;
  const clock = testClock();
  const directory = isDirectory(users) ? users : inMemoryUsers({ [issuerName]: users });
  const staff = await staffOf(agents);
  const issuer = await createIssuer({
    issuer: issuerName,
    signer: issuerKey,
    audiences: [audience],
    subjects: options.subjects ?? (isDirectory(users) ? "any" : Object.keys(users)),
    tools: "any",
    clock,
  });

  const handOn: Company["delegate"] = async (parent, hop) => {
    const { to, holder, ...order } = orderOf(hop);
    const key = holder ?? (typeof to === "string" ? staff.keyOf(to) : await generateSigner());
    return delegate(parent, { grant: parent.grant, clock, ...order, to, holder: key });
  };

  const start = async (subject: string, hop: ChainHop): Promise<HeldDelegation> => {
    const { to, holder, ...order } = orderOf(hop);
    if (typeof to !== "string") throw new HopwiseError("config_invalid", "a user hands to an agent by its name");
    const key = holder ?? staff.keyOf(to);
    return issuer.issue({ grant: order.grant ?? everyTool(tools), ...order, subject, agent: to, holder: key });
  };

  return {
    issuer,
    users: directory,
    agents: staff.registry,
    keys: staff.keys as Company<Name>["keys"],
    tools,
    audience,
    clock,
    chain: async (user, first, ...hops) => {
      let held = await start(user, first);
      for (const hop of hops) held = await handOn(held, hop);
      return held;
    },
    delegate: handOn,
    authorizer: (own = {}) =>
      testAuthorizer(
        {
          cerbos: allowAll(),
          audience,
          trust: [issuer.trustAnchor],
          users: directory,
          agents: staff.registry,
          tools,
          delegation: "grants-only",
          clock,
          issuer: issuerName,
        },
        own,
      ),
  };
}

function isDirectory(users: NonNullable<CompanyOptions["users"]>): users is UserDirectory {
  return typeof users["find" as never] === "function";
}

interface Staff {
  readonly registry: AgentRegistry;
  readonly keys: { readonly [name: string]: Signer };
  /** @throws {HopwiseError} `config_invalid` */
  keyOf(name: string): Signer;
}

async function staffOf(agents: { readonly [name: string]: CompanyAgent }): Promise<Staff> {
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
        `the company has no agent "${name}"; it has ${Object.keys(keys).join(", ")}. For a stranger, say { to, holder }`,
      );
    },
  };
}

function orderOf(hop: ChainHop): HopOrder {
  return typeof hop === "string" ? { to: hop } : hop;
}

/** Every tool that the map names, with any arguments. `"*"` names none. */
function everyTool(tools: ToolMap): Grant {
  const names = Object.keys(tools).filter((name) => name !== "*" && !isListing(name));
  if (names.length > 0) return Object.fromEntries(names.map((name) => [name, {}]));
  throw new HopwiseError("config_invalid", "the tool map names no tool; say what the first agent gets: { to, grant }");
}
