import type { PlanResourcesRequest } from "@cerbos/core";
import { type RowExpression, readPlan } from "../filter/index.ts";
import { defined } from "../lib/index.ts";
import { askEachHop } from "./ask-each-hop.ts";
import { type HopVerdict, type HopWatch, saidOf } from "./check-hops.ts";
import { type ChainQuestion, edgeOf, hopAsks, hopNotes, hopRequest } from "./hop-request.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";
import { type Answer, callIdOf, readAnswers, unreadable } from "./read-answer.ts";

/** The question which rows every hop of a chain may see. */
export interface RowsQuestion extends ChainQuestion {
  /** The kind, and what is known of every row: the arguments. */
  readonly resource: PlanResourcesRequest["resource"];
  readonly action: string;
}

/** What the policies say of rows for one hop. */
export interface PlannedHop {
  /** As of a call: `allow` where some row may be seen. Holds nothing of the plan. */
  readonly verdict: HopVerdict;
  /** The rows that this hop may see; undefined where that could not be told. */
  readonly rows?: RowExpression | boolean;
}

/** Asks for the plans of every hop at once, and whether each may hand on, as for a call: see {@link askEachHop}. */
export async function planRows(
  pdp: PolicyDecisionPoint,
  question: RowsQuestion,
  deadlineMs: number,
  watch?: HopWatch,
): Promise<readonly PlannedHop[]> {
  const asked = await askEachHop(pdp, question, { deadlineMs, watch }, async (one, hop, signal) => {
    const [plan, edge] = await Promise.all([planHop(one, question, hop, signal), askEdge(one, question, hop, signal)]);
    const { answer, rows, ...more } = plan;
    return { said: { ...saidOf(answer, edge), ...more }, told: rows };
  });
  return asked.map(({ verdict, told }) => ({ verdict, ...defined({ rows: told }) }));
}

/** The plan of one hop, as an answer: it allows where some row may be seen. */
async function planHop(
  pdp: PolicyDecisionPoint,
  question: RowsQuestion,
  hop: number,
  signal: AbortSignal,
): Promise<
  { readonly answer: Answer; readonly rows?: RowExpression | boolean } & Pick<HopVerdict, "sees" | "cerbosCallId">
> {
  const { resource, action } = question;
  const request = { ...hopAsks(question, hop), ...hopNotes(question, hop), resource, actions: [action] };
  const response = await pdp.planResources(request, { signal });
  const callId = callIdOf(response);
  const own = response.requestId === request.requestId || !response.requestId;
  const reading = own ? readPlan(response) : { problem: "it answered another request" };
  if ("problem" in reading) return { answer: unreadable(reading.problem), ...callId };
  const { rows } = reading;
  const sees = typeof rows === "boolean" ? (rows ? "all" : "none") : "some";
  const answer: Answer = { effect: rows === false ? "deny" : "allow", reasons: [], rules: [] };
  return { answer, rows, sees, ...callId };
}

/** Whether a hop may hand on; undefined where the policies are not asked this. */
async function askEdge(
  pdp: PolicyDecisionPoint,
  question: RowsQuestion,
  hop: number,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const edges = edgeOf(question, hop);
  if (edges.length === 0) return undefined;
  const request = hopRequest(question, hop, edges, true);
  const [edge] = readAnswers(request, await pdp.checkResources(request, { signal })).flat();
  return edge;
}
