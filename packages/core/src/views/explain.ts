import type { DecisionRecord } from "../audit/index.ts";
import type { HopVerdict } from "../decision/index.ts";
import type { Refusal } from "../errors.ts";
import { plainText } from "../lib/index.ts";
import { mustBe, reading } from "../options/index.ts";
import type { Obligations } from "../result/index.ts";
import type { Budget } from "../token/index.ts";
import { approvalWords } from "./approval-words.ts";
import { budgetWords } from "./budget-words.ts";
import { callWords, hiddenWords, nounWith, placeWords } from "./hidden-words.ts";
import { isElsewhere, isNamed, said } from "./hop-words.ts";
import { noRowWords, rowWords } from "./row-words.ts";

/** What a decision, or the record of one, has to explain. A record may be of another version, with codes that are not known here. */
export interface Explainable extends Pick<DecisionRecord, Told>, Why {
  /** Of a call that shadow mode alone let run: what would have ended it. */
  readonly shadow?: Why;
}

type Told =
  | "outcome"
  | "tool"
  | "asked"
  | "chain"
  | "verdicts"
  | "obligations"
  | "shown"
  | "hidden"
  | "rows"
  | "approval"
  | "other"
  | "approved";

interface Why extends Partial<Omit<Refusal, "code" | "nonce">> {
  readonly code?: string;
  readonly stage?: string;
}

/** A decision as a tree: the stage that ended it, below it the hops, below each hop its answer and the reason. */
export interface Explanation {
  readonly kind:
    | "decision"
    | "hop"
    | "policy"
    | "rule"
    | "value"
    | "would pass"
    | "obligation"
    | "hidden"
    | "budget"
    | "approval"
    | "rows";
  /** One line, safe to print. */
  readonly text: string;
  readonly children: readonly Explanation[];
}

/**
 * Explains a decision to the operator of the server: which hop, which policy, scope and derived roles, which rule,
 * which value, and what would pass. It tells everything that is known, so never show it to a model.
 *
 * @throws {HopwiseError} `config_invalid` for what is no decision, nor the record of one
 */
export function explain(decision: Explainable): Explanation {
  return explained("explain", decision);
}

const DECISION = "a decision of an authorizer, or the record of one";

/** The same for another function, which errors name. */
export function explained(called: string, decision: Explainable): Explanation {
  return reading(called, "decision", DECISION, decision, () => {
    const { tool, outcome, verdicts } = decision;
    if (typeof tool !== "string") mustBe(called, ["decision", "tool"], "a tool's name", tool);
    if (typeof outcome !== "string") mustBe(called, ["decision", "outcome"], "how it ended, such as denied", outcome);
    if (!Array.isArray(verdicts))
      mustBe(called, ["decision", "verdicts"], "a list of what each hop's policies said", verdicts);
    return treeOf(decision);
  });
}

function treeOf(given: Explainable): Explanation {
  // What would have ended the call is explained as if it had.
  const decision = given.shadow === undefined ? given : { ...given, ...given.shadow };
  const { chain, verdicts, hop: failed } = decision;
  const count = chain?.hops.length ?? 0;
  const hops = (chain?.hops ?? []).map((hop, i): Explanation => {
    const verdict = verdicts[i];
    const why = [
      ...(verdict === undefined ? [] : policyOf(verdict, decision)),
      ...(failed === i && isElsewhere(decision, verdict) ? whereStopped(decision) : []),
    ];
    const children = [...why, ...hiddenBy(decision, (at) => at === i)];
    // For a list, every hop is asked about every item, so it has no single answer of a hop.
    const words = decision.shown === undefined ? `  ${said(decision, i, verdict)}` : "";
    const marked = chain?.unverified === true ? " (unverified)" : "";
    const alias = i === 0 && chain?.subject !== undefined ? ` (${chain.subject})` : "";
    return leaf("hop", `${hop.id}${alias}${marked}${words}`, children);
  });
  // Where no hop is at fault, or none is known, the reason stands below all of them.
  const nowhere = failed === undefined || hops[failed] === undefined ? whereStopped(decision) : [];
  const beside = hiddenBy(decision, (at) => at === undefined || at >= count);
  return leaf("decision", headline(decision), [
    ...hops,
    ...nowhere,
    ...beside,
    ...(decision.rows === undefined ? [] : [leaf("rows", rowWords(decision.rows))]),
    ...approvalWords(decision).map((line) => leaf("approval", line)),
    ...owed(decision.obligations),
    ...spendable(chain?.budget),
  ]);
}

function leaf(kind: Explanation["kind"], text: string, children: readonly Explanation[] = []): Explanation {
  if (children.includes(undefined as never)) throw new TypeError("a list has a hole");
  // Cleaned here, so that no text of a caller, policy, decision point or old record is printed unchanged.
  return { kind, text: plainText(text), children };
}

