/** How each code of a call, of a decision, of what must be kept, and of a start comes about. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StartPdpOptions, startPdp } from "@hopwise/cerbos";
import {
  createAuthorizer,
  delegate,
  type ErrorCode,
  generateSigner,
  memoryState,
  type ToolEntry,
  type ToolMap,
} from "@hopwise/core";
import { fulfil } from "@hopwise/core/adapter";
import { anyArguments, grant } from "@hopwise/core/grant";
import { onTestFinished } from "vitest";
import { ISSUER, registerAgents, tools, users } from "../../examples/finance-team/company.ts";
import { credentialFor } from "../support/forge.ts";
import { failing } from "../support/policy-clients.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import type { World } from "../support/world.ts";
import { type Case, denial, INVOICE, type Produced, plannerReads, refusal } from "./case.ts";

/** A payment of the planner's, who was handed any payment at all. */
async function pay(world: World, args: object): Promise<Produced> {
  const held = await world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    grant: grant({ send_payment: anyArguments }),
  });
  const credential = await credentialFor(held, "send_payment", args);
  return denial(world.authorizer(), { tool: "send_payment", arguments: args, credential });
}

export const GRANT_CODES = {
  arguments_malformed: {
    when: "an argument that JSON cannot say",
    produce: (world) =>
      denial(world.authorizer(), {
        tool: "read_invoice",
        arguments: { id: { at: new Date(0), of: "Argument-Value" } },
        credential: undefined,
      }),
    says: /the arguments cannot be judged: an object that is not plain data at "\/id\/at"/,
    at: { pointer: "/id/at" },
    retryable: false,
  },
  agent_tool_refused: {
    when: "a tool in which the registry lets an agent of the chain take no part",
    produce: (world) => {
      const { planner, researcher } = world.keys;
      const agents = registerAgents({ planner: planner.publicJwk, researcher: researcher.publicJwk });
      const find: typeof agents.find = (name) => {
        const agent = agents.find(name);
        return name === "planner" && agent ? { ...agent, tools: ["send_payment"] } : agent;
      };
      return plannerReads(world, { agents: { find } });
    },
    says: /the agent registry does not let this agent use the tool/,
    at: { hop: 1 },
    retryable: false,
  },
  grant_tool_missing: {
    when: "a tool that the researcher was not given",
    produce: async (world) => {
      const args = { to: "Argument-Value", amount: 8713, currency: "EUR" };
      const credential = await credentialFor(world.researcher, "send_payment", args);
      return denial(world.authorizer(), { tool: "send_payment", arguments: args, credential });
    },
    says: /what was handed to "researcher" does not cover this call: the tool was not handed over/,
    at: { hop: 2, pointer: "" },
    retryable: false,
  },
  grant_argument_refused: {
    when: "an invoice that the researcher was not given",
    produce: async (world) => {
      const args = { id: "INV-21" };
      const credential = await credentialFor(world.researcher, "read_invoice", args);
      return denial(world.authorizer(), { tool: "read_invoice", arguments: args, credential });
    },
    says: /what was handed to "researcher" does not cover this call: the argument does not pass one_of/,
    at: { hop: 2, pointer: "/id" },
    retryable: false,
  },
  grant_argument_missing: {
    when: "an invoice that is not named",
    produce: async (world) => {
      const credential = await credentialFor(world.researcher, "read_invoice", {});
      return denial(world.authorizer(), { tool: "read_invoice", arguments: {}, credential });
    },
    says: /what was handed to "planner" does not cover this call: the argument is missing, and wildcard needs one; send it/,
    at: { hop: 1, pointer: "/id" },
    retryable: false,
  },
} satisfies Partial<Record<ErrorCode, Case>>;

/** The story's invoices, of which something is otherwise. */
const invoicesBy = (changed: Partial<ToolEntry>): ToolMap => ({
  ...tools,
  read_invoice: { ...(tools["read_invoice"] as ToolEntry), ...changed },
});

