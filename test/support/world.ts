/** The company of the story, for tests: the real policies on the real PDP, keys, chains, an authorizer. */
import {
  type Authorizer,
  type AuthorizerOptions,
  createAuthorizer,
  createIssuer,
  delegate,
  generateSigner,
  type HeldDelegation,
  type Issuer,
  memoryAudit,
  type Signer,
} from "@hopwise/core";
import type { MemoryAudit } from "@hopwise/core/audit";
import { exact, type Grant, grant, int, oneOf, optional, wildcard } from "@hopwise/core/grant";
import { ISSUER, PAY_SERVER } from "../../examples/finance-team/company.ts";
import { storyOptions } from "./story-options.ts";
import { connectStoryPdp, type StoryPdp } from "./story-pdp.ts";

export interface World {
  readonly pdp: StoryPdp;
  readonly issuer: Issuer;
  readonly issuerKey: Signer;
  readonly keys: { readonly planner: Signer; readonly researcher: Signer };
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

/** The company for a test file: make it in `beforeAll`, close its `pdp` in `afterAll`. */
export async function createWorld(pdp: StoryPdp = connectStoryPdp()): Promise<World> {
  const issuerKey = await generateSigner();
  const issuer = await createIssuer({
    issuer: ISSUER,
    signer: issuerKey,
    audiences: [PAY_SERVER],
    subjects: ["alice", "bob"],
    tools: "any",
  });
  const keys = { planner: await generateSigner(), researcher: await generateSigner("ES256") };
  const planner = await issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: keys.planner,
    grant: PLANNER_GRANT,
  });
  const researcher = await delegate(planner, { to: "researcher", holder: keys.researcher, grant: RESEARCHER_GRANT });
  return {
    pdp,
    issuer,
    issuerKey,
    keys,
    planner,
    researcher,
    authorizer: (options = {}) => {
      const audit = memoryAudit();
      const authorizer = createAuthorizer({
        cerbos: pdp,
        ...storyOptions(issuer.trustAnchor, {
          planner: keys.planner.publicJwk,
          researcher: keys.researcher.publicJwk,
        }),
        audit,
        ...options,
      });
      return { authorizer, audit };
    },
  };
}
