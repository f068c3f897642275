/** A record names the login that stood behind the chain, as the issuer of its root said. */
import { delegate } from "@hopwise/core";
import { type Provenance, prove } from "@hopwise/core/tokens";
import { expect, it } from "vitest";
import { PAY_SERVER } from "../examples/finance-team/company.ts";
import { PLANNER_GRANT, RESEARCHER_GRANT, worldHere } from "./support/world.ts";

const world = await worldHere();

const login: Provenance = {
  kind: "id_token",
  issuer: "https://login.acme.example",
  subject: "00u1",
  acr: "mfa",
  authTime: 1,
};
const call = { tool: "read_invoice", arguments: { id: "INV-9" } };

it("how the user logged in stands with the root's token in the record of a call that its last agent makes, and with no other token", async () => {
  const { keys, issuer } = world;
  const root = await issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: keys.planner,
    grant: PLANNER_GRANT,
    login,
  });
  const held = await delegate(root, { to: "researcher", holder: keys.researcher, grant: RESEARCHER_GRANT });
  const { authorizer, audit } = world.authorizer();
  const credential = await prove(held, { ...call, audience: PAY_SERVER });
  expect(await authorizer.authorize({ ...call, credential, fulfils: true })).toMatchObject({ outcome: "allowed" });
  const tokens = audit.records.at(-1)?.tokens ?? [];
  expect(tokens.map((token) => token.login)).toEqual([login, undefined]);
});

it("how the user logged in is left out of the record where the issuer did not say", async () => {
  const { authorizer, audit } = world.authorizer();
  const credential = await prove(world.researcher, { ...call, audience: PAY_SERVER });
  expect(await authorizer.authorize({ ...call, credential, fulfils: true })).toMatchObject({ outcome: "allowed" });
  for (const token of audit.records.at(-1)?.tokens ?? []) expect(token).not.toHaveProperty("login");
});
