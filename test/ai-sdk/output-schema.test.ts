/** Which schema a loop's tool announces of its results, in every form in which the AI SDK takes one. */
import { authorizeTools } from "@hopwise/ai-sdk";
import type { HeldDelegation } from "@hopwise/core";
import { answeringPdp, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { jsonSchema } from "ai";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

let authorizer: TestAuthorizer;
let delegation: HeldDelegation;
beforeAll(async () => {
  const company = await createCompany();
  authorizer = company.authorizer({ cerbos: answeringPdp({ effect: "allow", outputs: [{ redact: ["/iban"] }] }) });
  delegation = await company.chain("alice", "planner");
});

/** What the model of a loop gets, and how often the tool ran. */
async function called(outputSchema: unknown) {
  let ran = 0;
  const execute = async () => {
    ran++;
    return { iban: "DE02" };
  };
  const own = { send_payment: { ...(outputSchema === undefined ? {} : { outputSchema }), execute } };
  const tools = await authorizeTools(own, { authorizer, delegation });
  const got = await (tools.send_payment.execute as (input: object) => Promise<unknown>)({ to: "Globex" }).catch(
    (error: Error) => error.message,
  );
  return { got, ran };
}

type JsonSchema = Exclude<Parameters<typeof jsonSchema>[0], PromiseLike<unknown> | (() => unknown)>;
const strict: JsonSchema = { type: "object", properties: { iban: { type: "string" } }, required: ["iban"] };
const open: JsonSchema = { ...strict, required: [] };
const REFUSED = { got: expect.stringContaining("policy_inconclusive"), ran: 0 };

describe("a tool of a loop whose result policies change", () => {
  it.each<[string, unknown, unknown]>([
    ["of Zod", z.object({ iban: z.string() }), z.object({ iban: z.string().optional() })],
    ["as JSON Schema", jsonSchema(strict), jsonSchema(open)],
    ["that comes later", jsonSchema(async () => strict), jsonSchema(async () => open)],
    ["that is made when it is needed", () => jsonSchema(strict), () => jsonSchema(open)],
  ])("is judged by its schema %s", async (_, tooStrict, fitting) => {
    expect(await called(tooStrict)).toEqual(REFUSED);
    expect(await called(fitting)).toEqual({ got: {}, ran: 1 });
  });

  it.each<[string, unknown]>([
    [
      "throws",
      () => {
        throw new Error("hunter2");
      },
    ],
    ["says nothing in JSON", { "~standard": { version: 1, vendor: "elsewhere", validate: () => ({}) } }],
    ["is no schema", 7],
    ["gives a list", jsonSchema([] as never)],
  ])("is refused before it runs where its schema %s", async (_, schema) => {
    const { got, ran } = await called(schema);
    expect(ran).toBe(0);
    expect(got).toContain("policy_inconclusive");
    expect(got).not.toContain("hunter2");
  });

  it("says so in its place where it announces nothing", async () => {
    expect(await called(undefined)).toEqual({ got: { iban: "[redacted]" }, ran: 1 });
  });
});
