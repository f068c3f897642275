/** A FastMCP server with the tool that is judged: behind the guard, or bare. */
import type { Authorizer } from "@hopwise/core";
import { guard } from "@hopwise/fastmcp";
import { FastMCP } from "fastmcp";
import { z } from "zod";

const silent = { debug: () => {}, error: () => {}, info: () => {}, log: () => {}, warn: () => {} };

/** @param authorizer undefined for a bare server */
export function makeInvoiceServer(authorizer: Authorizer | undefined): FastMCP {
  const server = new FastMCP({ name: "pay", version: "1.0.0", logger: silent });
  if (authorizer !== undefined) guard(server, authorizer);
  server.addTool({
    name: "read_invoice",
    description: "Reads an invoice",
    parameters: z.object({ id: z.string() }),
    // The policies take the account out of it.
    execute: async ({ id }) => JSON.stringify({ id, supplier: "acme", amount: 900, iban: "DE89370400440532013000" }),
  });
  return server;
}
