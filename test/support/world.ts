/** The company of the story, for tests: the real policies on the real PDP, keys, chains, an authorizer. */
import {
  type Authorizer,
  type AuthorizerOptions,
  generateSigner,
  type HeldDelegation,
  type Signer,
} from "@hopwise/core";
import type { MemoryAudit } from "@hopwise/core/audit";
import { exact, type Grant, grant, int, oneOf, optional, wildcard } from "@hopwise/core/grant";
import { type Company, createCompany } from "@hopwise/core/testing";
import { afterAll } from "vitest";
import { ISSUER, PAY_SERVER, registerAgents, tools, users } from "../../examples/finance-team/company.ts";
import { connectStoryPdp, type StoryPdp } from "./story-pdp.ts";

export interface World extends Pick<Company<"planner" | "researcher">, "issuer" | "keys"> {
  readonly pdp: StoryPdp;
  readonly issuerKey: Signer;
  /** alice → planner */
  readonly planner: HeldDelegation;
  /** alice → planner → researcher */
  readonly researcher: HeldDelegation;
  /** An authorizer of its own: fresh audit and state, anything else by option. */
  authorizer(options?: Partial<AuthorizerOptions>): { authorizer: Authorizer; audit: MemoryAudit };
}

export const PLANNER_GRANT: Grant = grant({
  get_transactions: { account: wildcard(), limit: optional(int({ min: 1, max: 100 })) },
  read_invoice: { id: wildcard() },
  send_payment: { to: wildcard(), amount: int({ min: 1, max: 10_000 }), currency: exact("EUR") },
  "mcp:resources/read": { uri: exact("policy://payments") },
  "mcp:prompts/get": { name: exact("monthly-report") },
});

export const RESEARCHER_GRANT: Grant = grant({ read_invoice: { id: oneOf("INV-7", "INV-9") } });

/** The company for a test file, at its top: it is there until the last test has ended. */
export async function worldHere(): Promise<World> {
  const world = await createWorld();
  afterAll(() => world.pdp.close());
  return world;
}

/** The company; whoever makes it closes its `pdp`. */
export async function createWorld(pdp: StoryPdp = connectStoryPdp()): Promise<World> {
  const issuerKey = await generateSigner();
  const agents = { planner: {}, researcher: { key: await generateSigner("ES256") } };
  const company = await createCompany({
    issuer: ISSUER,
    issuerKey,
    audience: PAY_SERVER,
    users,
    subjects: ["alice", "bob", "carol"],
    agents,
    tools,
  });
  const { issuer, keys } = company;
  const planner = await company.chain("alice", { to: "planner", grant: PLANNER_GRANT });
  const researcher = await company.delegate(planner, { to: "researcher", grant: RESEARCHER_GRANT });
  const story: Partial<AuthorizerOptions> = {
    cerbos: pdp,
    agents: registerAgents({ planner: keys.planner.publicJwk, researcher: keys.researcher.publicJwk }),
    delegation: { kind: "delegation", action: "delegate" },
    clock: Date.now,
  };
  return {
    pdp,
    issuer,
    issuerKey,
    keys,
    planner,
    researcher,
    authorizer: (options = {}) => {
      const authorizer = company.authorizer({ ...story, ...options });
      return { authorizer, audit: authorizer.audit };
    },
  };
}