export const DECISION_CODES = {
  tool_unmapped: {
    when: "a tool that was handed over, and that the tool map does not have",
    produce: (world) => plannerReads(world, { tools: {} }),
    says: /the tool map has no entry for "read_invoice", so no policy can be asked/,
    at: { hop: 0 },
    retryable: false,
  },
  user_unknown: {
    when: "a user whom the directory does not know",
    produce: (world) => plannerReads(world, { users: { find: () => undefined } }),
    says: /the user directory knows no user "alice" of "https:\/\/[^"]+"/,
    at: { hop: 0 },
    retryable: false,
  },
  resource_unknown: {
    when: "an invoice that its loader does not know",
    produce: (world) => plannerReads(world, { tools: invoicesBy({ attributes: () => undefined }) }),
    says: /its loader knows no such resource as "read_invoice" was called for/,
    at: { hop: 0 },
    retryable: false,
  },
  attributes_missing: {
    when: "an agent of whom a required source has nothing",
    produce: (world) => plannerReads(world, { sources: { agent: { fleet: { find: () => undefined } } } }),
    says: /the source "fleet" has nothing about "agent:planner"; make it optional where that may be/,
    at: { hop: 1 },
    retryable: false,
  },
  policy_request_refused: {
    when: "a resource of which an attribute has no name",
    produce: (world) => plannerReads(world, { tools: invoicesBy({ attributes: () => ({ "": 1 }) }) }),
    says: /Cerbos takes no such request about "alice": .*INVALID_ARGUMENT.*resource\.attr/,
    at: { hop: 0 },
    retryable: false,
  },
  attributes_invalid: {
    when: "a user to whom the directory gives no role",
    produce: (world) => plannerReads(world, { users: { find: () => ({ id: "alice", roles: [] }) } }),
    says: /"alice" has no role, and Cerbos decides by roles; give it at least one/,
    at: { hop: 0 },
    retryable: false,
  },
  context_unavailable: {
    when: "a user directory that fails, and says its password",
    produce: (world) =>
      plannerReads(world, {
        users: {
          find: () => {
            throw new Error("could not log in with password hunter2");
          },
        },
      }),
    says: /the user directory could not tell who the user is/,
    at: { hop: 0 },
    retryable: true,
  },
  policy_denied: {
    when: "a payment above alice's limit",
    produce: (world) => pay(world, { to: "Globex", amount: 8713, currency: "EUR" }),
    says: /policy does not allow this to "alice"/,
    at: { hop: 0 },
    retryable: false,
  },
  delegation_denied: {
    when: "a chain in which a reader agent handed on",
    produce: async (world) => {
      const key = await generateSigner();
      const agents = registerAgents({
        planner: world.keys.planner.publicJwk,
        researcher: world.keys.researcher.publicJwk,
      });
      const deeper = await delegate(world.researcher, {
        to: "assistant",
        holder: key,
        grant: world.researcher.grant,
      });
      const args = { id: INVOICE };
      const credential = await credentialFor(deeper, "read_invoice", args);
      const assistant = { roles: ["reader_agent"], attributes: { class: "reader", owner: "x" }, keys: [key.publicJwk] };
      const find: typeof agents.find = (name) => (name === "assistant" ? assistant : agents.find(name));
      return denial(world.authorizer({ agents: { find } }), { tool: "read_invoice", arguments: args, credential });
    },
    says: /no policy lets "agent:researcher" hand authority to the next hop \("delegate" on the kind "delegation" is not allowed\); .* set delegation: "grants-only"/,
    at: { hop: 2 },
    retryable: false,
  },
  policy_unavailable: {
    when: "a policy decision point that is not there",
    produce: (world) =>
      plannerReads(world, {
        cerbos: failing(
          Object.assign(new Error("gRPC error 14 (UNAVAILABLE): connection refused"), { name: "NotOK", code: 14 }),
        ),
      }),
    says: /the policies could not be asked about "alice": gRPC error 14 \(UNAVAILABLE\): connection refused/,
    at: { hop: 0 },
    retryable: true,
  },
  policy_inconclusive: {
    when: "a payment that does not fit the policies' schema",
    produce: (world) => pay(world, { to: "Argument-Value", amount: 400, currency: "Argument-Value" }),
    says: /the policies' answer about "alice" cannot be relied on: the resource does not fit its schema at "\/args\/currency"/,
    at: { hop: 0 },
    retryable: false,
  },
  approval_required: {
    when: "a payment that a second person has to approve",
    produce: async (world) => {
      const [alice, limit] = [await users.find({ issuer: ISSUER, subject: "alice" }), { paymentLimit: 5000 }];
      const rich = { find: () => alice && { ...alice, attributes: { ...alice.attributes, ...limit } } };
      const { replay, revocations } = memoryState();
      const { authorizer, audit } = world.authorizer({ users: rich, state: { replay, revocations } });
      const args = { to: "Globex", amount: 2500, currency: "EUR" };
      const credential = await credentialFor(world.planner, "send_payment", args);
      return denial({ authorizer, audit }, { tool: "send_payment", arguments: args, credential });
    },
    says: /policy allows this to "alice" once a person has approved it/,
    at: { hop: 0 },
    retryable: false,
  },
} satisfies Partial<Record<ErrorCode, Case>>;

