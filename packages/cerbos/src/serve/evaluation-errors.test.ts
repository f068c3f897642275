import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PAYMENTS, temporaryFolder } from "../testing/policies.ts";
import { runFolder } from "../testing/processes.ts";
import { type Pdp, startPdp } from "./start-pdp.ts";

/** Ann has no cap, so the rule that would deny cannot be evaluated. */
const QUESTION = {
  requestId: "q",
  includeMeta: true,
  principal: { id: "ann", roles: ["user"] },
  resources: [{ resource: { kind: "payment", id: "p1", attr: { amount: 50 } }, actions: ["pay"] }],
};

async function started(strictEvaluation: boolean): Promise<{ pdp: Pdp; decisionLog: string }> {
  const decisionLog = join(temporaryFolder(), "decisions.jsonl");
  const policies = temporaryFolder({ "payments.yaml": PAYMENTS });
  const pdp = await startPdp({ policies, strictEvaluation, decisionLog });
  onTestFinished(() => pdp.close());
  return { pdp, decisionLog };
}

/** What the PDP answers over HTTP, where every field it knows is in the JSON: no client stands between. */
function rawAnswer(pdp: Pdp): Promise<string> {
  const socketPath = join(runFolder(pdp.target), "http.sock");
  const headers = { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path: "/api/check/resources", method: "POST", headers }, (answer) => {
      let text = "";
      answer.on("data", (piece) => (text += piece)).on("end", () => resolve(text));
    });
    call.on("error", reject).end(JSON.stringify(QUESTION));
  });
}

const withoutIds = (text: string): unknown => ({ ...JSON.parse(text), cerbosCallId: "" });
const answer = (effect: string): unknown => ({
  requestId: "q",
  results: [
    {
      resource: { id: "p1", kind: "payment" },
      actions: { pay: effect },
      meta: { actions: { pay: { matchedPolicy: "resource.payment.vdefault" } } },
    },
  ],
  cerbosCallId: "",
});

// If one of these fails with a newer Cerbos, its answers say more than they did: then `policy_inconclusive` can be made
// of it, and strict evaluation is no longer the only protection.
describe("a rule that cannot be evaluated", () => {
  it("leaves no trace in the answer of Cerbos 0.55.0: no client could tell that an allowance stands on it", async () => {
    const { pdp } = await started(false);
    expect(withoutIds(await rawAnswer(pdp))).toEqual(answer("EFFECT_ALLOW"));
  });

  it("denies under strict evaluation, in an answer that looks like any other denial", async () => {
    const { pdp } = await started(true);
    expect(withoutIds(await rawAnswer(pdp))).toEqual(answer("EFFECT_DENY"));
  });

  it("is in the decision log with its expression: that is where an operator finds it", async () => {
    const { pdp, decisionLog } = await started(false);
    await rawAnswer(pdp);
    await pdp.close();
    const [entry] = readFileSync(decisionLog, "utf8").trim().split("\n");
    expect(JSON.parse(entry as string).checkResources.outputs[0].evaluationErrors).toEqual([
      { celError: { message: "no such key: cap", expression: "R.attr.amount > P.attr.cap" } },
    ]);
  });
});
