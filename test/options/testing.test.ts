import { generateSigner } from "@hopwise/core";
import * as testing from "@hopwise/core/testing";
import { describe, expect, it } from "vitest";
import {
  type DoorRows,
  NO_LIST,
  NO_METHODS,
  NO_OBJECT,
  NO_TEXT,
  optionsRow,
  type Row,
  valueRow,
  walk,
  within,
} from "./row.ts";

const signer = await generateSigner();
const NO_RULE = [null, 5, "", "Allow", {}, [], true, { effect: "hang", outputs: [] }, { effect: "allow" }];
const NO_SIGNER = [null, 5, "text", {}, [], signer.publicJwk];
const NO_USER = [...NO_OBJECT, {}, { roles: "analyst" }];

const doors: DoorRows<typeof testing> = {
  createCompany: optionsRow<testing.CompanyOptions>(
    {},
    {
      users: [...NO_OBJECT, ...NO_USER.map((alice) => ({ alice }))],
      subjects: [...NO_LIST, [], "alice", [5], [""]],
      approvers: [...NO_LIST, "alice", [5], [""], ["nobody"]],
      agents: [...NO_OBJECT, ...[...NO_OBJECT, ...NO_SIGNER.map((key) => ({ key }))].map((planner) => ({ planner }))],
      tools: [...NO_OBJECT, { send_payment: {} }],
      audience: [...NO_TEXT, "pay"],
      issuer: NO_TEXT,
      issuerKey: NO_SIGNER,
    },
    testing.createCompany,
  ),
  answeringPdp: valueRow<testing.PolicyRule>("allow", NO_RULE, testing.answeringPdp),
  denyAll: valueRow<string>("closed", NO_TEXT, testing.denyAll),
  watchedPdp: valueRow<testing.AnsweringPdp>(
    testing.allowAll(),
    [...NO_METHODS, undefined, { client: {} }],
    testing.watchedPdp,
  ),
  allowAll: "takes nothing",
  testClock: "takes nothing; its set refuses what is no time",
  sampleDecision: "takes members of a record, as they are to stand in it",
  sampleDenied: "takes members of a denial, as they are to stand in it",
  sampleOutcome: "takes members of a record, as they are to stand in it",
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

describe("what is told later", () => {
  walk(
    "tell",
    valueRow<testing.PolicyRule>("deny", NO_RULE, (rule) => testing.allowAll().tell(rule)),
  );

  it("of a company, an agent or a user that cannot be one is refused where they are kept", async () => {
    const agents = within<testing.CompanyAgent>({}, { roles: ["agent", [5]], tools: ["pay"], maxDepth: [0] } as never);
    for (const planner of agents) {
      await expect(testing.createCompany({ agents: { planner } as never })).rejects.toMatchObject({
        code: "config_invalid",
      });
    }
  });
});
