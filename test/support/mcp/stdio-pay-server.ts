/** The story's pay server over stdio, in a process of its own. What it decides goes to a file, one record a line. */
import { createWriteStream } from "node:fs";
import { GRPC } from "@cerbos/grpc";
import { createAuthorizer, jsonLinesAudit, memoryState } from "@hopwise/core";
import { createNonces } from "@hopwise/core/state";
import { PAY_SERVER, registerAgents, tools, users } from "../../../examples/finance-team/company.ts";
import { createPayServer } from "../../../examples/finance-team/pay-server.ts";

const { target, anchor, keys, records, asksForNonces } = JSON.parse(process.env["PAY_SERVER_SETUP"] ?? "{}");
const authorizer = createAuthorizer({
  cerbos: new GRPC(target, { tls: false }),
  audience: PAY_SERVER,
  trust: [anchor],
  users,
  agents: registerAgents(keys),
  tools,
  delegation: { kind: "delegation", action: "delegate" },
  audit: jsonLinesAudit(createWriteStream(records, { flags: "a" })),
  state: memoryState({ since: 0 }),
  ...(asksForNonces === true && { nonces: createNonces() }),
});
await createPayServer(authorizer, []).start({ transportType: "stdio" });
