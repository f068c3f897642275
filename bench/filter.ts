/** What a search costs: the filter beside three raw plans, and 10,000 rows by it beside asking about each of them. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { CheckResourcesRequest, PlanResourcesRequest } from "@cerbos/core";
import { GRPC } from "@cerbos/grpc";
import { startPdp } from "@hopwise/cerbos";
import type { Session, ToolMap } from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import type { Filter } from "@hopwise/core/filter";
import { grant, wildcard } from "@hopwise/core/grant";
import { number, table, text, visibleRows } from "@hopwise/filter";
import { repeat } from "./authorize.ts";
import { p50, ratio, takeTurns } from "./measure.ts";
import { makeAuthorizer, makeTeam, POLICIES } from "./world.ts";

const COUNT = 10_000;
/** Cerbos' limit of resources in a request. */
const BATCH = 50;
const CALL = { tool: "search_invoices", arguments: { text: "paper" } };
const HANDED = grant({ search_invoices: { text: wildcard() } });
const INVOICES = table({ id: text(), columns: { region: text(), supplier: text(), amount: number() } });
/** One row in ten is alice's to see. */
const ROWS = Array.from({ length: COUNT }, (_, i) => ({
  id: `INV-${i}`,
  attr: { region: i % 10 === 0 ? "EMEA" : "AMER", supplier: "Globex", amount: i, args: CALL.arguments },
}));
const VISIBLE = ROWS.filter(({ attr }) => attr.region === "EMEA").length;

export interface FilterResult {
  readonly filterOverPlan3: number;
  /** ÷ all messages of the call: those about the handing over, too. */
  readonly filterOverMessages: number;
  readonly rowsOverChecks: number;
  readonly recheckedOverChecks: number;
  readonly microseconds: { readonly [name in "filter" | "plan3"]: number };
}

/** A search of a chain of three hops. */
export async function measureFilter(): Promise<FilterResult> {
  await using pdp = await startPdp({ policies: POLICIES });
  const team = await makeTeam(HANDED, HANDED);
  const open = (cerbos: PolicyDecisionPoint, plansSuffice: boolean): Promise<Session> =>
    makeAuthorizer(team, cerbos, { tools: toolsBy(plansSuffice) }).openSession(team.held);
  const { plans, checks } = await captureAll(pdp.client, async (cerbos) => filterOf(await open(cerbos, false)));
  const [checking, trusting] = [await open(pdp.client, false), await open(pdp.client, true)];
  const raw = new GRPC(pdp.target, { tls: false });
  const askPlans = () => plans.map((plan) => raw.planResources(plan));
  const times = await takeTurns(
    {
      filter: repeat(() => filterOf(checking)),
      plan3: repeat(() => Promise.all(askPlans())),
      messages: repeat(() => Promise.all([...askPlans(), ...checks.map((check) => raw.checkResources(check))])),
    },
    { rounds: 200, warmup: 50, batch: 6, clock: "wall" },
  );
  using database = filled();
  const rows = await takeTurns(
    {
      trusting: repeat(() => search(trusting, database)),
      checking: repeat(() => search(checking, database)),
      checks: repeat(() => checkEach(raw, plans)),
    },
    { rounds: 5, warmup: 1, batch: 1, clock: "wall" },
  );
  raw.close();
  return {
    filterOverPlan3: ratio(times.filter, times.plan3),
    filterOverMessages: ratio(times.filter, times.messages),
    rowsOverChecks: ratio(rows.trusting, rows.checks),
    recheckedOverChecks: ratio(rows.checking, rows.checks),
    microseconds: { filter: p50(times.filter), plan3: p50(times.plan3) },
  };
}

const toolsBy = (plansSuffice: boolean): ToolMap => ({
  search_invoices: {
    kind: "invoice",
    action: "read",
    filter: { arguments: { text: null }, required: ["region", "supplier", "amount"], plansSuffice, withinMs: 60_000 },
  },
});

async function filterOf(session: Session): Promise<Filter> {
  const decision = await session.filter({ ...CALL, fulfils: true });
  if (decision.outcome === "allowed" && decision.filter !== undefined) return decision.filter;
  throw new Error(`the benchmark's search was ${JSON.stringify(decision)}`);
}

/** The very messages that an authorizer sends for one search. */
async function captureAll(client: PolicyDecisionPoint, run: (cerbos: PolicyDecisionPoint) => Promise<unknown>) {
  const plans: PlanResourcesRequest[] = [];
  const checks: CheckResourcesRequest[] = [];
  await run({
    planResources: (request, options) => {
      plans.push(request);
      return client.planResources(request, options);
    },
    checkResources: (request, options) => {
      checks.push(request);
      return client.checkResources(request, options);
    },
  });
  if (plans.length !== 3) throw new Error(`three hops were planned for ${plans.length} times`);
  return { plans, checks };
}

function filled(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec(
    "CREATE TABLE invoice (id TEXT NOT NULL, region TEXT NOT NULL, supplier TEXT NOT NULL, amount REAL NOT NULL) STRICT",
  );
  const insert = database.prepare("INSERT INTO invoice VALUES (?, ?, ?, ?)");
  for (const { id, attr } of ROWS) insert.run(id, attr.region, attr.supplier, attr.amount);
  return database;
}

async function search(session: Session, database: DatabaseSync): Promise<void> {
  const found = await visibleRows(await filterOf(session), INVOICES, { dialect: "sqlite" }, ({ text, values }) =>
    database.prepare(`SELECT * FROM invoice WHERE ${text}`).all(...(values as readonly SQLInputValue[])),
  );
  if (found.length !== VISIBLE) throw new Error(`${found.length} rows were seen, and not ${VISIBLE}`);
}

/** Every row, for every hop, as a program would have to ask that has no filter. */
async function checkEach(raw: PolicyDecisionPoint, plans: readonly PlanResourcesRequest[]): Promise<void> {
  let seen = 0;
  for (let from = 0; from < COUNT; from += BATCH) {
    const resources = ROWS.slice(from, from + BATCH).map((row) => ({
      resource: { kind: "invoice", ...row },
      actions: ["read"],
    }));
    const answers = await Promise.all(plans.map(({ principal }) => raw.checkResources({ principal, resources })));
    seen += resources.filter((_, i) =>
      answers.every(({ results }) => results[i]?.actions["read"] === "EFFECT_ALLOW"),
    ).length;
  }
  if (seen !== VISIBLE) throw new Error(`${seen} rows were allowed, and not ${VISIBLE}`);
}
