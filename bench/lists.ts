/** What a list of fifty tools costs, beside one check, and beside asking about each tool in its turn. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CheckResourcesRequest } from "@cerbos/core";
import { startPdp } from "@hopwise/cerbos";
import type { Session, ToolMap } from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import { anyArguments, grant } from "@hopwise/core/grant";
import { captureMessages, repeat } from "./authorize.ts";
import { p50, ratio, takeTurns } from "./measure.ts";
import { makeAuthorizer, makeTeam, POLICIES } from "./world.ts";

const COUNT = 50;
const INDEXES = Array.from({ length: COUNT }, (_, i) => i);
const toolName = (i: number): string => `tool_${i}`;
const attributes = (): { supplierKnown: boolean } => ({ supplierKnown: true });

/** Names as actions of one resource. */
const NAMES: ToolMap = Object.fromEntries(
  INDEXES.map((i) => [toolName(i), { kind: "tool", action: `call:${i}`, list: `list:${i}`, id: "to", attributes }]),
);
/** Fifty kinds, one resource each. */
const KINDS: ToolMap = Object.fromEntries(
  INDEXES.map((i) => [toolName(i), { kind: `kind_${i}`, action: "send", list: "list", id: "to", attributes }]),
);
/** Fifty more, whose policies hold the principal against its schema for a list, too: once a kind. */
const WHOLE: ToolMap = Object.fromEntries(
  INDEXES.map((i) => [toolName(i), { kind: `whole_${i}`, action: "send", list: "list", id: "to", attributes }]),
);
/** The same fifty kinds without listing actions: each is planned. */
const PLANNED: ToolMap = Object.fromEntries(
  INDEXES.map((i) => [toolName(i), { kind: `kind_${i}`, action: "send", id: "to", attributes }]),
);
const ITEMS = INDEXES.map((i) => ({ tool: toolName(i) }));
const CALL = { tool: toolName(7), arguments: { to: "acme", amount: 900, currency: "EUR" } };

export interface ListResult {
  readonly namesOverRaw1: number;
  /** ÷ the very messages that the list sends. */
  readonly namesOverRaw3: number;
  readonly kindsOverRaw1: number;
  readonly wholeOverRaw1: number;
  readonly namesOverNplus1: number;
  readonly kindsOverNplus1: number;
  readonly plansOverNplus1: number;
  readonly microseconds: { readonly [name in "names" | "kinds" | "whole" | "plans" | "nplus1"]: number };
}

/** Lists of a chain of three hops. All is shown: that is the most work, and an error would be noticed. */
export async function measureLists(): Promise<ListResult> {
  const policies = mkdtempSync(join(tmpdir(), "hopwise-bench-lists-"));
  try {
    writePolicies(policies);
    await using pdp = await startPdp({ policies });
    const names = await openSession(pdp.client, NAMES);
    const kinds = await openSession(pdp.client, KINDS);
    const whole = await openSession(pdp.client, WHOLE);
    const plans = await openSession(pdp.client, PLANNED);
    const calls = await captureMessages(pdp.client, async (cerbos) =>
      (await openSession(cerbos, KINDS)).authorize(CALL),
    );
    const lists3 = await captureMessages(pdp.client, async (cerbos) => (await openSession(cerbos, NAMES)).list(ITEMS));
    const raw3 = repeat(() => Promise.all(lists3.map((message) => pdp.client.checkResources(message))));
    const raw1 = repeat((i) => pdp.client.checkResources(calls[i % calls.length] as CheckResourcesRequest));
    const lists = { names: repeat(() => mustShowAll(names)), kinds: repeat(() => mustShowAll(kinds)) };
    const short = await takeTurns(
      { ...lists, whole: repeat(() => mustShowAll(whole)), raw1, raw3 },
      { rounds: 150, warmup: 40, batch: 3, clock: "wall" },
    );
    const nplus1 = repeat(() => askOneByOne(pdp.client, calls));
    const long = await takeTurns(
      { ...lists, plans: repeat(() => mustShowAll(plans)), nplus1 },
      { rounds: 30, warmup: 8, batch: 1, clock: "wall" },
    );
    return {
      namesOverRaw1: ratio(short.names, short.raw1),
      namesOverRaw3: ratio(short.names, short.raw3),
      kindsOverRaw1: ratio(short.kinds, short.raw1),
      wholeOverRaw1: ratio(short.whole, short.raw1),
      namesOverNplus1: ratio(long.names, long.nplus1),
      kindsOverNplus1: ratio(long.kinds, long.nplus1),
      plansOverNplus1: ratio(long.plans, long.nplus1),
      microseconds: {
        names: p50(short.names),
        kinds: p50(short.kinds),
        whole: p50(short.whole),
        plans: p50(long.plans),
        nplus1: p50(long.nplus1),
      },
    };
  } finally {
    rmSync(policies, { recursive: true, force: true });
  }
}

