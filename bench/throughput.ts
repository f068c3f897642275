/**
 * What many callers of one team get, in decisions a second, beside as many callers that put the very messages of the call to
 * the same policy decision point, each message a request.
 */
import { GRPC } from "@cerbos/grpc";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import type { Authorizer, HeldDelegation } from "@hopwise/core";
import { type Credential, prove } from "@hopwise/core/tokens";
import { freePort } from "@hopwise/fastmcp/testing";
import { captureMessages, mustBeAllowed } from "./authorize.ts";
import { byCallers, makeChains } from "./callers.ts";
import { makeInvoiceServer } from "./invoice-server.ts";
import { type Callers, startCallers } from "./mcp-callers.ts";
import { type Candidate, p50, ratio, takeTurns } from "./measure.ts";
import { AUDIENCE, CALL, FULFILS, makeAuthorizer, makeTeam, POLICIES, type Team } from "./world.ts";

const CALLERS = 64;
const MCP_CALLERS = 16;
const ROUNDS = 20;

/** Keys of the table. */
export interface ThroughputResult {
  /** Decisions of three hops a second, in sessions ÷ raw sets of three messages. */
  readonly throughput64: number;
  /** The same, each with a chain and a proof. */
  readonly throughput64_wire: number;
  /** The first where no two callers ask about the same invoice. */
  readonly throughput64_apart: number;
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
  const sessions = await Promise.all(
    chains.map(async (held, i) => ({ session: await authorizer.openSession(held), own: { id: `INV-${i}` } })),
  );
  const schedule = { rounds, warmup: 5, clock: "wall" } as const;
  const decisions = await takeTurns(
    {
      session: byCallers(sessions, async ({ session }) =>
        mustBeAllowed(await session.authorize({ ...CALL, ...FULFILS })),
      ),
      apart: byCallers(sessions, async ({ session, own }) =>
        mustBeAllowed(await session.authorize({ ...CALL, arguments: own, ...FULFILS })),
      ),
      wire: byProofs(authorizer, chains),
      raw: byCallers(chains, raw.ask),
    },
    { ...schedule, batch: 512 },
  );
  await using guarded = await openGuarded(pdp);
  const calls = await takeTurns(
    { mcp: (count) => () => guarded.call(count), raw: byCallers(chains.slice(0, MCP_CALLERS), raw.ask) },
    { ...schedule, batch: 128 },
  );
  raw.close();
  return {
    throughput64: ratio(decisions.raw, decisions.session),
    throughput64_wire: ratio(decisions.raw, decisions.wire),
    throughput64_apart: ratio(decisions.raw, decisions.apart),
    mcp_calls_s_over_checks: ratio(calls.raw, calls.mcp),
    throughput64_s: 1e6 / p50(decisions.session),
    throughput64_wire_s: 1e6 / p50(decisions.wire),
    raw3_64_s: 1e6 / p50(decisions.raw),
    mcp_calls_s: 1e6 / p50(calls.mcp),
    raw3_16_s: 1e6 / p50(calls.raw),
  };
}

/** A guarded server over stateful HTTP in this process, and its callers in one of their own. */
async function openGuarded(pdp: Pdp): Promise<Callers> {
  const callers = await startCallers();
  const server = makeInvoiceServer(makeAuthorizer(callers.team, pdp.client));
  const port = await freePort();
  await server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1" } });
  await callers.connect(new URL(`http://127.0.0.1:${port}/mcp`), MCP_CALLERS);
  const close = async (): Promise<void> => {
    await callers[Symbol.asyncDispose]();
    await server.stop();
  };
  return { ...callers, [Symbol.asyncDispose]: close };
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
