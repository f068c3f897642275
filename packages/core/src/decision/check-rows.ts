import type { Resource } from "@cerbos/core";
import { HopwiseError } from "../errors.ts";
import type { CheckedRow, Row } from "../filter/index.ts";
import type { JsonObject } from "../json/index.ts";
import { addUp, NO_OBLIGATIONS, type Obligations } from "../result/index.ts";
import { askAllHops } from "./ask-each-hop.ts";
import { type AskedResource, type ChainQuestion, edgeOf, hopRequest } from "./hop-request.ts";
import { mostBytes } from "./most-bytes.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";
import { type Answer, isUnread, policyFaultOf, readAnswers } from "./read-answer.ts";

/** Rows that were read, put to every hop of a chain; may it hand on to the next is asked with each batch again. */
export interface RowsToCheck extends ChainQuestion {
  /** Kind, scope and version of each row, and the attributes that all have, such as the arguments. */
  readonly resource: Omit<Resource, "id">;
  readonly action: string;
  readonly rows: readonly Row[];
  /** What the call itself was allowed under. An approval among it was given. */
  readonly owed: Obligations;
}

/**
 * What is said of a row: under which obligations it may be shown; undefined where a hop is not allowed to see it, or a person would
 * have to approve it first; or why nobody can tell what the policies oblige to. An output may be made of the row itself.
 */
export type RowAnswer = CheckedRow | HopwiseError | undefined;

/** Cerbos' limit of resources in a request is 50, one of which is the handing over. */
const MOST = 49;
/** That of a message is 4 MiB, in which the principal and the handing over stand, too. */
const MOST_BYTES = 3_000_000;

/**
 * Checks each row for every hop, in batches: each within the deadline, and at one decision point (see {@link asWhole}).
 *
 * @throws {HopwiseError} `delegation_denied`, `policy_unavailable`, `policy_request_refused`, `policy_inconclusive`: an outage is never an empty
 *   list
 */
export async function checkRows(
  pdp: PolicyDecisionPoint,
  question: RowsToCheck,
  deadlineMs: number,
): Promise<readonly RowAnswer[]> {
  const checked: RowAnswer[] = [];
  // One batch after the other: all at once would keep the decision point from everybody else's calls.
  for (const batch of batchesOf(question)) checked.push(...(await checkBatch(pdp, question, batch, deadlineMs)));
  return checked;
}

/** One row of which the policies make what no answer can carry, or too much, ends no search: it is looked for by halves. */
async function checkBatch(
  pdp: PolicyDecisionPoint,
  question: RowsToCheck,
  batch: readonly AskedResource[],
  deadlineMs: number,
): Promise<readonly RowAnswer[]> {
  try {
    return await askBatch(pdp, question, batch, deadlineMs);
  } catch (cause) {
    if (!(cause instanceof HopwiseError && isUnread(cause.cause))) throw cause;
    const middle = Math.ceil(batch.length / 2);
    const first = await checkBatch(pdp, question, batch.slice(0, middle), deadlineMs);
    return [...first, ...(await checkBatch(pdp, question, batch.slice(middle), deadlineMs))];
  }
}

async function askBatch(
  pdp: PolicyDecisionPoint,
  question: RowsToCheck,
  batch: readonly AskedResource[],
  deadlineMs: number,
): Promise<readonly RowAnswer[]> {
  const byHop = await askAllHops(pdp, question, deadlineMs, async (one, hop, signal) => {
    const edges = edgeOf(question, hop);
    const request = hopRequest(question, hop, [...edges, ...batch], false);
    try {
      return readAnswers(request, await one.checkResources(request, { signal })).flat();
    } catch (cause) {
      if (batch.length > 1 || !isUnread(cause)) throw cause;
      // What the other hops say of the row still counts.
      return [...edges.map(() => NO_EDGE), { ...policyFaultOf(cause), ...OF_OUTPUT }];
    }
  });
  const edges = byHop.map((answers, hop) => withoutApproved(edgeIn(answers, hop, batch.length), question.owed));
  const ofRows = byHop.map((answers) => answers.slice(answers.length - batch.length));
  return batch.map((_, i) => joined([...ofRows.map((answers) => answers[i] as Answer), ...edges]));
}

/** Who may hand on was asked when the filter was made, and may have changed since. What it obliges to holds of each row. */
function edgeIn(answers: readonly Answer[], hop: number, rows: number): Answer {
  const [edge] = answers.slice(0, answers.length - rows);
  if (edge === undefined) return NO_EDGE;
  if (edge.effect === "error") throw unreadable(String(edge.problem), hop);
  if (edge.effect === "allow") return edge;
  throw new HopwiseError("delegation_denied", "the policies do not let this hop hand on to the next any more", { hop });
}

/** People approved the call, for whoever hands on: of each row that is not asked again. */
function withoutApproved(edge: Answer, { approval: given, approvers: gave = 1 }: Obligations): Answer {
  const { approval, approvers = 1, ...others } = edge.obligations ?? NO_OBLIGATIONS;
  const isMet = approval !== undefined && given !== undefined && approvers <= gave;
  return isMet ? { ...edge, obligations: others } : edge;
}

const NO_EDGE: Answer = { effect: "allow", reasons: [], rules: [] };
const OF_OUTPUT: Answer = { effect: "error", ofOutput: true, reasons: [], rules: [] };

function unreadable(problem: string, hop: number): HopwiseError {
  return new HopwiseError("policy_inconclusive", `the policies' answer cannot be read: ${problem}`, { hop });
}

/**
 * Every hop must be allowed to see it. A condition that a person must approve is not met. Only where a row does not fit its
 * schema, and where an output is not understood, may it be the row's own fault that there is no answer.
 *
 * @param answers of each hop about the row; behind them those about handing on, of which none is an error any more
 */
function joined(answers: readonly Answer[]): RowAnswer {
  const faultWhere = (isIt: (answer: Answer) => boolean): HopwiseError | undefined => {
    const at = answers.findIndex((answer) => answer.effect === "error" && isIt(answer));
    return at < 0 ? undefined : unreadable(String(answers[at]?.problem), at);
  };
  const broken = faultWhere(({ misfit, ofOutput }) => !(misfit || ofOutput));
  if (broken !== undefined) throw broken;
  if (answers.some(({ effect, misfit }) => effect === "deny" || misfit)) return undefined;
  const unread = faultWhere(({ ofOutput }) => ofOutput === true);
  if (unread !== undefined) return unread;
  const owed = answers.map(({ obligations }) => obligations);
  if (owed.some((obligations) => obligations?.approval !== undefined)) return undefined;
  return owed.every((obligations) => obligations === undefined) ? {} : { obligations: addUp(owed) };
}

function* batchesOf({ resource, action, rows }: RowsToCheck): Generator<readonly AskedResource[]> {
  const common = mostBytes(resource as JsonObject);
  let batch: AskedResource[] = [];
  let size = 0;
  for (const { id, attributes } of rows) {
    const asked = {
      resource: { ...resource, id, attr: { ...attributes, ...resource.attr } as NonNullable<Resource["attr"]> },
      actions: [action],
    };
    const own = common + mostBytes(id) + mostBytes(attributes);
    if (batch.length === MOST || (batch.length > 0 && size + own > MOST_BYTES)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(asked);
    size += own;
  }
  if (batch.length > 0) yield batch;
}
