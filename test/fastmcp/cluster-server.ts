/** A guarded server for a worker of node:cluster, as process managers run it. Tells its port to the primary. */
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { guardedServer } from "@hopwise/fastmcp/testing";
import { ISSUER, PAY_SERVER, tools, users } from "../../examples/finance-team/company.ts";

const company = await createCompany({ issuer: ISSUER, audience: PAY_SERVER, users, tools });
const authorizer = company.authorizer({ cerbos: answeringPdp(new Error("no policies here")) });
const { url } = await guardedServer(authorizer, {
  http: { stateless: true },
  add: (server) =>
    server.addResource({ uri: "policy://payments", name: "handbook", load: async () => ({ text: "secret" }) }),
});
process.send?.(Number(new URL(url).port));
