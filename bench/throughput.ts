/**
 * What many callers of one team get, in decisions a second, beside as many callers that put the very messages of the call to
 * the same policy decision point, each message a request.
 */
import { GRPC } from "@cerbos/grpc";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import { type Authorizer, delegate, type HeldDelegation } from "@hopwise/core";
import { type Credential, prove } from "@hopwise/core/tokens";
import { freePort } from "@hopwise/fastmcp/testing";
import { carryingFetch } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { captureMessages, mustBeAllowed } from "./authorize.ts";
import { makeInvoiceServer } from "./invoice-server.ts";
import { connect, mustAnswer } from "./mcp.ts";
import { type Candidate, p50, ratio, takeTurns } from "./measure.ts";
import { AUDIENCE, CALL, FULFILS, makeAuthorizer, makeTeam, NARROW, POLICIES, type Team, WIDE } from "./world.ts";

const CALLERS = 64;
const MCP_CALLERS = 16;
const ROUNDS = 20;

/** Keys of the table. */
export interface ThroughputResult {
  /** Decisions of three hops a second, in sessions ÷ raw sets of three messages. */
  readonly throughput64: number;
  /** The same, each with a chain and a proof. */
  readonly throughput64_wire: number;
  /** Guarded calls of a tool a second ÷ raw sets. */
  readonly mcp_calls_s_over_checks: number;
  readonly throughput64_s: number;
  readonly throughput64_wire_s: number;
  readonly raw3_64_s: number;
  readonly mcp_calls_s: number;
  readonly raw3_16_s: number;
}

export async function measureThroughput(rounds = ROUNDS): Promise<ThroughputResult> {
  await using pdp = await startPdp({ policies: POLICIES });
  const team = await makeTeam();
  const raw = await rawSets(pdp, team);
  const chains = await makeChains(team, CALLERS);
  const authorizer = makeAuthorizer(team, pdp.client);
  const sessions = await Promise.all(chains.map((held) => authorizer.openSession(held)));
  const schedule = { rounds, warmup: 5, clock: "wall" } as const;
  const decisions = await takeTurns(
    {
      session: byCallers(sessions, async (session) => mustBeAllowed(await session.authorize({ ...CALL, ...FULFILS }))),
      wire: byProofs(authorizer, chains),
      raw: byCallers(chains, raw.ask),
    },
    { ...schedule, batch: 512 },
  );
  await using guarded = await openGuarded(team, pdp, chains.slice(0, MCP_CALLERS));
  const calls = await takeTurns(
    { mcp: byCallers(guarded.clients, mustAnswer), raw: byCallers(guarded.clients, raw.ask) },
    { ...schedule, batch: 128 },
  );
  raw.close();
  return {
    throughput64: ratio(decisions.raw, decisions.session),
    throughput64_wire: ratio(decisions.raw, decisions.wire),
    mcp_calls_s_over_checks: ratio(calls.raw, calls.mcp),
    throughput64_s: 1e6 / p50(decisions.session),
    throughput64_wire_s: 1e6 / p50(decisions.wire),
    raw3_64_s: 1e6 / p50(decisions.raw),
    mcp_calls_s: 1e6 / p50(calls.mcp),
    raw3_16_s: 1e6 / p50(calls.raw),
  };
}

interface GuardedClients extends AsyncDisposable {
  readonly clients: readonly Client[];
}

/** A guarded server over stateful HTTP, and a client for each chain, in this process. */
async function openGuarded(team: Team, pdp: Pdp, chains: readonly HeldDelegation[]): Promise<GuardedClients> {
  const server = makeInvoiceServer(makeAuthorizer(team, pdp.client));
  const port = await freePort();
  await server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1" } });
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  const clients = await Promise.all(
    chains.map((delegation) =>
      connect(
        new StreamableHTTPClientTransport(url, {
          fetch: carryingFetch({ delegation, audience: AUDIENCE }),
        }),
      ),
    ),
  );
  const close = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
  };
  return { clients, [Symbol.asyncDispose]: close };
}

/** Chains of the same people and agents, each with tokens of its own, which end at other times. */
export async function makeChains(
  { issuer, planner, researcher }: Team,
  count: number,
): Promise<readonly HeldDelegation[]> {
  const made = Array.from({ length: count }, async (_, i) => {
    const first = await issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: planner,
      grant: WIDE,
      lifetimeSeconds: 7_200 + i,
    });
    return delegate(first, { to: "researcher", holder: researcher, grant: NARROW, lifetimeSeconds: 3_600 + i });
  });
  return Promise.all(made);
}

/** The three messages of the call, at once, by a client that shares nothing. */
async function rawSets(pdp: Pdp, team: Team): Promise<{ ask(): Promise<unknown>; close(): void }> {
  const client = new GRPC(pdp.target, { tls: false });
  const messages = await captureMessages(client, async (cerbos) =>
    (await makeAuthorizer(team, cerbos).openSession(team.held)).authorize({ ...CALL, ...FULFILS }),
  );
  return {
    ask: () => Promise.all(messages.map((message) => client.checkResources(message))),
    close: () => client.close(),
  };
}

/** Each caller does one operation after the other, until all are done. */
function byCallers<Caller>(callers: readonly Caller[], operation: (caller: Caller) => Promise<unknown>): Candidate {
  return (count) => async () => {
    let left = count;
    await Promise.all(
      callers.map(async (caller) => {
        while (left-- > 0) await operation(caller);
      }),
    );
  };
}

/** Each caller has its share of proofs, made outside of the measured time. */
function byProofs(authorizer: Authorizer, chains: readonly HeldDelegation[]): Candidate {
  return async (count) => {
    const each = await Promise.all(
      chains.map((held) =>
        Promise.all(Array.from({ length: count / chains.length }, () => prove(held, { ...CALL, audience: AUDIENCE }))),
      ),
    );
    return async () => {
      await Promise.all(each.map((credentials) => askAll(authorizer, credentials)));
    };
  };
}

async function askAll(authorizer: Authorizer, credentials: readonly Credential[]): Promise<void> {
  for (const credential of credentials) {
    mustBeAllowed(await authorizer.authorize({ ...CALL, ...FULFILS, credential }));
  }
}
