/**
 * In the middle of a roll-out: two decision points serve different policies, or one serves others than a moment ago. Neither
 * policy set allows the call, or shows the tool; one answer of each, together, would. So no decision may have answers of both, whatever happens to them.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type PolicyClient, startPdp } from "@hopwise/cerbos";
import type { Decision } from "@hopwise/core";
import { createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { expect, it, onTestFinished } from "vitest";
import { clientFor } from "../../packages/cerbos/src/ask/index.ts";
import { temporaryFolder } from "../../packages/cerbos/src/testing/policies.ts";
import { type RemotePdp, remotePdp } from "../../packages/cerbos/src/testing/remote-pdp.ts";
import { until } from "../../packages/cerbos/src/testing/until.ts";
import { ran } from "../support/ran.ts";
import { slowWay } from "./false-pdps.ts";
import { connectedWith } from "./remote.ts";

const TOOL = "send_payment";
const company = await createCompany({ tools: { [TOOL]: { kind: "payment", action: "send", list: "list" } } });
const researcher = await company.chain("alice", "planner", "researcher");

/** Allows calls and lists for those who have this role alone, and says its own name with each answer about a call. */
function policyOf(name: string, role: string): string {
  const expr = JSON.stringify(`"${role}" in P.roles`);
  const says = JSON.stringify(JSON.stringify(name));
  return `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: payment
  version: default
  rules:
    - { actions: [list], effect: EFFECT_ALLOW, roles: ["*"], condition: { match: { expr: ${expr} } } }
    - actions: [send]
      effect: EFFECT_ALLOW
      roles: ["*"]
      condition: { match: { expr: ${expr} } }
      output: { when: { ruleActivated: ${says}, conditionNotMet: ${says} } }
`;
}

async function serving(name: string, role: string): Promise<RemotePdp> {
  return remotePdp({ policies: temporaryFolder({ "payment.yaml": policyOf(name, role) }) });
}

const namesIn = ({ verdicts }: Decision): readonly string[] => [...new Set(verdicts.flatMap(({ reasons }) => reasons))];

/**
 * Calls, and now and then a list, of the researcher's, until so many were answered for every hop; which names their
 * answers bore.
 */
async function decideMany(authorizer: TestAuthorizer, times: number): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  const session = await authorizer.openSession(researcher);
  let left = times;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      const decision = await session.authorize({ tool: TOOL, arguments: {} });
      expect(decision.outcome).toBe("denied");
      const [name = "none", ...others] = namesIn(decision);
      expect(others).toEqual([]);
      ran("decisions of two decision points");
      if (decision.verdicts.some(({ effect }) => effect === "error")) {
        await delay(5);
        continue;
      }
      left--;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      if (left % 5 > 0) continue;
      const listing = await session.list([{ tool: TOOL }]);
      if (listing.outcome === "listed") expect(listing.shown).toEqual([false]);
    }
  };
  await Promise.all(Array.from({ length: 6 }, caller));
  return seen;
}

it("two decision points never allow together what neither allows, while they are killed, hang and are slow", async () => {
  const pdps = [await serving("before", "employee"), await serving("after", "agent")] as const;
  const ways = await Promise.all(pdps.map(({ port }) => slowWay(port)));
  const { client: cerbos } = await connectedWith({ targets: ways.map(({ target }) => target), patienceMs: 20 });
  const authorizer = company.authorizer({ cerbos, delegation: "grants-only", deadlineMs: 300 });
  let over = false;
  const harm = async (): Promise<void> => {
    for (let i = 0; !over; i++) {
      const [pdp, way] = [pdps[i % 2], ways[i % 2]] as [RemotePdp, (typeof ways)[number]];
      await delay(30);
      await pdp.signal("SIGSTOP");
      await delay(40);
      await pdp.signal("SIGCONT");
      way.lateMs = 15;
      await delay(60);
      way.lateMs = 0;
      await delay(30);
      await pdp.signal("SIGKILL");
      await pdp.start();
      await delay(200);
    }
  };
  const harming = harm();
  const seen = await decideMany(authorizer, 1000).finally(() => {
    over = true;
  });
  await harming;
  for (const name of ["before", "after"]) expect(seen.get(name), JSON.stringify([...seen])).toBeGreaterThan(50);
}, 120_000);

it("a name with several addresses is one target, and asked at one of them at a time", async () => {
  const pdps = [await serving("before", "employee"), await serving("after", "agent")] as const;
  const target = `ipv4:${pdps.map((pdp) => pdp.target).join(",")}`;
  const cerbos = clientFor(target, { plaintext: "dangerously-unencrypted" }, 5_000);
  onTestFinished(() => cerbos.close());
  const authorizer = company.authorizer({ cerbos, delegation: "grants-only" });
  const [name, ...others] = (await decideMany(authorizer, 200)).keys();
  expect(others).toEqual([]);
  const [one, other] = name === "before" ? pdps : [pdps[1], pdps[0]];
  await one.signal("SIGKILL");
  const afterwards = await decideMany(authorizer, 200);
  expect(other && [...afterwards.keys()].filter((it) => it !== "none")).toEqual([
    name === "before" ? "after" : "before",
  ]);
});

it("a decision that one decision point began, and another one behind the same address went on with, is asked anew", async () => {
  const [before, after] = [await serving("before", "employee"), await serving("after", "agent")];
  const way = await slowWay(before.port);
  const { client } = await connectedWith({ targets: way.target });
  const rounds: string[][] = [];
  const answers = await (client as Required<typeof client>).whole(async (one, signal) => {
    const names: string[] = [];
    rounds.push(names);
    for (const hop of ["first", "second"]) {
      if (hop === "second" && rounds.length === 1) {
        way.port = after.port;
        await before.signal("SIGTERM");
      }
      const resource = { kind: "payment", id: hop };
      const request = { principal: { id: "alice", roles: ["employee"] }, resources: [{ resource, actions: ["send"] }] };
      const { results } = await one.checkResources(request, { signal });
      names.push(String(results[0]?.outputs[0]?.value));
    }
    return names;
  });
  expect(rounds).toEqual([
    ["before", "after"],
    ["after", "after"],
  ]);
  expect(answers).toEqual(["after", "after"]);
});

it("a decision that was begun with the policies before a change is asked anew, where the PDP of startPdp takes them up under it", async () => {
  const policies = temporaryFolder({ "payment.yaml": policyOf("before", "employee") });
  const pdp = await startPdp({ policies });
  onTestFinished(() => pdp.close());
  const ask = async (one: Pick<PolicyClient, "checkResources">): Promise<string> => {
    const resource = { kind: "payment", id: "p" };
    const request = { principal: { id: "alice", roles: ["employee"] }, resources: [{ resource, actions: ["send"] }] };
    return String((await one.checkResources(request)).results[0]?.outputs[0]?.value);
  };
  const rounds: string[][] = [];
  const { whole } = pdp.client as Required<PolicyClient>;
  const answers = await whole(async (one) => {
    const names = [await ask(one)];
    if (rounds.push(names) === 1) {
      writeFileSync(join(policies, "payment.yaml"), policyOf("after", "agent"));
      await until(async () => (await ask(pdp.client)) === "after");
    }
    names.push(await ask(one));
    return names;
  });
  expect(rounds[0]).toEqual(["before", "after"]);
  expect(answers).toEqual(["after", "after"]);
});
