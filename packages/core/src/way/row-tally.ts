import { isDenialCode } from "../codes.ts";
import { HopwiseError, isOwn } from "../errors.ts";
import type { AppliedFilter, Filter, FilterFault } from "../filter/index.ts";
import { defined, isCount } from "../lib/index.ts";

/** What came of the rows of one read, which may be checked in several parts. */
export interface RowTally extends Pick<Filter, "applied" | "fault" | "fail" | "leaveOut"> {
  add(part: Required<Omit<AppliedFilter, "unfulfilled">>): void;
}

export function createRowTally(): RowTally {
  let sum: AppliedFilter | undefined;
  let fault: FilterFault | undefined;
  let unfulfilled: FilterFault | undefined;
  let failed = false;
  // Left out beside others, a row ends no search; but an empty list would look as if nothing had been found.
  const leftNone = () => sum?.rows === 0 && unfulfilled !== undefined;
  return {
    get applied() {
      // Of a read of which one part failed, nothing is: it could not be checked.
      return failed || leftNone() ? undefined : sum;
    },
    get fault() {
      return fault ?? (leftNone() ? unfulfilled : undefined);
    },
    fail: (cause) => {
      failed = true;
      if (isOwn(cause)) fault ??= faultIn(cause);
    },
    add: (part) => {
      sum = addUp(sum, part);
    },
    leaveOut: (rows, cause) => {
      if (!isCount(rows) || rows > (sum?.rows ?? 0)) throw noSuchRows(sum?.rows ?? 0);
      if (rows === 0) return;
      sum = addUp(sum, { rows: -rows, leftOut: rows, unfulfilled: rows });
      unfulfilled ??= faultIn(isOwn(cause) ? cause : UNCHANGED);
    },
  };
}

const UNCHANGED = new HopwiseError("result_withheld", "rows could not be changed as the policies oblige to");

function noSuchRows(passed: number): HopwiseError {
  const message = `leaveOut: rows must be how many rows are left out of those that passed, at most ${passed} here`;
  return new HopwiseError("config_invalid", message);
}

/** A mistake of the program itself is no answer to its caller. */
function faultIn({ code, message }: HopwiseError): FilterFault {
  return { code, message, told: isDenialCode(code) ? code : undefined };
}

function addUp(before: AppliedFilter | undefined, part: AppliedFilter): AppliedFilter {
  const total = (count: "tooLarge" | "unfit" | "unfulfilled") =>
    (before?.[count] ?? 0) + (part[count] ?? 0) || undefined;
  return Object.freeze({
    rows: (before?.rows ?? 0) + part.rows,
    leftOut: (before?.leftOut ?? 0) + part.leftOut,
    ...defined({ tooLarge: total("tooLarge"), unfit: total("unfit"), unfulfilled: total("unfulfilled") }),
  });
}
