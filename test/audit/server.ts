/** A payment server over stdio whose process is killed when its tool is about to run. Its records are durable. */
import { GRPC } from "@cerbos/grpc";
import { openAuditLog } from "@hopwise/audit";
import { createAuthorizer, signerFromJwk, type TrustAnchor } from "@hopwise/core";
import { guard } from "@hopwise/fastmcp";
import { FastMCP } from "fastmcp";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";
import { type StoryKeys, storyOptions } from "../support/story-options.ts";

export interface AuditServerSetup {
  readonly target: string;
  readonly anchor: TrustAnchor;
  readonly keys: StoryKeys;
  readonly folder: string;
  readonly key: object;
}

const { target, anchor, keys, folder, key }: AuditServerSetup = JSON.parse(process.env["AUDIT_SERVER"] ?? "{}");
const authorizer = createAuthorizer({
  cerbos: new GRPC(target, { tls: false }),
  ...storyOptions(anchor, keys),
  audit: await openAuditLog({ folder, signer: await signerFromJwk(key as never) }),
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
