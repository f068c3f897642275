/** The server of `invoice-server.ts` over stdio, in a process of its own. What it must be told comes in one variable. */
import { GRPC } from "@cerbos/grpc";
import { makeInvoiceServer } from "./invoice-server.ts";
import { makeAuthorizer, type PublicTeam } from "./world.ts";

export interface StdioSetup {
  /** Where the policies are asked, and about whose chains; left out for a bare server. */
  readonly guarded?: { readonly pdp: string; readonly team: PublicTeam };
}

const { guarded }: StdioSetup = JSON.parse(process.env["BENCH_SETUP"] ?? "{}");
const authorizer = guarded && makeAuthorizer(guarded.team, new GRPC(guarded.pdp, { tls: false }));
await makeInvoiceServer(authorizer).start({ transportType: "stdio" });
