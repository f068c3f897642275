import { HopwiseError } from "../errors.ts";
import { isKind, plainText, quietly } from "../lib/index.ts";

/** What of a Node stream tells that it is broken: an event that ends the process where nobody hears it. */
export interface Breakable {
  on?(event: "error", hear: (error: unknown) => void): unknown;
  /** Why it broke; told before the event, and lines that are written between the two fail in other words. */
  readonly errored?: unknown;
  /** `false` of a stream that was ended or destroyed, which need not be an error. */
  readonly writable?: boolean;
}

/** The first fault of each writer, heard once for all sinks that write to it. */
const HEARD = new WeakMap<object, { fault?: { readonly cause: unknown } }>();

/**
 * Hears that a writer breaks, so that a full disk or a missing folder ends calls and not the process.
 *
 * @returns tells the first fault so far
 */
export function hearFaults(writer: Breakable): () => { readonly cause: unknown } | undefined {
  const heard = HEARD.get(writer) ?? {};
  if (!HEARD.has(writer)) {
    HEARD.set(writer, heard);
    quietly(() =>
      writer.on?.("error", (cause) => {
        heard.fault ??= { cause };
      }),
    );
  }
  return () => {
    const cause = writer.errored ?? undefined;
    if (cause !== undefined) heard.fault ??= { cause };
    return heard.fault;
  };
}

/** Why a line is not written. Words of the system are quoted; those of a host's own writer may say anything, and stay inside. */
export function notWritten(cause: unknown): HopwiseError {
  return unwritten(`failed${isOfSystem(cause) ? `: ${plainText(cause.message)}` : ""}`, cause);
}

/** Why the next line will not be written, of a writer that did not fail, and was ended. */
export function endedBefore(writer: Breakable): HopwiseError | undefined {
  return writer.writable === false ? unwritten("was ended or destroyed") : undefined;
}

function unwritten(what: string, cause?: unknown): HopwiseError {
  const todo = "no call runs without its record; mend the writer, and start the process anew";
  return new HopwiseError("audit_unavailable", `the writer of jsonLinesAudit ${what}; ${todo}`, { cause });
}

/** Node's own: `ENOSPC: no space left on device, write`. */
function isOfSystem(error: unknown): error is Error {
  return isKind(error, "Error") && /^(E[A-Z0-9]+|ERR_STREAM_\w+)$/.test(String((error as { code?: unknown }).code));
}
