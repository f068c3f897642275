import { runInNewContext } from "node:vm";
import { createAuthorizer, memoryAudit, memoryState } from "@hopwise/core";
import { acceptRevocations } from "@hopwise/core/state";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { signRevocation } from "@hopwise/core/tokens";
import { expect, it } from "vitest";
import { companyOptions } from "./company-options.ts";

const company = await createCompany();
const held = await company.chain("alice", "planner");
const alice = { issuer: company.issuer.trustAnchor.issuer, subject: "alice" };
const CALL = { tool: "read_invoice", arguments: { id: "INV-7" } };
const SAYS = /has the member "\w+", which was put on Object\.prototype/;
/** With sources of its own: it reads no option of that name from a prototype. */
const authorizer = company.authorizer({ sources: { user: {}, agent: {} } });

const prototype = Object.prototype as unknown as Record<string, unknown>;

/** What a library does that merges a caller's `{"__proto__": { … }}` into an object of its own. */
function pollute(name: string, value: unknown): void {
  prototype[name] = value;
}

async function polluted<T>(name: string, value: unknown, run: () => Promise<T>): Promise<T> {
  pollute(name, value);
  try {
    return await run();
  } finally {
    delete prototype[name];
  }
}

const REFUSED = { outcome: "denied", code: "guard_failed", message: expect.stringMatching(SAYS) };

it("takes nobody for a user whom a prototype names, where a call says of none", async () => {
  const before = authorizer.audit.records.length;
  expect(await polluted("user", alice, () => authorizer.authorize(CALL))).toMatchObject(REFUSED);
  expect(authorizer.audit.records).toHaveLength(before);
});

it("denies what was admitted before the prototype got its member", async () => {
  const { chain, proof } = await company.credential(held, CALL.tool, CALL.arguments);
  const admission = await authorizer.admit({ ...CALL, credential: { chain, proof } });
  if (admission.outcome !== "admitted") throw new Error(admission.message);
  const decided = polluted("shadow", "everything", () => admission.decide());
  await expect(decided).rejects.toMatchObject({ code: "config_invalid", message: expect.stringMatching(SAYS) });
});

it("denies what the policies allowed while the prototype got its member", async () => {
  const cerbos = answeringPdp(() => {
    pollute("effect", "EFFECT_ALLOW");
    return "allow";
  });
  const late = company.authorizer({ cerbos });
  const decision = await late.call(held, CALL.tool, CALL.arguments).finally(() => delete prototype["effect"]);
  expect(decision).toMatchObject(REFUSED);
});

it("makes no authorizer in shadow mode by a prototype", async () => {
  const options = { ...companyOptions(company), audit: memoryAudit(), state: memoryState() };
  const made = polluted("shadow", "everything", async () => createAuthorizer(options));
  await expect(made).rejects.toMatchObject({ code: "config_invalid", message: expect.stringMatching(SAYS) });
});

it("takes no options from another realm whose prototype has a member", () => {
  const given: unknown = runInNewContext("Object.prototype.shadow = 'everything'; ({})");
  const made = () =>
    createAuthorizer(Object.assign(given as object, companyOptions(company), { audit: memoryAudit() }));
  expect(made).toThrow(expect.objectContaining({ code: "config_invalid" }));
});

it("takes no statement meanwhile", async () => {
  const { clock, issuer, audience, keys } = company;
  const state = memoryState({ since: 0, clock });
  const accept = acceptRevocations({ trust: [issuer.trustAnchor], audience, state, clock });
  const { revocation } = await signRevocation({ signer: keys.planner, of: { delegation: held }, audience, clock });
  await expect(polluted("evidence", held, () => accept({ revocation }))).rejects.toMatchObject({
    message: expect.stringMatching(SAYS),
  });
  expect(state.revocations.list()).toEqual([]);
});

it("says so in its health", async () => {
  expect(await authorizer.health()).toMatchObject({ ok: true });
  const health = await polluted("user", alice, () => authorizer.health());
  expect(health).toMatchObject({ ok: false, problem: expect.stringMatching(SAYS) });
});

it("does not mind what cannot be enumerated, which only code that runs here can add", async () => {
  Object.defineProperty(prototype, "last", { value: () => 1, configurable: true });
  try {
    expect(await authorizer.call(held, CALL.tool, CALL.arguments)).toMatchObject({ outcome: "allowed" });
  } finally {
    delete prototype["last"];
  }
});
