/** A guarded server for a worker of node:cluster, as process managers run it. Tells its port to the primary. */
import {
  createAuthorizer,
  createIssuer,
  generateSigner,
  inMemoryAgents,
  memoryAudit,
  memoryState,
} from "@hopwise/core";
import { guard } from "@hopwise/fastmcp";
import { FastMCP } from "fastmcp";
import { ISSUER, PAY_SERVER, tools, users } from "../../examples/finance-team/company.ts";
import { freePort } from "../../packages/cerbos/src/testing/free-port.ts";

const nobody = async (): Promise<never> => {
  throw new Error("no policies here");
};
const issuer = await createIssuer({
  issuer: ISSUER,
  signer: await generateSigner(),
  audiences: [PAY_SERVER],
  subjects: ["alice"],
  tools: "any",
});
const authorizer = createAuthorizer({
  cerbos: { checkResources: nobody, planResources: nobody },
  audience: PAY_SERVER,
  trust: [issuer.trustAnchor],
  users,
  agents: inMemoryAgents({}),
  tools,
  delegation: "grants-only",
  audit: memoryAudit(),
  state: memoryState({ since: 0 }),
});
const server = guard(new FastMCP({ name: "pay", version: "1.0.0" }), authorizer);
server.addResource({ uri: "policy://payments", name: "handbook", load: async () => ({ text: "secret" }) });
const port = await freePort();
await server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1", stateless: true } });
process.send?.(port);
