import { type Authorizer, type AuthorizerOptions, type Call, serialize } from "@hopwise/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ISSUER } from "../../examples/finance-team/company.ts";
import { DECISION_CODES, GRANT_CODES, STATE_CODES } from "../codes/call-codes.ts";
import { SECRETS } from "../codes/case.ts";
import { CHAIN_CODES, PROOF_CODES } from "../codes/chain-codes.ts";
import { credentialFor, tokenPieces } from "../support/forge.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { createWorld, type World } from "../support/world.ts";
import { recorder } from "./recorder.ts";

/** Every code that an authorizer denies with. */
const DENIALS = {
  ...CHAIN_CODES,
  ...PROOF_CODES,
  ...GRANT_CODES,
  ...DECISION_CODES,
  ...STATE_CODES,
};

const watch = recorder();
/** The story's world, where every authorizer is watched and keeps what it answers. */
let world: World;
beforeAll(async () => {
  const plain = await createWorld();
  const authorizer = (options: Partial<AuthorizerOptions> = {}) =>
    plain.authorizer({ ...options, telemetry: watch.telemetry });
  world = { ...plain, authorizer };
});
afterAll(async () => {
  await world.pdp.close();
  await watch.close();
});

/** Random ids of calls and chains have any letters by chance; they are looked at by their shape. */
const RANDOM_IDS = /^hopwise\.(invocation|chain\.id|cerbos_call_id)$/;

/** Every text that leaves the process. */
async function exported(): Promise<readonly string[]> {
  const spans = await watch.spans();
  const fromSpans = spans.flatMap(({ name, attributes, events, links, status }) => [
    name,
    JSON.stringify(Object.entries(attributes).filter(([key]) => !RANDOM_IDS.test(key))),
    JSON.stringify([events, links, status]),
  ]);
  const points = await watch.points();
  return [...fromSpans, ...points.map(({ metric, attributes }) => JSON.stringify([metric, attributes]))];
}

async function expectNowhere(secrets: Iterable<string>): Promise<void> {
  const texts = (await exported()).join("\n");
  for (const secret of secrets) expect(texts).not.toContain(secret);
  expect(texts).not.toMatch(TOKEN_TEXT);
}

async function codesIn(): Promise<ReadonlySet<unknown>> {
  return new Set((await watch.spans()).map(({ attributes }) => attributes["hopwise.code"]));
}

describe("what telemetry exports", () => {
  it.each(Object.entries(DENIALS))("for %s has no argument, token or key in it", async (code, entry) => {
    const { pieces } = await entry.produce(world);
    await expectNowhere([...SECRETS, ...pieces]);
    expect((await codesIn()).has(code), "the denial was watched").toBe(true);
  });

  it("for allowed calls, lists and outcomes has no argument, token, key or result in it", async () => {
    const { authorizer } = world.authorizer();
    const args = { to: "Globex", amount: 713, currency: "EUR" };
    const credential = await credentialFor(world.planner, "send_payment", args);
    const decision = await authorizer.authorize({ tool: "send_payment", arguments: args, credential });
    if (decision.outcome !== "allowed") throw new Error(`it was ${decision.outcome}`);
    await authorizer.report(decision, { outcome: "returned", result: { paidTo: "Globex", receipt: "R-8713" } });
    const session = await authorizer.openSession(world.planner);
    const uri = "policy://payments";
    await session.list([{ tool: "mcp:resources/read", arguments: { uri } }, { tool: "send_payment" }]);
    await session.authorize({ tool: "mcp:resources/read", arguments: { uri } });
    await expectNowhere([
      ...["Globex", "713", "EUR", "R-8713", "paidTo", uri],
      ...tokenPieces(serialize(world.planner), credential.proof),
      ...[world.keys.planner, world.keys.researcher, world.issuerKey].map(({ publicJwk }) => String(publicJwk.x)),
    ]);
  });

  it("does not repeat what a stranger, a model or a policy says", async () => {
    const { authorizer } = world.authorizer();
    const session = await authorizer.openSession(world.planner);
    await session.authorize({ tool: "pay_hunter2_now", arguments: { "hunter2-name": 1 } });
    // The policy's reason quotes the amount.
    await session.authorize({ tool: "send_payment", arguments: { to: "Globex", amount: 9731, currency: "EUR" } });
    await strange(authorizer, {
      tool: "hunter2\n\u202e",
      arguments: {},
      credential: undefined,
      traceparent: "hunter2",
    });
    await strange(authorizer, { tool: "mcp:hunter2", credential: { chain: "hunter2", proof: "hunter2" } });
    const user = { issuer: ISSUER, subject: "hunter2" };
    await strange(authorizer, { tool: "send_payment", arguments: {}, user });
    await expectNowhere(["hunter2", "9731", "above"]);
  });

  it("has ids of calls and chains by which to find the record, and these are random or hashes", async () => {
    const spans = await watch.spans();
    const ids = spans.flatMap(({ attributes }) =>
      [attributes["hopwise.invocation"], attributes["hopwise.chain.id"]].filter((id) => id !== undefined),
    );
    expect(ids.length).toBeGreaterThan(40);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$|^[\w-]{43}$/);
  });
});

async function strange(authorizer: Authorizer, call: Call): Promise<void> {
  expect((await authorizer.authorize(call)).outcome).toBe("denied");
}
