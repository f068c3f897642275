/** The story's pay server over stdio, in a process of its own. What it decides goes to a file, one record a line. */
import { createWriteStream } from "node:fs";
import { GRPC } from "@cerbos/grpc";
import { createAuthorizer, jsonLinesAudit } from "@hopwise/core";
import { createNonces } from "@hopwise/core/state";
import { createPayServer } from "../../../examples/finance-team/pay-server.ts";
import { storyOptions } from "../story-options.ts";

const { target, anchor, keys, records, asksForNonces } = JSON.parse(process.env["PAY_SERVER_SETUP"] ?? "{}");
const authorizer = createAuthorizer({
  cerbos: new GRPC(target, { tls: false }),
  ...storyOptions(anchor, keys),
  audit: jsonLinesAudit(createWriteStream(records, { flags: "a" })),
  ...(asksForNonces === true && { nonces: createNonces() }),
});
await createPayServer(authorizer, []).start({ transportType: "stdio" });
