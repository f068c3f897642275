import type { OutputResult } from "@cerbos/core";
import { isCount, plainText } from "../lib/index.ts";
import { addUp, NO_OBLIGATIONS, type Obligations, POINTER } from "../result/index.ts";

/** The reasons and obligations in the outputs of the rules that took part. */
export interface OutputReading {
  readonly reasons: readonly string[];
  /** The rules that gave the reasons, in the same order, as Cerbos names them: `resource.payment.vdefault#above_limit`. */
  readonly rules: readonly string[];
  readonly obligations?: Obligations;
  /** Why an output could not be understood; then the call is not allowed. */
  readonly problem?: string;
}

/**
 * Reads the outputs of policy rules: a text, which is a reason, or objects with the members `reason` (a text), `redact` (a list of JSON pointers),
 * `limit` (JSON pointers and whole numbers) and `approval` (a text, or `{ reason, approvers }`). Any other member is a typo in one of these, or an
 * obligation that this version cannot fulfil, and neither may be overlooked.
 */
export function readOutputs(outputs: readonly OutputResult[]): OutputReading {
  const reasons: string[] = [];
  const rules: string[] = [];
  const obligations: Obligations[] = [];
  let problem: string | undefined;
  for (const { source: rule, value } of outputs) {
    const source = plainText(rule);
    if (typeof value === "string") {
      // An obligation in one pair of quotes too many must not pass as a reason: its values would be shown.
      if (value.trimStart().startsWith("{")) problem ??= `the output of ${source} is a text that looks like an object`;
      reasons.push(plainText(value));
      rules.push(source);
      continue;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      problem ??= value === undefined ? `the output of ${source} failed` : `the output of ${source} is not an object`;
      continue;
    }
    for (const [key, member] of Object.entries(value)) {
      const read = Object.hasOwn(MEMBERS, key) ? MEMBERS[key]?.(member) : undefined;
      if (read === undefined)
        problem ??= `the output of ${source} has "${plainText(key)}", which this version cannot fulfil`;
      else if (typeof read === "string") problem ??= `the ${key} of ${source} is ${read}`;
      else if ("reason" in read) {
        reasons.push(read.reason);
        rules.push(source);
      } else obligations.push({ ...NO_OBLIGATIONS, ...read });
    }
  }
  return {
    reasons,
    rules,
    ...(obligations.length > 0 && { obligations: addUp(obligations) }),
    ...(problem !== undefined && { problem }),
  };
}

/** Each reads one member of an output; a text says what is wrong with it. */
const MEMBERS: {
  readonly [member: string]: (value: unknown) => { readonly reason: string } | Partial<Obligations> | string;
} = {
  reason: (value) => (typeof value === "string" ? { reason: plainText(value) } : "not a text"),
  approval: (value) => {
    const { reason, approvers = 1, ...more } = typeof value === "string" ? { reason: value } : Object(value);
    const isWhole = Number.isSafeInteger(approvers) && approvers >= 1 && approvers <= MOST_APPROVERS;
    // As it is shown: of a text of spaces nothing would be left to ask a person with.
    const why = typeof reason === "string" ? plainText(reason) : "";
    if (why === "" || !isWhole || Object.keys(more).length > 0) {
      return `neither a text that says why nor { reason, approvers } with 1 to ${MOST_APPROVERS} of them`;
    }
    return { approval: why, ...(approvers > 1 && { approvers }) };
  },
  redact: (value) =>
    Array.isArray(value) && value.every((pointer) => typeof pointer === "string" && POINTER.test(pointer))
      ? { redact: value as string[] }
      : 'not a list of JSON pointers such as "/iban"',
  limit: (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([pointer, most]) => (pointer === "" || POINTER.test(pointer)) && isCount(most))
      ? { limit: value as Obligations["limit"] }
      : 'not a map of JSON pointers and whole numbers such as {"/lines": 10}',
};

/** As many as a request for an approval can name. */
const MOST_APPROVERS = 64;