async function openSession(cerbos: PolicyDecisionPoint, tools: ToolMap): Promise<Session> {
  const all = grant(Object.fromEntries(INDEXES.map((i) => [toolName(i), anyArguments])));
  const team = await makeTeam(all, all);
  return makeAuthorizer(team, cerbos, { tools }).openSession(team.held);
}

async function mustShowAll(session: Session): Promise<void> {
  const answer = await session.list(ITEMS);
  if (answer.outcome !== "listed" || !answer.shown.every(Boolean)) {
    throw new Error(`the benchmark's list was not shown: ${JSON.stringify(answer)}`);
  }
}

/** Without batches: for each hop, whether anything may be listed at all, and then each of the fifty, one after the other. */
async function askOneByOne(client: PolicyDecisionPoint, calls: readonly CheckResourcesRequest[]): Promise<void> {
  for (const { principal } of calls) {
    for (const i of [0, ...INDEXES]) {
      const resources = [{ resource: { kind: "tool", id: "*" }, actions: [`list:${i}`] }];
      const { results } = await client.checkResources({ principal, resources });
      if (results[0]?.actions[`list:${i}`] !== "EFFECT_ALLOW") throw new Error("a single check was denied");
    }
  }
}

/** The story's schemas, its policy of handing over, and a policy as that of payments for each kind. */
function writePolicies(folder: string): void {
  mkdirSync(join(folder, "_schemas"));
  for (const schema of ["principal.json", "delegation.json", "payment.json"]) {
    copyFileSync(join(POLICIES, "_schemas", schema), join(folder, "_schemas", schema));
  }
  copyFileSync(join(POLICIES, "resource_policies/delegation.yaml"), join(folder, "delegation.yaml"));
  write(folder, "tool", resourcePolicy("tool", "call:*", "list:*"));
  for (const i of INDEXES) {
    write(folder, `kind_${i}`, resourcePolicy(`kind_${i}`, "send", "list"));
    write(folder, `whole_${i}`, resourcePolicy(`whole_${i}`, "send", "list", false));
  }
  for (const role of ["finance_agent", "reader_agent"]) {
    const kinds = ["tool", "delegation", ...INDEXES.flatMap((i) => [`kind_${i}`, `whole_${i}`])];
    const rules = kinds.map((resource) => ({ resource, allowActions: ["*"] }));
    write(folder, role, { rolePolicy: { role, version: "default", rules } });
  }
}

function resourcePolicy(resource: string, call: string, list: string, listsAnyPrincipal = true): object {
  const ignoreWhen = { actions: [list] };
  const limit = "P.attr.delegation.user.attr.paymentLimit";
  const roles = ["analyst", "finance_agent", "reader_agent"];
  return {
    resourcePolicy: {
      resource,
      version: "default",
      schemas: {
        principalSchema: { ref: "cerbos:///principal.json", ...(listsAnyPrincipal && { ignoreWhen }) },
        resourceSchema: { ref: "cerbos:///payment.json", ignoreWhen },
      },
      rules: [
        { actions: [list], effect: "EFFECT_ALLOW", roles },
        {
          actions: [call],
          effect: "EFFECT_ALLOW",
          roles,
          condition: { match: { expr: `R.attr.args.amount <= ${limit} && R.attr.supplierKnown` } },
        },
        {
          actions: [call],
          effect: "EFFECT_DENY",
          roles: ["*"],
          condition: { match: { expr: `R.attr.args.amount > ${limit}` } },
        },
      ],
    },
  };
}

/** JSON is YAML, and needs no quoting rules of its own. */
function write(folder: string, name: string, policy: object): void {
  writeFileSync(join(folder, `${name}.yaml`), JSON.stringify({ apiVersion: "api.cerbos.dev/v1", ...policy }));
}