/** Codes of what the policies oblige to, once the tool has run. */
export const RESULT_CODES = {
  result_withheld: {
    when: "a result in which the policies want something taken out, and that is a sentence",
    produce: () => refusal(() => fulfil({ redact: ["/iban"], limit: {} }, "Argument-Value")),
    says: /the policies oblige to change the result, and that cannot be done: it is a text that is not JSON/,
  },
} satisfies Partial<Record<ErrorCode, Case>>;

const fail = (): never => {
  throw new Error("no room at /var/lib/password");
};

export const STATE_CODES = {
  audit_unavailable: {
    when: "an allowed call that cannot be recorded",
    produce: async (world) => {
      const quiet = world.authorizer();
      const { authorizer } = world.authorizer({ audit: { record: fail } });
      const args = { id: INVOICE };
      const credential = await credentialFor(world.planner, "read_invoice", args);
      return denial({ ...quiet, authorizer }, { tool: "read_invoice", arguments: args, credential });
    },
    says: /the decision could not be recorded, so the call may not run/,
    retryable: true,
  },
  state_unavailable: {
    when: "a proof of which nobody can tell whether it was used",
    produce: (world) => plannerReads(world, { state: { ...memoryState(), replay: { claim: fail } } }),
    says: /it could not be told whether the proof was used before/,
    retryable: true,
  },
} satisfies Partial<Record<ErrorCode, Case>>;

/** Starts a PDP that will not start; were it to, it goes again. */
const start = (options: StartPdpOptions): Promise<Produced> =>
  refusal(() => startPdp(options).then((pdp) => pdp.close()));

export const START_CODES = {
  pdp_missing: {
    when: "a start without a Cerbos executable",
    produce: () => start({ policies: STORY_POLICIES, binary: "/nowhere/cerbos" }),
    says: /No Cerbos executable was found\. The option binary names \/nowhere\/cerbos.*Correct it or leave it out/,
  },
  pdp_start_failed: {
    when: "a start with something that is not Cerbos",
    produce: () => start({ policies: STORY_POLICIES, binary: process.execPath }),
    says: /Cerbos \(.*node.*\) could not check the policies.*Its last lines:/,
  },
  policy_invalid: {
    when: "a start with a policy that does not compile",
    produce: () => {
      const policies = mkdtempSync(join(tmpdir(), "hopwise-test-"));
      onTestFinished(() => rmSync(policies, { recursive: true }));
      mkdirSync(join(policies, "resource_policies"));
      writeFileSync(join(policies, "resource_policies/broken.yaml"), "resourcePolicy: [\n");
      return start({ policies });
    },
    says: /The policies in .* do not compile\. Correct these places:\s+.*\/resource_policies\/broken\.yaml:1:/,
    at: { pointer: "/policies" },
  },
  config_invalid: {
    when: "an authorizer whose own name is no URI",
    produce: ({ pdp, issuer }) =>
      refusal(() =>
        createAuthorizer({
          cerbos: pdp,
          audience: "pay server",
          trust: [issuer.trustAnchor],
          users: { find: () => undefined },
          agents: { find: () => undefined },
          tools: {},
          delegation: "grants-only",
          audit: { record: () => {} },
          state: memoryState(),
        }),
      ),
    says: /createAuthorizer: audience must be an absolute URI without a fragment, .*; got a text/,
  },
} satisfies Partial<Record<ErrorCode, Case>>;
