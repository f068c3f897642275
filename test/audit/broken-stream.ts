/** A process whose sink writes to a file that cannot be written to. It calls, and says what it got, as long as it lives. */
import { createWriteStream } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { jsonLinesAudit, memoryAudit } from "@hopwise/core";
import { auditTo, printingAudit } from "@hopwise/core/audit";
import { createCompany } from "@hopwise/core/testing";

const [file = "", name = ""] = process.argv.slice(2);
const company = await createCompany();
const stream = createWriteStream(file);
const sinks = {
  jsonLinesAudit: () => jsonLinesAudit(stream),
  printingAudit: () => printingAudit(stream),
  auditTo: () => auditTo(memoryAudit(), jsonLinesAudit(stream), printingAudit(stream)),
};
const authorizer = company.authorizer({ audit: sinks[name as keyof typeof sinks]() });
const planner = await company.chain("alice", "planner");
const call = () => authorizer.call(planner, "read_invoice", { id: "INV-7" });
// A stranger's attempt, too, and one more when the stream has told all that it will.
await authorizer.authorize({ tool: "read_invoice", arguments: {}, credential: { chain: "x", proof: "y" } } as never);
const first = await call();
await setTimeout(200);
for (const decision of [first, await call(), await call()]) {
  console.log(decision.outcome === "denied" ? `${decision.code}: ${decision.message}` : decision.outcome);
}
