/**
 * What a guarded `tools/call` costs over the sum of its parts: the same call of a server without guard, the client's
 * proof, and the decision.
 */
import { fileURLToPath } from "node:url";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import { prove } from "@hopwise/core/tokens";
import { freePort } from "@hopwise/fastmcp/testing";
import { carryingFetch, carryOver } from "@hopwise/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { makeProofs, mustBeAllowed, repeat } from "./authorize.ts";
import { makeInvoiceServer } from "./invoice-server.ts";
import { p50, takeTurns } from "./measure.ts";
import type { StdioSetup } from "./stdio-server.ts";
import { AUDIENCE, CALL, FULFILS, makeAuthorizer, makeTeam, POLICIES, publicTeam, type Team } from "./world.ts";

const PARTS = ["guarded", "bare", "prove", "authorize"] as const;
type Part = (typeof PARTS)[number];

export interface McpResult {
  /** The p50 of a guarded call ÷ the p50s of its parts, added up. */
  readonly overSum: number;
  readonly microseconds: { readonly [part in Part]: number };
}

/** How client and server are connected. */
type Wire = "http" | "stateless" | "stdio";

/** Two clients of two servers that differ in nothing but the guard. */
interface Clients extends AsyncDisposable {
  readonly guarded: Client;
  readonly bare: Client;
}

/** A guarded call of three hops, in turns with a bare one, with a proof, and with a decision on the same chain. */
export async function measureMcp(wire: Wire): Promise<McpResult> {
  await using pdp = await startPdp({ policies: POLICIES });
  const team = await makeTeam();
  await using clients = wire === "stdio" ? await overStdio(team, pdp) : await overHttp(team, pdp, wire === "stateless");
  const authorizer = makeAuthorizer(team, pdp.client);
  const times = await takeTurns<Part>(
    {
      guarded: repeat(() => mustAnswer(clients.guarded)),
      bare: repeat(() => mustAnswer(clients.bare)),
      prove: repeat(() => prove(team.held, { ...CALL, audience: AUDIENCE })),
      authorize: async (count) => {
        const credentials = await makeProofs(team.held, count);
        return async () => {
          for (const credential of credentials)
            mustBeAllowed(await authorizer.authorize({ ...CALL, ...FULFILS, credential }));
        };
      },
    },
    { rounds: 400, warmup: 150, batch: 1, clock: "wall" },
  );
  const [guarded, bare, proof, decision] = PARTS.map((part) => p50(times[part])) as [number, number, number, number];
  return {
    // Of medians: a sum of three noisy times is more often disturbed than one, which would flatter a ratio of rounds.
    overSum: guarded / (bare + proof + decision),
    microseconds: { guarded, bare, prove: proof, authorize: decision },
  };
}

/** Servers in this process, as the policies' client is. */
async function overHttp(team: Team, pdp: Pdp, stateless: boolean): Promise<Clients> {
  const servers = {
    guarded: makeInvoiceServer(makeAuthorizer(team, pdp.client)),
    bare: makeInvoiceServer(undefined),
  };
  const open = async (name: keyof typeof servers, fetch?: typeof globalThis.fetch): Promise<Client> => {
    const port = await freePort();
    const httpStream = { port, host: "127.0.0.1", stateless };
    await servers[name].start({ transportType: "httpStream", httpStream });
    const url = new URL(`http://127.0.0.1:${port}/mcp`);
    return connect(new StreamableHTTPClientTransport(url, { ...(fetch && { fetch }) }));
  };
  const guarded = await open("guarded", carryingFetch({ delegation: team.held, audience: AUDIENCE }));
  const bare = await open("bare");
  return together(guarded, bare, () => Promise.all(Object.values(servers).map((server) => server.stop())));
}

/** A process for each server. */
async function overStdio(team: Team, { target }: Pdp): Promise<Clients> {
  const spawn = (setup: StdioSetup): Transport =>
    new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL("stdio-server.ts", import.meta.url))],
      env: { BENCH_SETUP: JSON.stringify(setup) },
    });
  const transport = spawn({ guarded: { pdp: target, team: publicTeam(team) } });
  const guarded = await connect(carryOver(transport, { delegation: team.held, audience: AUDIENCE }));
  const bare = await connect(spawn({}));
  return together(guarded, bare, async () => {});
}

export async function connect(transport: Transport): Promise<Client> {
  const client = new Client({ name: "bench", version: "1.0.0" });
  await client.connect(transport);
  return client;
}

function together(guarded: Client, bare: Client, stop: () => Promise<unknown>): Clients {
  const close = async (): Promise<void> => {
    await Promise.all([guarded.close(), bare.close()]);
    await stop();
  };
  return { guarded, bare, [Symbol.asyncDispose]: close };
}

export async function mustAnswer(client: Client): Promise<void> {
  const answer = await client.callTool({ name: CALL.tool, arguments: { ...CALL.arguments } });
  if (answer.isError === true) throw new Error(`the benchmark's call was refused: ${JSON.stringify(answer)}`);
}
