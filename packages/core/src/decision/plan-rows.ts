import type { PlanResourcesRequest } from "@cerbos/core";
import { type RowExpression, readPlan } from "../filter/index.ts";
import { defined, withDeadline } from "../lib/index.ts";
import { asWhole } from "./as-whole.ts";
import type { HopVerdict, HopWatch } from "./check-hops.ts";
import { type ChainQuestion, edgeOf, hopAsks, hopNotes, hopRequest } from "./hop-request.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";
import { type Answer, faultOf, readAnswers } from "./read-answer.ts";

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

/**
 * Asks for the plans of every hop at once, and whether each may hand on, as for a call: all within one deadline, and all at
 * one decision point (see {@link asWhole}).
 */
export async function planRows(
  pdp: PolicyDecisionPoint,
  question: RowsQuestion,
  deadlineMs: number,
  watch: HopWatch = (_, ask) => ask(),
): Promise<readonly PlannedHop[]> {
  return withDeadline(deadlineMs, (signal, expired) => {
    const askOne = async (one: PolicyDecisionPoint, hop: number, own: AbortSignal) => {
      const [plan, edge] = await Promise.all([planHop(one, question, hop, own), askEdge(one, question, hop, own)]);
      return { verdict: { ...plan.verdict, ...edge }, rows: plan.rows };
    };
    const askHop = asWhole(pdp, question.hops.length, askOne, { signal, expired });
    return Promise.all(
      question.hops.map(async (own, hop): Promise<PlannedHop> => {
        const asked = { hop, ...own, roles: question.principals[hop]?.roles ?? [] };
        let rows: RowExpression | boolean | undefined;
        const verdict = await watch(asked, async (headers): Promise<HopVerdict> => {
          try {
            const answer = await askHop(hop, headers);
            rows = answer.rows;
            return { ...asked, ...answer.verdict };
          } catch (cause) {
            return { ...asked, effect: "error", reasons: [], ...faultOf(cause) };
          }
        });
        return { verdict, ...defined({ rows }) };
      }),
    );
  });
}

async function planHop(
  pdp: PolicyDecisionPoint,
  question: RowsQuestion,
  hop: number,
  signal: AbortSignal,
): Promise<{
  readonly verdict: Pick<HopVerdict, "effect" | "reasons" | "problem" | "cerbosCallId" | "sees">;
  readonly rows?: RowExpression | boolean;
}> {
  const { resource, action } = question;
  const request = { ...hopAsks(question, hop), ...hopNotes(question, hop), resource, actions: [action] };
  const response = await pdp.planResources(request, { signal });
  const told = defined({ cerbosCallId: response.cerbosCallId });
  const own = response.requestId === request.requestId || !response.requestId;
  const reading = own ? readPlan(response) : { problem: "it answered another request" };
  if ("problem" in reading) return { verdict: { effect: "error", reasons: [], problem: reading.problem, ...told } };
  const { rows } = reading;
  const sees = typeof rows === "boolean" ? (rows ? "all" : "none") : "some";
  return {
    rows,
    verdict: { effect: rows === false ? "deny" : "allow", reasons: [], sees, ...told },
  };
}

/** Whether a hop may hand on; nothing where the policies are not asked this. */
async function askEdge(
  pdp: PolicyDecisionPoint,
  question: RowsQuestion,
  hop: number,
  signal: AbortSignal,
): Promise<Partial<HopVerdict>> {
  const edges = edgeOf(question, hop);
  if (edges.length === 0) return {};
  const request = hopRequest(question, hop, edges, true);
  const [edge] = readAnswers(request, await pdp.checkResources(request, { signal })).flat() as [Answer];
  const { effect: delegation, reasons, rules, obligations, problem } = edge;
  const [reason] = reasons;
  return {
    delegation,
    reasons,
    ...(delegation === "deny" && reason !== undefined && { delegationReason: reason }),
    ...(rules.length > 0 && { rules }),
    ...defined({ obligations, problem }),
  };
}
