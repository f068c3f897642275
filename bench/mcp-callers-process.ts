/** The process of `mcp-callers.ts`. */
import { carryingFetch } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { byCallers, makeChains } from "./callers.ts";
import { connect, mustAnswer } from "./mcp.ts";
import type { Answer, Order } from "./mcp-callers.ts";
import { AUDIENCE, makeTeam, publicTeam } from "./world.ts";

const team = await makeTeam();
let clients: readonly Client[] = [];

async function open(url: string, callers: number): Promise<void> {
  const chains = await makeChains(team, callers);
  clients = await Promise.all(
    chains.map((delegation) => {
      const fetch = carryingFetch({ delegation, audience: AUDIENCE });
      return connect(new StreamableHTTPClientTransport(new URL(url), { fetch }));
    }),
  );
}

async function obey(order: Order): Promise<void> {
  if ("connect" in order) await open(order.connect, order.callers);
  else await byCallers(clients, mustAnswer)(order.calls)();
}

const say = (answer: Answer): void => void process.send?.(answer);

process.on("message", (order: Order) => {
  obey(order).then(
    () => say({ done: true }),
    (error: unknown) => say({ failed: String(error) }),
  );
});
process.on("disconnect", () => process.exit());
say({ team: publicTeam(team) });
