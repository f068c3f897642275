/** A call that waits for a person, on the real policies: asked about, answered with a signature, made once. */
import {
  type Authorizer,
  type Decision,
  generateSigner,
  type HeldDelegation,
  memoryState,
  type Signer,
  type ToolEntry,
} from "@hopwise/core";
import { grant, int, wildcard } from "@hopwise/core/grant";
import type { UserDirectory } from "@hopwise/core/sources";
import { signApproval } from "@hopwise/core/tokens";
import { beforeAll, describe, expect, it } from "vitest";
import { ISSUER, PAY_SERVER, tools, users } from "../../examples/finance-team/company.ts";
import { credentialFor } from "../support/forge.ts";
import { type World, worldHere } from "../support/world.ts";

const world = await worldHere();
let danaKey: Signer;
let bobKey: Signer;
let carols: HeldDelegation;

beforeAll(async () => {
  [danaKey, bobKey] = [await generateSigner(), await generateSigner()];
  const order = { agent: "planner", holder: world.keys.planner, grant: GRANT };
  carols = await world.issuer.issue({ subject: "carol", ...order });
});

const GRANT = grant({ send_payment: { to: wildcard(), amount: int({ min: 1, max: 10_000 }), currency: wildcard() } });
const PAY = tools["send_payment"] as ToolEntry;
const PAYMENT = { to: "Globex", amount: 5000, currency: "EUR" };

function scene(more: Parameters<World["authorizer"]>[0] = {}) {
  const person = (subject: string, key: Signer) => ({ issuer: ISSUER, subject, keys: [key.publicJwk] });
  const approvers = [person("dana", danaKey), person("bob", bobKey), person("carol", world.keys.researcher)];
  const shown = { ...tools, send_payment: { ...PAY, keepInRecord: ["to", "amount", "currency"] } };
  const { authorizer, audit } = world.authorizer({
    approvals: { approvers },
    state: memoryState(),
    tools: shown,
    ...more,
  });
  const call = async (args: object = PAYMENT, approval?: string, held = carols) =>
    authorizer.authorize({
      tool: "send_payment",
      arguments: args,
      credential: await credentialFor(held, "send_payment", args),
      approval,
    });
  const asked = async (args: object = PAYMENT): Promise<string> => {
    const decision = await call(args);
    if (decision.outcome !== "pending") throw new Error(`it was ${JSON.stringify(decision)}`);
    return decision.approval.request;
  };
  return { authorizer, audit, call, asked };
}

async function answer(authorizer: Authorizer, id: string, signer: Signer, said: "yes" | "no" = "yes") {
  const found = await authorizer.approvals.find(id);
  if (found === undefined) throw new Error("no such request");
  return authorizer.approvals.answer(id, await signApproval({ signer, request: found.request, answer: said }));
}

