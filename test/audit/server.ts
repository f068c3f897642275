/** A payment server over stdio whose process is killed when its tool is about to run. Its records are durable. */
import { GRPC } from "@cerbos/grpc";
import { openAuditLog } from "@hopwise/audit";
import { createAuthorizer, memoryState, type PublicJwk, signerFromJwk, type TrustAnchor } from "@hopwise/core";
import { guard } from "@hopwise/fastmcp";
import { FastMCP } from "fastmcp";
import { PAY_SERVER, registerAgents, tools, users } from "../../examples/finance-team/company.ts";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";

export interface AuditServerSetup {
  readonly target: string;
  readonly anchor: TrustAnchor;
  readonly keys: { readonly planner: PublicJwk; readonly researcher: PublicJwk };
  readonly folder: string;
  readonly key: object;
}

const { target, anchor, keys, folder, key }: AuditServerSetup = JSON.parse(process.env["AUDIT_SERVER"] ?? "{}");
const authorizer = createAuthorizer({
  cerbos: new GRPC(target, { tls: false }),
  audience: PAY_SERVER,
  trust: [anchor],
  users,
  agents: registerAgents(keys),
  tools,
  delegation: { kind: "delegation", action: "delegate" },
  audit: await openAuditLog({ folder, signer: await signerFromJwk(key as never) }),
  state: memoryState({ since: 0 }),
});
const server = guard(new FastMCP({ name: "pay", version: "1.0.0" }), authorizer);
server.addTool({
  name: "send_payment",
  parameters: paymentSchema,
  execute: async () => {
    process.kill(process.pid, "SIGKILL");
    return "paid";
  },
});
await server.start({ transportType: "stdio" });
