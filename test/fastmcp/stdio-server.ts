/** The story's pay server over stdio, as a process of its own. What it needs to know comes in one variable. */
import { GRPC } from "@cerbos/grpc";
import { createAuthorizer, memoryAudit, type TrustAnchor } from "@hopwise/core";
import { guard } from "@hopwise/fastmcp";
import { FastMCP } from "fastmcp";
import { z } from "zod";
import { ISSUER, invoices } from "../../examples/finance-team/company.ts";
import { type StoryKeys, storyOptions } from "../support/story-options.ts";

/** Everything that another process has to tell this one. */
export interface StdioSetup {
  readonly pdp: string;
  readonly trust: TrustAnchor;
  readonly keys: StoryKeys;
}

const { pdp, trust, keys }: StdioSetup = JSON.parse(process.env["TEST_SETUP"] ?? "{}");
const authorizer = createAuthorizer({
  cerbos: new GRPC(pdp, { tls: false }),
  ...storyOptions(trust, keys),
  audit: memoryAudit(),
});

// All that FastMCP logs goes to stderr: the test looks through it for tokens.
const log = (...parts: unknown[]): void => console.error(...parts);
const logger = { debug: log, error: log, info: log, log, warn: log };
const server = guard(new FastMCP({ name: "pay", version: "1.0.0", logger }), authorizer, {
  // Never asked here: stdio has no requests, and whoever holds the pipe is not thereby alice.
  userFromAuth: () => ({ issuer: ISSUER, subject: "alice" }),
});
server.addTool({
  name: "read_invoice",
  parameters: z.object({ id: z.string() }),
  execute: async ({ id }, context) => {
    console.error("tool", id, context);
    context.log.info(`reading ${id}`);
    if (id === "INV-21") throw new Error("the tool failed");
    return invoices[id]?.text ?? "";
  },
});
server.addTool({
  name: "send_payment",
  parameters: z.object({ to: z.string(), amount: z.number(), currency: z.string() }),
  execute: async () => "paid",
});
server.addResource({
  uri: "policy://payments",
  name: "Payment handbook",
  load: async (auth, context) => {
    console.error("resource", auth, context);
    return { text: "Pay known suppliers only." };
  },
});
await server.start({ transportType: "stdio" });