function headline(decision: Explainable): string {
  const { shown, shadow } = decision;
  if (shown !== undefined) return `${decision.tool}: shown ${shown.items} of ${shown.of}`;
  const { outcome, code, tool, reason, message } = decision;
  if (outcome === "pending") return `${tool} waits for an approval`;
  if (outcome !== "denied" && shadow === undefined) return `${outcome} ${tool}`;
  const what = shadow === undefined ? `denied ${tool}` : `${outcome} ${tool}, in shadow mode alone: would be denied`;
  // A record may be of another version, or changed.
  return [what, code, reason ?? message].filter((word) => word !== undefined).join(": ");
}

/** Why a call was stopped by something else than policies, and what would have passed. */
function whereStopped({ pointer, rule, wouldPass, chain }: Explainable): Explanation[] {
  const { accepts, grantableBy } = wouldPass ?? {};
  const found: Explanation[] = [];
  if (rule !== undefined) found.push(leaf("rule", `rule: ${rule}`));
  if (pointer) found.push(leaf("value", `at ${pointer}`));
  if (accepts !== undefined) found.push(leaf("would pass", `would pass: ${accepts}`));
  if (grantableBy !== undefined) {
    const who = chain?.hops[grantableBy]?.id ?? `hop ${grantableBy}`;
    found.push(leaf("would pass", `"${who}" could hand it over: the nearest hop that has it`));
  }
  return found;
}

/**
 * The policy, rules and roles behind a hop's answer, where the hop did not simply allow the call; and always what could
 * not be evaluated: without strict evaluation an allowance may rely on it.
 */
function policyOf(verdict: HopVerdict, { asked }: Explainable): Explanation[] {
  const {
    effect,
    delegation,
    policy,
    scope,
    roles = [],
    derivedRoles = [],
    rules = [],
    reasons,
    obligations,
    failures,
  } = verdict;
  const approval = obligations?.approval;
  const failed = failedWords(failures);
  if (effect === "allow" && delegation !== "deny" && approval === undefined) return [...failed];
  const found: Explanation[] = [];
  if (effect === "deny") {
    const call = asked === undefined ? "this" : callWords(asked);
    const text = isNamed(policy) ? `${policy} denies ${call}` : `no rule allows ${call}`;
    // A policy that answered says by its name of which version it is, and may be one of a scope above.
    const place = isNamed(policy) || asked === undefined ? { scope } : asked;
    found.push(
      leaf(
        "policy",
        `${verdict.sees === "none" ? noRowWords(call) : text} to ${nounWith("role", roles)}${placeWords(place)}`,
      ),
    );
  }
  if (approval !== undefined) found.push(leaf("obligation", `asks for an approval first: "${approval}"`));
  if (derivedRoles.length > 0) found.push(leaf("policy", nounWith("derived role", derivedRoles)));
  // A rule for every role speaks once for each.
  const spoken = new Set(rules.map((rule, i) => `rule ${rule}: "${reasons[i] ?? ""}"`));
  for (const text of spoken) found.push(leaf("rule", text));
  found.push(...failed);
  return [...found, ...cerbosCall(verdict)];
}

function failedWords(failures: HopVerdict["failures"] = []): readonly Explanation[] {
  return failures.map(({ expression, error }) => leaf("rule", `could not evaluate ${expression}: ${error}`));
}

/** Where Cerbos' own log has the answer. */
function cerbosCall({ cerbosCallId, cerbosPositions }: Partial<HopVerdict>): Explanation[] {
  const places = cerbosPositions === undefined ? "" : `, at ${cerbosPositions.join(" and ")} among its results`;
  return cerbosCallId === undefined ? [] : [leaf("policy", `Cerbos call ${cerbosCallId}${places}`)];
}

/** What of a list was hidden there. */
function hiddenBy({ hidden = [], shown }: Explainable, there: (hop: number | undefined) => boolean): Explanation[] {
  const found = hidden.filter(({ hop }) => there(hop));
  const lines = found.flatMap((one) => [
    ...hiddenWords(one, hidden).map((text) => leaf("hidden", text)),
    ...failedWords(one.failures),
  ]);
  const unnamed =
    shown === undefined || hidden.length === 0
      ? 0
      : shown.of - shown.items - hidden.flatMap(({ items }) => items).length;
  // Said once, with what stands beside the hops.
  return unnamed > 0 && there(undefined) ? [...lines, leaf("hidden", `hides ${unnamed} more`)] : lines;
}

function owed(obligations: Obligations | undefined): Explanation[] {
  if (obligations === undefined) return [];
  const { redact, limit } = obligations;
  return [
    ...redact.map((pointer) => leaf("obligation", `takes ${pointer} out of the result, if it is there`)),
    ...Object.entries(limit).map(([pointer, most]) =>
      leaf("obligation", `shows at most ${most} of the list at ${pointer === "" ? "the top" : pointer}`),
    ),
  ];
}

/** What the caller may spend in all. */
function spendable(budget: Budget | undefined): Explanation[] {
  if (budget === undefined) return [];
  return budgetWords(budget).map((line) => leaf("budget", `budget ${budget.id}: ${line}`));
}
