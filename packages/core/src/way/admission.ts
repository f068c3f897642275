import { wireCodeOf } from "../codes.ts";
import type { Decision, Denied } from "../decision/index.ts";
import { type ErrorDetail, HopwiseError, isRefusal } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { checkGivesRows } from "../resource/index.ts";
import type { Subject } from "../token/index.ts";
import type { AdmittedCall, Continuation, IncomingCall, Listed, Listing, ParsedCall } from "./call.ts";
import { beginLog } from "./call-log.ts";
import { decideCall } from "./decide-call.ts";
import type { EnforcementPoint } from "./options.ts";
import { listedItems, parsedCall, refusalIn } from "./passed-in.ts";

/**
 * A caller who was let in, with a call that the grants cover. Ends in one decision, one list, or one refusal. Its functions
 * reject with {@link HopwiseError} `config_invalid` for what cannot be right: then it has not ended.
 */
export interface Admission {
  readonly outcome: "admitted";
  readonly invocation: string;
  /** The arguments as received, deeply frozen. */
  readonly arguments: JsonObject;
  /** Whom the call is for, by issuer and subject. Of a call without a valid chain (`shadow: "everything"`) reading it throws. */
  readonly user: Subject;
  /** The second half: policies for every hop, and the record. */
  decide(call?: ParsedCall): Promise<Decision>;
  /** The same for a tool that gives rows (`filter` in the tool map). Show no row but those that passed the decision's filter. */
  filter(call?: Omit<ParsedCall, "filters">): Promise<Decision>;
  /** For a list: which of these could be called. An outage is a denial, never an empty list. */
  list(items: readonly Listed[]): Promise<Listing | Denied>;
  /** The enforcement point does not serve the call, and says why: a denial like any other, on record. */
  refuse(refusal: PointRefusal): Promise<Denied>;
}

/** The refusals that an enforcement point gives, once a caller was let in. */
export const POINT_REFUSALS = [
  "tool_unguarded",
  "tool_not_served",
  "arguments_refused",
  "server_refused",
  "call_withdrawn",
  "guard_failed",
] as const;

/** A refusal that the enforcement point gives by itself. */
export interface PointRefusal {
  /**
   * `tool_unguarded`: there is no such tool here. `tool_not_served`: the server itself does not serve it, or not to this
   * caller. `arguments_refused`: the tool's own schema refused them. `server_refused`: the server gave an error of its own
   * before it asked. Of the last two, a caller who may not see the tool hears nothing (`tool_hidden`). `call_withdrawn`: nobody
   * waits for it any more. `guard_failed`: a fault of one's own.
   */
  readonly code: (typeof POINT_REFUSALS)[number];
  /** For operators, and the record. */
  readonly message: string;
}

/** The first half of the way: who calls, is it their chain, do the grants cover the call? */
export async function admit(call: IncomingCall, point: EnforcementPoint): Promise<Admission | Denied> {
  const begun = await begin(call, point);
  if ("outcome" in begun) return begun;
  const { id, first, goOn } = begun;
  return {
    outcome: "admitted",
    invocation: id,
    arguments: first.received,
    get user() {
      if (isRefusal(first.user)) throw first.user;
      return first.user;
    },
    decide: async (given) => goOn({ ...parsedCall("decide", given), as: "call" }) as Promise<Decision>,
    filter: async (given) => {
      const read = parsedCall("filter", given);
      checkGivesRows(point.tools, "filter", call.tool);
      return goOn({ ...read, filters: true, as: "call" }) as Promise<Decision>;
    },
    list: async (given) =>
      goOn({ as: "list", items: listedItems("list", given, point.limits) }) as Promise<Listing | Denied>,
    refuse: async (given) => {
      const { code, message } = refusalIn("refuse", given, POINT_REFUSALS);
      return goOn({ as: "refusal", refusal: new HopwiseError(code, message, placeOf(code)) }) as Promise<Denied>;
    },
  };
}

/** Both halves in one step, where the arguments are not parsed in between. */
export async function admitAndDecide(call: IncomingCall, point: EnforcementPoint, read: ParsedCall): Promise<Decision> {
  const { caller } = call;
  // Shadow mode may let a call run for nobody, where the server's own login names another user than the chain does: that is known first.
  const waits = caller.via === "proof" && caller.transportUser !== undefined;
  const begun = await begin(waits ? call : { ...call, atOnce: true }, point);
  if ("outcome" in begun) return begun;
  return begun.goOn({ ...read, as: "call" }) as Promise<Decision>;
}

/** A call in the middle of its way. It goes on once. */
interface Begun {
  readonly id: string;
  readonly first: AdmittedCall;
  readonly goOn: (next: Continuation) => Promise<unknown>;
}

async function begin(call: IncomingCall, point: EnforcementPoint): Promise<Begun | Denied> {
  const log = beginLog(call, point);
  const way = decideCall(call, point, log);
  const first = await way.next();
  if (first.done === true) return first.value as Denied;
  let ended = false;
  const goOn: Begun["goOn"] = async (next) => {
    if (ended) throw new HopwiseError("config_invalid", "an admission ends once; admit each call anew");
    ended = true;
    return (await way.next(next)).value;
  };
  return { id: log.id, first: first.value, goOn };
}

/** To its caller, a tool that is not there looks like one that the policies deny to the user. */
function placeOf(code: PointRefusal["code"]): ErrorDetail {
  return wireCodeOf(code) === "policy_denied" ? { hop: 0 } : {};
}
