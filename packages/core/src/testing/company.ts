import { atLeast, either, having, list, mapOf, maybe, optionsOf, reading, text } from "../options/index.ts";
import { type AgentRegistry, inMemoryUsers, type User, type UserDirectory } from "../principal/index.ts";
import { TOOL_MAP, type ToolMap } from "../resource/index.ts";
import {
  type ApprovalAnswer,
  type ApprovalRequest,
  type Approver,
  AUDIENCE,
  type Credential,
  createIssuer,
  generateSigner,
  type HeldDelegation,
  type Issuer,
  SIGNER,
  type Signer,
  SUBJECT,
} from "../token/index.ts";
import type { AuthorizerOptions } from "../way/index.ts";
import { allowAll } from "./answering-pdp.ts";
import { approversOf } from "./approvers.ts";
import { type ChainHop, chainsOf, type FirstHop } from "./chains.ts";
import { credentialOf } from "./credential.ts";
import { type CompanyAgent, staffOf } from "./staff.ts";
import { type TestAuthorizer, testAuthorizer } from "./test-authorizer.ts";
import { type TestClock, testClock } from "./test-clock.ts";

/** Who works at a company of a test, and which tools it has. */
export interface CompanyOptions<Name extends string = string> {
  /** Users by name, or a directory of your own. Default: `alice`, an `employee`. */
  readonly users?: { readonly [subject: string]: CompanyUser } | UserDirectory;
  /** The users whom the issuer may name. Default: those above; with a directory of your own, any. */
  readonly subjects?: readonly string[];
  /**
   * Users who can sign an answer to a call that waits for a person, each with a fresh key. Whether they may approve it, is for
   * your policies. Default: nobody.
   */
  readonly approvers?: readonly string[];
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
  /** For an authorizer of your own: `approvals: { approvers: company.approvers }`. Those of the company know them. */
  readonly approvers: readonly Approver[];
  /**
   * Hands authority from a user to a first agent, and on from agent to agent. A name alone gets what the hop before it
   * has; the first agent then gets every tool of the map with any arguments.
   *
   * @throws {HopwiseError} `config_invalid` for an agent without a key; `chain_widened` and others, see `delegate`
   */
  chain(user: string, ...hops: readonly [string | FirstHop, ...ChainHop[]]): Promise<HeldDelegation>;
  /** Hands one chain on by one more hop. */
  delegate(parent: HeldDelegation, hop: ChainHop): Promise<HeldDelegation>;
  /**
   * The chain and a fresh proof for one call, as they come over the wire: for a server or an authorizer of your own, whose
   * audience is the company's.
   */
  credential(held: HeldDelegation, tool: string, args?: object): Promise<Credential>;
  /**
   * Signs what an approver answers to a request: for an inbox of your own. Authorizers of the company have `answer`.
   *
   * @throws {HopwiseError} `config_invalid` for somebody who is no approver of the company; what `signApproval` throws
   */
  approval(who: string, answer: ApprovalAnswer, request: ApprovalRequest): Promise<string>;
  /**
   * Makes an authorizer with a memory and an audit of its own. By default every policy allows; `cerbos` brings your own
   * policies. They are also asked who may hand authority to whom, unless `delegation` is `"grants-only"`.
   */
  authorizer(options?: Partial<AuthorizerOptions>): TestAuthorizer;
}

const USERS = 'users by name, such as { alice: { roles: ["analyst"] } }, or a directory of users';

/** Who the users and agents are is read once more, by what keeps them. */
const readCompany = optionsOf<CompanyOptions>("createCompany", {
  users: maybe(
    either(
      USERS,
      having("a directory of users, which has find", "find"),
      mapOf(atLeast<Pick<CompanyUser, "roles">>({ roles: list(text("a role"), "a list of roles") }, USERS), USERS),
    ),
  ),
  subjects: maybe(list(text("a user, such as alice"), "a list of users, at least one", { min: 1 })),
  approvers: maybe(list(SUBJECT, "a list of users who approve")),
  agents: maybe(
    mapOf(
      atLeast<Pick<CompanyAgent, "key">>({ key: maybe(SIGNER) }, 'an agent, such as { roles: ["finance_agent"] }'),
      "agents by name",
    ),
  ),
  tools: maybe(TOOL_MAP),
  audience: maybe(AUDIENCE),
  issuer: maybe(text("the name of the issuer, such as https://id.acme.example")),
  issuerKey: maybe(SIGNER),
});

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
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export async function createCompany<Name extends string = "planner" | "researcher">(
  given: CompanyOptions<Name> = {},
): Promise<Company<Name>> {
  const options = readCompany(given);
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
  const names = isDirectory(users) ? undefined : Object.keys(users);
  const staff = await staffOf(agents);
  const issuer = await createIssuer({
    issuer: issuerName,
    signer: issuerKey,
    audiences: [audience],
    subjects: options.subjects ?? (names?.length ? names : "any"),
    tools: "any",
    clock,
  });
  const { registry } = staff;
  const people = await approversOf(options.approvers ?? [], issuerName, names);
  const named = { audience, users: directory, agents: registry, tools, issuer: issuerName };
  const base = { ...named, cerbos: allowAll(), clock, people };

  return {
    issuer,
    users: directory,
    agents: registry,
    keys: staff.keys as Company<Name>["keys"],
    tools,
    audience,
    clock,
    approvers: people.approvers,
    ...chainsOf({ issuer, tools, clock, keyOf: staff.keyOf }),
    credential: async (held, tool, args = {}) => credentialOf(held, tool, args, { audience, clock }),
    approval: async (who, answer, request) => people.sign(who, answer, request, clock),
    authorizer: (own = {}) => {
      const changed = reading("authorizer", "options", "an object of options", own, (given) => ({ ...given }));
      return testAuthorizer({ ...base, trust: [issuer.trustAnchor] }, changed);
    },
  };
}

function isDirectory(users: NonNullable<CompanyOptions["users"]>): users is UserDirectory {
  return typeof users["find" as never] === "function";
}
