import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GRPC } from "@cerbos/grpc";
import { describe, expect, it, onTestFinished } from "vitest";
import { type PolicyClient, resilient } from "../ask/resilient.ts";
import { type Pdp, startPdp } from "../serve/start-pdp.ts";
import { temporaryFolder } from "../testing/policies.ts";
import { pidsOf, runFolder } from "../testing/processes.ts";
import type { CheckRequest, CheckResponse } from "./form.ts";
import type { PartOfAnswer } from "./part-of-answer.ts";
import { shareRequests } from "./share-requests.ts";

/** A binary of Cerbos 0.51.0, which .ci/run brings along. */
const OLD_CERBOS = process.env["HOPWISE_CERBOS_0_51"];

/** Answers, outputs and errors of schemas all depend on the entry's own attributes. */
const POLICY = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: payment
  version: default
  schemas: { resourceSchema: { ref: "cerbos:///payment.json" } }
  rules:
    - actions: [pay]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: R.attr.amount < P.attr.cap } }
      output: { when: { ruleActivated: '{"mark": R.attr.mark, "who": P.id}', conditionNotMet: '{"over": R.attr.mark}' } }
    - { actions: [read], effect: EFFECT_ALLOW, roles: [user] }
`;
const SCHEMA = JSON.stringify({ type: "object", properties: { amount: { type: "number" } }, required: ["amount"] });
const EDGES = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: delegation
  version: default
  rules:
    - actions: [delegate]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: R.attr.expiresIn <= 600 } }
`;

const ann = { id: "ann", roles: ["user"], attr: { cap: 100, nested: { team: "a" } } };
const entry = (attr: object, actions = ["pay"]): CheckRequest["resources"][number] => ({
  resource: { kind: "payment", id: "same", attr: attr as never },
  actions,
});
const question = (...resources: CheckRequest["resources"]): CheckRequest => ({
  principal: ann,
  resources,
  includeMetadata: true,
  requestId: `q${counter++}`,
});
let counter = 0;

async function started(options: Partial<Parameters<typeof startPdp>[0]> = {}): Promise<Pdp> {
  const policies = temporaryFolder({ "p.yaml": POLICY, "d.yaml": EDGES, "_schemas/payment.json": SCHEMA });
  const pdp = await startPdp({ policies, sharing: false, ...options });
  onTestFinished(() => pdp.close());
  return pdp;
}

/** A client that shares, with the number of results of each of its requests. */
function sharing(pdp: Pdp): { readonly shared: PolicyClient; readonly sizes: number[] } {
  const sizes: number[] = [];
  const counting: PolicyClient = {
    checkResources: (request, options) => {
      sizes.push(request.resources.length);
      return pdp.client.checkResources(request, options);
    },
    planResources: (request, options) => pdp.client.planResources(request, options),
  };
  return { shared: shareRequests(counting), sizes };
}

/** What an answer says, without what names it. */
const told = ({ results }: CheckResponse): unknown => JSON.parse(JSON.stringify(results));

const VERSIONS: readonly [string, Partial<Parameters<typeof startPdp>[0]> | undefined][] = [
  ["0.55", {}],
  ["0.51", OLD_CERBOS === undefined ? undefined : { binary: OLD_CERBOS, strictEvaluation: false }],
];

describe.each(VERSIONS)("a shared answer of Cerbos %s", (_, options) => {
  it.skipIf(options === undefined)(
    "is right by position: one kind and id, mixed attributes and actions, some invalid, edges that end at other times",
    async () => {
      const pdp = await started(options);
      const { shared, sizes } = sharing(pdp);
      const edge = (expiresIn: number): CheckRequest["resources"][number] => ({
        resource: { kind: "delegation", id: "alice->agent:planner", attr: { expiresIn } },
        actions: ["delegate"],
      });
      const questions = Array.from({ length: 600 }, (_, i) => {
        const attr = i % 7 === 3 ? { mark: i } : i % 7 === 5 ? { amount: "5" } : { amount: i % 200, mark: i };
        const call = entry(attr, i % 3 === 0 ? ["read", "pay"] : i % 3 === 1 ? ["pay"] : ["pay", "read"]);
        return question(call, ...(i % 2 === 0 ? [edge(i * 2)] : []));
      });
      const answers = await Promise.all(questions.map((it) => shared.checkResources(it)));
      const alone = await Promise.all(questions.map((it) => pdp.client.checkResources(it)));
      expect(answers.map(told)).toEqual(alone.map(told));
      expect(answers.map(({ requestId }) => requestId)).toEqual(questions.map(({ requestId }) => requestId));
      expect(sizes.length).toBeLessThan(60);
      expect(Math.max(...sizes)).toBeGreaterThan(30);
      const kinds = new Set(
        alone.map((it) => JSON.stringify([it.results[0]?.actions, it.results[0]?.validationErrors])),
      );
      expect(kinds.size).toBeGreaterThan(6);
    },
  );

  it.skipIf(options === undefined)("is one for all but a question that is bad, which alone is refused", async () => {
    const pdp = await started(options);
    const { shared, sizes } = sharing(pdp);
    const bad = question({ resource: { kind: "payment", id: "" }, actions: ["pay"] });
    const unwritten = question(entry({ amount: Number.NaN, mark: undefined }));
    const large = question(entry({ amount: 1, text: "x".repeat(5 * 1024 * 1024) }));
    const good = (amount: number): CheckRequest => question(entry({ amount, mark: amount }));
    const asked = [good(1), good(2), good(3), bad, large, unwritten, good(4), good(500)];
    const outcomes = await Promise.allSettled(asked.map((it) => shared.checkResources(it)));
    const alone = await Promise.allSettled(asked.map((it) => pdp.client.checkResources(it)));
    const outcomeOf = (it: PromiseSettledResult<CheckResponse>): unknown =>
      it.status === "fulfilled" ? told(it.value) : String(it.reason).replace(/\d+ vs\. /, "");
    expect(outcomes.map(outcomeOf)).toEqual(alone.map(outcomeOf));
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    // Two at once, two alone at once; four together, of which one was bad; then each of them.
    expect(sizes.toSorted()).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 4]);
  });
});

