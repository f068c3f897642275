import { CODES, type DenialCode, rowOf, wireCodeOf } from "../codes.ts";
import type { Denied } from "../decision/index.ts";
import { MADE_OF_IT, MADE_UNREADABLE, NOT_HANDED_OVER, PUT_THERE, TOO_MUCH } from "../grant/index.ts";
import { mustBe, reading } from "../options/index.ts";
import { AGENT_REVOKED, KEY_REVOKED } from "../state/index.ts";

/** The part of a denial that a caller and its model may see: a code, safe words, and whether trying again can help. */
export interface ModelView {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/**
 * Makes the view of a denial that goes to a model. It names no policy, rule or identity; it quotes, as data, what the
 * model's own grant accepts and the policy's reason. Codes that look the same to callers also have the same words.
 *
 * @throws {HopwiseError} `config_invalid` for what is no denial
 */
export function modelView(denied: Pick<Denied, "code" | "pointer" | "rule" | "reason" | "wouldPass">): ModelView {
  return reading("modelView", "denied", DENIED, denied, viewOf);
}

const DENIED = "the denial of an authorizer";

function viewOf(denied: Pick<Denied, "code" | "pointer" | "rule" | "reason" | "wouldPass">): ModelView {
  if (!Object.hasOwn(CODES, denied.code)) mustBe("modelView", ["denied", "code"], "the code of a denial", denied.code);
  const code = wireCodeOf(denied.code);
  const { model: ofCode, retryable = false } = rowOf(code);
  const model = BY_RULE[denied.code]?.get(denied.rule ?? "") ?? ofCode;
  const reason = denied.reason === undefined ? "" : ` Reason given: ${JSON.stringify(denied.reason)}`;
  return { code, message: `${model}${mayTry(denied)}${reason}`, retryable };
}

/** Where what helps is not what helps with the code otherwise. */
const BY_RULE: { readonly [code in DenialCode]?: ReadonlyMap<string, string> } = {
  // A new delegation of the same agents and keys would be refused as this one is.
  revoked: new Map([
    [
      AGENT_REVOKED,
      "An agent of your delegation was revoked. Another one with the same agent is refused, too: report it.",
    ],
    [KEY_REVOKED, "A key of your delegation was revoked. Ask for a new one that stands on other keys, or report it."],
  ]),
  // What was sent was plain JSON.
  arguments_malformed: new Map([
    [
      MADE_UNREADABLE,
      "What this tool itself makes of these arguments cannot be checked. Report it; trying again does not help.",
    ],
  ]),
};

const TELL_THE_ARGUMENT: ReadonlySet<string> = new Set(["grant_argument_refused", "grant_argument_missing"]);

/** Where a value is not what was sent: sending what is allowed there would not be understood. */
const WHOSE: readonly (readonly [rule: string, words: string])[] = [
  [NOT_HANDED_OVER, ", which was not handed over: leave it out"],
  [PUT_THERE, ", which you did not send: the tool itself put a value there"],
  [MADE_OF_IT, ", as the tool itself changed it: what you sent passes, what became of it does not"],
  [TOO_MUCH, ", where checking took too long: send fewer or shorter values"],
];

/** It may not be sent, either. */
const NOBODY_CAN = " Report it; sending it does not help.";

/** The caller holds the chain, so it may be told the chain's content; `accepts` has its values quoted already. */
function mayTry({ code, pointer, rule, wouldPass }: Pick<Denied, "code" | "pointer" | "rule" | "wouldPass">): string {
  if (code === "budget_exhausted" && wouldPass?.accepts !== undefined) return ` Left of it: ${wouldPass.accepts}.`;
  const accepts = wouldPass?.accepts;
  // It may be a second, or a day.
  if (code === "rate_exceeded" && accepts !== undefined) return ` Allowed: ${accepts}.`;
  if (!TELL_THE_ARGUMENT.has(code) || !pointer) return "";
  const by = rule === undefined ? "" : (WHOSE.find(([how]) => rule.startsWith(how))?.[1] ?? "");
  const instead = accepts !== undefined ? ` Allowed there: ${accepts}.` : rule?.startsWith(PUT_THERE) ? NOBODY_CAN : "";
  return ` Argument: ${JSON.stringify(pointer)}${by}.${instead}`;
}