describe("a payment that a second person must approve", () => {
  it("waits, is approved with a signature by who may, runs once, and not again", async () => {
    const { authorizer, audit, call, asked } = scene();
    const id = await asked();
    expect(await authorizer.approvals.list()).toMatchObject([
      {
        id,
        state: "waiting",
        user: "carol",
        arguments: PAYMENT,
        request: { tool: "send_payment", audience: PAY_SERVER },
      },
    ]);
    expect(await call(PAYMENT, id)).toMatchObject({ outcome: "pending", approval: { request: id } });
    expect(await answer(authorizer, id, danaKey)).toMatchObject({ state: "approved" });
    expect(await call(PAYMENT, id)).toMatchObject({ outcome: "allowed" });
    expect(await call(PAYMENT, id)).toMatchObject({ outcome: "denied", code: "approval_used", stage: "approval" });
    expect(await authorizer.approvals.find(id)).toMatchObject({ state: "used" });
    expect(audit.records.map(({ outcome }) => outcome)).toEqual(["pending", "pending", "allowed", "denied"]);
    expect(audit.records[0]?.approval).toMatchObject({ request: id, approvers: 1 });
    expect(audit.records[2]?.approved).toMatchObject({ request: id, by: [{ approver: { subject: "dana" } }] });
  });

  it("runs once, however many make it at the same moment", async () => {
    const { authorizer, call, asked } = scene();
    const id = await asked();
    await answer(authorizer, id, danaKey);
    const outcomes = await Promise.all(Array.from({ length: 10 }, async () => (await call(PAYMENT, id)).outcome));
    expect(outcomes.filter((outcome) => outcome === "allowed")).toHaveLength(1);
  });

  it("is ended by one no, also after a yes", async () => {
    const { authorizer, call, asked } = scene();
    const id = await asked();
    await answer(authorizer, id, danaKey);
    expect(await answer(authorizer, id, danaKey, "no")).toMatchObject({ state: "denied" });
    expect(await call(PAYMENT, id)).toMatchObject({ outcome: "denied", code: "approval_denied" });
  });

  it("is approved by nobody whom the policies do not let, nor by a stranger, nor by the user, nor by an agent of the chain", async () => {
    const { authorizer, call, asked } = scene();
    const id = await asked();
    const refused = (signer: Signer) => answer(authorizer, id, signer).catch(({ code }) => code);
    expect(await refused(bobKey)).toBe("approval_refused");
    expect(await refused(world.keys.researcher)).toBe("approval_refused"); // carol's key here: her own chain
    expect(await refused(world.keys.planner)).toBe("approval_refused");
    expect(await refused(await generateSigner())).toBe("approval_refused");
    expect(await call(PAYMENT, id)).toMatchObject({ outcome: "pending" });
  });

  it("is approved by nobody under another of their names: policies and counts go by the id of the directory", async () => {
    const alias = await generateSigner();
    const find: UserDirectory["find"] = async (subject) => {
      const names: Record<string, string> = { "carol@acme": "carol", "dana@acme": "dana" };
      const known = names[subject.subject];
      const found = await users.find({ ...subject, subject: known ?? subject.subject });
      // Carol is a manager, too: only that it is her own call stands against her.
      return found && { ...found, id: known ?? subject.subject, roles: [...new Set([...found.roles, "manager"])] };
    };
    const person = (subject: string, key: Signer) => ({ issuer: ISSUER, subject, keys: [key.publicJwk] });
    const approvers = [person("carol@acme", alias), person("dana", danaKey), person("dana@acme", bobKey)];
    const { authorizer, asked } = scene({ users: { find }, approvals: { approvers } });
    const id = await asked();
    const refused = await answer(authorizer, id, alias).catch(({ code }) => code);
    expect(refused).toBe("approval_refused");
    expect((await answer(authorizer, id, danaKey)).answers).toHaveLength(1);
    expect(await answer(authorizer, id, bobKey).catch(({ code }) => code)).toBe("approval_refused");
  });

  it("is another request with another amount, and where the row changed that it is about", async () => {
    let rating = 1;
    const send_payment = {
      ...PAY,
      attributes: () => ({ supplierKnown: true, rating }),
    };
    const { authorizer, call, asked } = scene({ tools: { ...tools, send_payment } });
    const id = await asked();
    await answer(authorizer, id, danaKey);
    const isAnother = (decision: Decision) => decision.outcome === "pending" && decision.approval.request !== id;
    expect(await call({ ...PAYMENT, amount: 4999 }, id)).toSatisfy(isAnother);
    rating = 2;
    expect(await call(PAYMENT, id)).toSatisfy(isAnother);
    rating = 1;
    expect(await call(PAYMENT, id)).toMatchObject({ outcome: "allowed" });
  });

  it("may be made with a chain that was renewed meanwhile", async () => {
    const { authorizer, call, asked } = scene();
    const id = await asked();
    await answer(authorizer, id, danaKey);
    const order = { agent: "planner", holder: world.keys.planner, grant: GRANT };
    const renewed = await world.issuer.issue({ subject: "carol", ...order });
    expect(await call(PAYMENT, id, renewed)).toMatchObject({ outcome: "allowed" });
  });

  it("lapses", async () => {
    let ahead = 0;
    const clock = () => Date.now() + ahead;
    const { authorizer, asked } = scene({
      clock,
      state: memoryState({ clock }),
      approvals: { withinSeconds: 60, approvers: [{ issuer: ISSUER, subject: "dana", keys: [danaKey.publicJwk] }] },
    });
    const id = await asked();
    const { request } = (await authorizer.approvals.find(id)) ?? {};
    const signed = await signApproval({ signer: danaKey, request: request as never, answer: "yes", clock });
    ahead = 61_000;
    expect(await authorizer.approvals.list()).toEqual([]);
    await expect(authorizer.approvals.answer(id, signed)).rejects.toMatchObject({ code: "approval_refused" });
  });

  it("waits in no greater numbers than a chain may have", async () => {
    const { call } = scene({ approvals: { maxWaiting: 2 } });
    const amounts = [3001, 3002, 3003];
    const decisions = await Promise.all(amounts.map((amount) => call({ ...PAYMENT, amount })));
    const codes = decisions.map((decision) => (decision.outcome === "denied" ? decision.code : decision.outcome));
    expect(codes.sort()).toEqual(["approval_limit", "pending", "pending"]);
  });

  it("is told to somebody, who cannot break it", async () => {
    const told: string[] = [];
    const { asked } = scene({
      approvals: {
        onRequest: ({ id }) => {
          told.push(id);
          throw new Error("no mail today");
        },
      },
    });
    const id = await asked();
    expect(told).toEqual([id]);
  });

  it("is asked for anew where the store of its use may have forgotten that it was used", async () => {
    const state = memoryState();
    const first = scene({ state });
    const id = await first.asked();
    await answer(first.authorizer, id, danaKey);
    expect((await first.call(PAYMENT, id)).outcome).toBe("allowed");
    // Requests live on in a store that lasts; what counts their use began anew.
    const { spending } = memoryState({ since: Date.now() + 3000 });
    const again = await scene({ state: { ...state, spending } }).call(PAYMENT, id);
    expect(again).toMatchObject({ outcome: "pending" });
    expect(again.outcome === "pending" && again.approval.request).not.toBe(id);
  });

  it("that waits for nobody, since nobody is named, is warned of once", async () => {
    const warned: string[] = [];
    const onWarning = (text: string) => void warned.push(text);
    const nobody = scene({ onWarning, approvals: {} });
    await nobody.asked();
    await nobody.asked({ ...PAYMENT, amount: 4999 });
    expect(warned).toEqual([expect.stringMatching(/approvals\.approvers.*approvals: true/)]);
    await scene({ onWarning }).asked();
    expect(warned).toHaveLength(1);
  });
});