describe("principals that differ", () => {
  it("never share, though only one nested attribute, or a token, tells them apart", async () => {
    const pdp = await started();
    const { shared } = sharing(pdp);
    const caps = Array.from({ length: 120 }, (_, i) => i % 3);
    const asked = caps.map(
      (kind, i): CheckRequest => ({
        ...question(entry({ amount: 50, mark: i })),
        principal: { ...ann, attr: { cap: kind === 1 ? 10 : 100, nested: { team: kind === 2 ? "b" : "a" } } },
      }),
    );
    const answers = await Promise.all(asked.map((it) => shared.checkResources(it)));
    answers.forEach(({ results }, i) => {
      expect(results[0]?.actions["pay"]).toBe(caps[i] === 1 ? "EFFECT_DENY" : "EFFECT_ALLOW");
      expect(results[0]?.outputs[0]?.value).toEqual(caps[i] === 1 ? { over: i } : { mark: i, who: "ann" });
    });
  });
});

describe("Cerbos' own log", () => {
  it("says which results are of which call", async () => {
    const decisionLog = join(temporaryFolder(), "decisions.jsonl");
    const pdp = await started({ decisionLog });
    const { shared } = sharing(pdp);
    const asked = Array.from(
      { length: 20 },
      (_, i): CheckRequest => ({
        ...question(entry({ amount: i, mark: i }), ...(i % 2 === 0 ? [entry({ amount: i, mark: i }, ["read"])] : [])),
        requestContext: { annotations: { "hopwise.invocation": `call-${i}`, "hopwise.hop": 0 } },
      }),
    );
    const answers = await Promise.all(asked.map((it) => shared.checkResources(it)));
    await pdp.close();
    const lines = readFileSync(decisionLog, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    answers.forEach((answer, i) => {
      const { cerbosCallId, cerbosPositions: at } = answer as CheckResponse & Partial<PartOfAnswer>;
      const { requestContext, checkResources } = lines.find(({ callId }) => callId === cerbosCallId);
      const calls = requestContext.annotations["hopwise.calls"];
      if (at === undefined) {
        expect(requestContext).toEqual(asked[i]?.requestContext);
        return;
      }
      expect(calls).toContainEqual({ i: `call-${i}`, hop: 0, at });
      const { inputs } = checkResources;
      expect(at.map((place) => [inputs[place].resource.attr.mark, inputs[place].actions])).toEqual(
        asked[i]?.resources.map(({ resource, actions }) => [resource.attr?.["mark"], actions]),
      );
    });
    expect(lines.length).toBeLessThan(6);
  });
});

describe("a PDP that dies in a shared request", () => {
  it("fails each of its questions within its deadline, and answers again once it is back", async () => {
    const pdp = await started({ restart: { firstPauseMs: 20 }, sharing: {} });
    const client = resilient(pdp.client, { timeoutMs: 10_000 });
    const ask = (mark: number): Promise<string> =>
      client.checkResources(question(entry({ amount: 5, mark })), { signal: AbortSignal.timeout(5_000) }).then(
        ({ results }) => `${results[0]?.actions["pay"]} ${Object(results[0]?.outputs[0]?.value).mark}`,
        () => "failed",
      );
    const right = (mark: number): string => `EFFECT_ALLOW ${mark}`;
    const marks = Array.from({ length: 300 }, (_, i) => i);
    const answers = marks.map(ask);
    await answers[0];
    process.kill(pidsOf(runFolder(pdp.target)).pdp, "SIGKILL");
    const got = await Promise.all(answers);
    expect(got.map((answer, i) => (answer === "failed" ? right(i) : answer))).toEqual(marks.map(right));
    expect(got).toContain("failed");
    await expect.poll(() => ask(7), { timeout: 20_000 }).toBe(right(7));
    expect(await Promise.all(marks.map(ask))).toEqual(marks.map(right));
  });
});

it("is what startPdp's own client gives, with all of its methods", async () => {
  const pdp = await started({ sharing: { requestsUnderWay: 1 } });
  const asked = Array.from({ length: 30 }, (_, i) => question(entry({ amount: i * 10, mark: i })));
  const answers = await Promise.all(asked.map((it) => pdp.client.checkResources(it)));
  const places = answers.map((it) => (it as Partial<PartOfAnswer>).cerbosPositions);
  expect(places).toEqual([undefined, ...[...Array.from({ length: 25 }, (_, i) => i), 0, 1, 2, 3].map((i) => [i])]);
  answers.forEach(({ results }, i) => {
    expect(results[0]?.isAllowed("pay")).toBe(i < 10);
  });
  const resource = { kind: "payment", id: "same", attr: { amount: 5, mark: 1 } };
  const allowed = Array.from({ length: 10 }, () => pdp.client.isAllowed({ principal: ann, resource, action: "pay" }));
  expect(await Promise.all(allowed)).toEqual(Array(10).fill(true));
  const plain = new GRPC(pdp.target, { tls: false });
  onTestFinished(() => plain.close());
  expect(told(await plain.checkResources(asked[3] as CheckRequest))).toEqual(told(answers[3] as CheckResponse));
});
