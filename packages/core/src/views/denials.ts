import {
  type AuditSink,
  checkTold,
  type DecisionRecord,
  strangerCounter,
  type UnverifiedAttempt,
} from "../audit/index.ts";
import type { DenialCode } from "../codes.ts";
import { defined, quietly } from "../lib/index.ts";
import { choice, func, maybe, optionsOf, type Rows, readerOf } from "../options/index.ts";
import { operatorView, strangerView } from "./operator-view.ts";

/** A denial, for people or for the host program; or a call that shadow mode let run (`enforced: false`). */
export interface SeenDenial {
  readonly code: DenialCode;
  /** The operator's view of it, in lines. */
  readonly text: string;
  /** How many of this code there were so far: of callers who are known, or of strangers. */
  readonly count: number;
  /** Its record, where its caller is known. */
  readonly record?: DecisionRecord;
  /** A stranger's attempt: who called is not known, and no durable log has it. */
  readonly attempt?: UnverifiedAttempt;
  /** Shadow mode let the call run all the same. */
  readonly enforced?: false;
}

export interface DenialOptions {
  /**
   * `counted`: of the denials of strangers at most one of each code in ten seconds, with the count so far. `each`: every
   * one of them, for development: whoever can reach a server can cause as many as they like.
   *
   * @defaultValue "counted"
   */
  readonly strangers?: "counted" | "each";
}

/** The rows of what shows denials. */
export const DENIAL_ROWS: Rows<DenialOptions> = { strangers: maybe(choice("counted", "each")) };

const readOptions = optionsOf<DenialOptions>("onDenial", DENIAL_ROWS);
const readHook = readerOf<(denial: SeenDenial) => void>("onDenial", func("a function that takes a denial"));

/**
 * A hook for denials, as a sink: combine it with a durable one by `auditTo`. What the function throws, and a promise of it
 * that rejects, is dropped: who looks on decides nothing.
 *
 * ```ts
 * auditTo(log, onDenial(({ code, count }) => metrics.denied(code, count)))
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export function onDenial(tell: (denial: SeenDenial) => void, options: DenialOptions = {}): AuditSink {
  readHook(tell);
  const { strangers = "counted" } = readOptions(options);
  const known = strangerCounter();
  const unknown = strangerCounter();
  return {
    keeps: false,
    record: (record) => {
      checkTold("record", record);
      const { outcome, shadow, enforced } = record;
      const { code } = outcome === "denied" ? record : (shadow ?? {});
      if (code === undefined) return;
      const { count } = known(code);
      quietly(() => tell({ code, text: operatorView(record), count, record, ...defined({ enforced }) }));
    },
    unverified: (attempt) => {
      checkTold("unverified", attempt);
      const { code, enforced } = attempt;
      const { count, worthALine } = unknown(code);
      if (strangers !== "each" && !worthALine) return;
      quietly(() => tell({ code, text: strangerView(attempt), count, attempt, ...defined({ enforced }) }));
    },
  };
}
