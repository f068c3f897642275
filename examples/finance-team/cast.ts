/** All parts of the story: the policies, the server, alice's planner, and the researcher in its own process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openAuditLog } from "@hopwise/audit";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import {
  type Authorizer,
  createAuthorizer,
  createIssuer,
  delegate,
  generateSigner,
  type HeldDelegation,
  type Issuer,
  memoryAudit,
  memoryState,
  type PublicJwk,
  type Signer,
  serialize,
  type ToolEntry,
} from "@hopwise/core";
import type { AuditSink, MemoryAudit } from "@hopwise/core/audit";
import { exact, grant, int, oneOf, optional, wildcard } from "@hopwise/core/grant";
import type { MemoryState } from "@hopwise/core/state";
import { createChallenge } from "@hopwise/core/tokens";
import type { SqlCondition } from "@hopwise/filter";
import { userFromAuth } from "./bob.ts";
import { ISSUER, PAY_SERVER, registerAgents, tools, users } from "./company.ts";
import { createPayServer, type Payments } from "./pay-server.ts";
import { addSearch } from "./search.ts";

export interface Cast {
  readonly audit: MemoryAudit;
  /** The durable log, and the key that signs it. */
  readonly log: { readonly folder: string; readonly key: PublicJwk };
  readonly authorizer: Authorizer;
  readonly issuer: Issuer;
  readonly issuerKey: Signer;
  readonly payments: Payments;
  /** The conditions by which invoices were searched. */
  readonly searches: readonly SqlCondition[];
  readonly planner: HeldDelegation;
  /** The keys of two more agents, which pay. */
  readonly payers: { readonly travel: Signer; readonly orders: Signer };
  /** carol → planner, for payments that are larger. */
  readonly carolsPlanner: HeldDelegation;
  /** The key by which dana approves. */
  readonly danaKey: Signer;
  readonly url: string;
  /** How many requests the PDP has had so far. */
  policyRequests(): number;
  /** What is remembered between calls. */
  readonly state: MemoryState;
  /** The next message of the researcher's process. */
  fromResearcher(): Promise<Record<string, unknown>>;
  /** Has the researcher read its invoice once more. */
  readsAgain(): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function enter(): Promise<Cast> {
  const pdp = await startPdp({ policies: fileURLToPath(new URL("../../policies", import.meta.url)) });
  const researcher = startResearcher();

  // The issuer speaks for the users. Here it runs in the same process; elsewhere it is a service of its own.
  const issuerKey = await generateSigner();
  const issuer = await createIssuer({
    issuer: ISSUER,
    signer: issuerKey,
    audiences: [PAY_SERVER],
    subjects: ["alice", "bob", "carol"],
    tools: "any",
  });

  // Each agent has a key of its own; the researcher's never leaves its process.
  const plannerKey = await generateSigner();
  const payers = { travel: await generateSigner(), orders: await generateSigner() };
  const danaKey = await generateSigner();
  const challenge = createChallenge();
  researcher.send({ challenge });
  const { request, jwk } = await researcher.receive();

  // Records are on disk before a tool runs; and in memory, for the story to look at.
  const audit = memoryAudit();
  const logKey = await generateSigner();
  const folder = mkdtempSync(join(tmpdir(), "finance-team-audit-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const log = await openAuditLog({ folder, signer: logKey });
  const { counted, count } = countRequests(pdp);
  const state = memoryState();
  const authorizer = createAuthorizer({
    cerbos: counted,
    audience: PAY_SERVER,
    trust: [issuer.trustAnchor],
    users,
    agents: registerAgents({
      planner: plannerKey.publicJwk,
      researcher: jwk as PublicJwk,
      travel: payers.travel.publicJwk,
      orders: payers.orders.publicJwk,
    }),
    // Who approves a payment is shown what it is.
    tools: {
      ...tools,
      send_payment: { ...(tools["send_payment"] as ToolEntry), keepInRecord: ["to", "amount", "currency"] },
    },
    approvals: { approvers: [{ issuer: ISSUER, subject: "dana", keys: [danaKey.publicJwk] }] },
    audit: both(log, audit),
    // A busy machine or a slow disk must not end the story.
    deadlineMs: 10_000,
    state,
  });

  const payments: Payments = [];
  const server = createPayServer(authorizer, payments, { userFromAuth: userFromAuth(issuerKey) });
  const searches: SqlCondition[] = [];
  addSearch(server, (condition) => void searches.push(condition));
  const port = await freePort();
  await server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1", stateless: true } });
  const url = `http://127.0.0.1:${port}/mcp`;

  // Alice's session hands authority to the planner; the planner hands less of it to the researcher, offline.
  const planner = await issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: plannerKey,
    grant: grant({
      get_transactions: { account: wildcard(), limit: optional(int({ min: 1, max: 100 })) },
      read_invoice: { id: wildcard() },
      search_invoices: { text: wildcard() },
      send_payment: { to: wildcard(), amount: int({ min: 1, max: 10_000 }), currency: exact("EUR") },
      "mcp:resources/read": { uri: exact("policy://payments") },
    }),
  });
  const carolsPlanner = await issuer.issue({
    subject: "carol",
    agent: "planner",
    holder: plannerKey,
    grant: grant({ send_payment: { to: wildcard(), amount: int({ min: 1, max: 10_000 }), currency: exact("EUR") } }),
  });
  const delegated = await delegate(planner, {
    to: "researcher",
    holder: { request: String(request), challenge },
    grant: grant({ read_invoice: { id: oneOf("INV-7", "INV-9") }, search_invoices: { text: wildcard() } }),
  });
  researcher.send({ chain: serialize(delegated), url });

  return {
    audit,
    log: { folder, key: logKey.publicJwk },
    authorizer,
    issuer,
    issuerKey,
    payments,
    searches,
    planner,
    payers,
    carolsPlanner,
    danaKey,
    url,
    state,
    policyRequests: count,
    fromResearcher: researcher.receive,
    readsAgain: () => {
      researcher.send({});
      return researcher.receive();
    },
    close: async () => {
      researcher.child.kill();
      await server.stop();
      await log.close();
      await pdp.close();
    },
  };
}

function startResearcher(): {
  child: ChildProcess;
  send(message: object): void;
  receive(): Promise<Record<string, unknown>>;
} {
  const child = spawn(process.execPath, [fileURLToPath(new URL("researcher.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  // Where this process ends early, the researcher's process ends, too.
  process.once("exit", () => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    send: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    receive: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error("the researcher's process ended early");
      return JSON.parse(value);
    },
  };
}

/** Writes each record to the first sink, and then to the second. */
function both(first: Required<Omit<AuditSink, "keeps">>, second: AuditSink): AuditSink {
  return {
    record: async (record) => {
      await first.record(record);
      await second.record(record);
    },
    outcome: async (record) => {
      await first.outcome(record);
      await second.outcome?.(record);
    },
    unverified: (attempt) => {
      first.unverified(attempt);
      second.unverified?.(attempt);
    },
  };
}

/** The same client, counting its requests: the story shows which calls needed none. */
function countRequests({ client }: Pdp): {
  counted: Pick<Pdp["client"], "checkResources" | "planResources">;
  count(): number;
} {
  let requests = 0;
  return {
    counted: {
      checkResources: (...args) => {
        requests++;
        return client.checkResources(...args);
      },
      planResources: (...args) => {
        requests++;
        return client.planResources(...args);
      },
    },
    count: () => requests,
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
