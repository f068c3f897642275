/** The FastMCP server that owns the payment tools: three tools, a resource and a prompt, all behind one guard. */
import type { Authorizer } from "@hopwise/core";
import { type GuardServerOptions, guard } from "@hopwise/fastmcp";
import { FastMCP } from "fastmcp";
import { z } from "zod";
import { invoices, ledgers } from "./company.ts";

/** The payments that were really made, for the story to look at. */
export type Payments = { to: string; amount: number; currency: string }[];

/** The schema of a payment; the same for the server's tool and for the local one. */
export const paymentSchema = z.object({ to: z.string(), amount: z.number().int(), currency: z.string() });

const quiet = { debug: () => {}, error: () => {}, info: () => {}, log: () => {}, warn: () => {} };

export function createPayServer(authorizer: Authorizer, payments: Payments, options: GuardServerOptions = {}): FastMCP {
  const server = guard(new FastMCP({ name: "pay", version: "1.0.0", logger: quiet }), authorizer, options);

  server.addTool({
    name: "get_transactions",
    description: "Lists the transactions of an account",
    parameters: z.object({ account: z.string(), limit: z.number().int().optional() }),
    execute: async ({ account, limit }) => (ledgers[account]?.lines ?? []).slice(0, limit).join("\n"),
  });
  server.addTool({
    name: "read_invoice",
    description: "Reads an invoice",
    parameters: z.object({ id: z.string() }),
    execute: async ({ id }) => JSON.stringify(invoices[id] ?? {}),
  });
  server.addTool({
    name: "send_payment",
    description: "Pays a supplier",
    parameters: paymentSchema,
    execute: async (payment) => {
      payments.push(payment);
      return `paid ${payment.amount} ${payment.currency} to ${payment.to}`;
    },
  });
  server.addResource({
    uri: "policy://payments",
    name: "Payment handbook",
    mimeType: "text/plain",
    load: async () => ({ text: "Pay known suppliers only, within your limit." }),
  });
  server.addPrompt({
    name: "monthly-report",
    description: "Writes the monthly report",
    load: async () => "Write the monthly report.",
  });
  return server;
}
