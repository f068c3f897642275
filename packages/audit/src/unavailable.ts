import { getSystemErrorMap } from "node:util";
import { HopwiseError } from "@hopwise/core";
import { inOwnWords, isOwn } from "@hopwise/core/adapter";

/** Why the log cannot be written, in words that stand in denials and in `health`. */
export function unavailable(message: string, cause?: unknown): HopwiseError {
  return inOwnWords(new HopwiseError("audit_unavailable", `${message}${whyOf(cause)}`, { cause }));
}

/** It is Node.js that lets nothing be read or written, and no other folder would do. */
const NOT_PERMITTED = ": Node.js runs with --permission; give --allow-fs-read and --allow-fs-write for the folder";

const CODE = /^[A-Z0-9_]{1,64}$/;

/** Of an error of the operating system what it means, and of a signer's nothing but its code: its text may quote anything. */
function whyOf(cause: unknown): string {
  if (isOwn(cause)) return `: ${cause.message}`;
  const { code, errno } = Object(cause) as { readonly code?: unknown; readonly errno?: unknown };
  if (typeof code !== "string" || !CODE.test(code)) return "";
  if (code === "ERR_ACCESS_DENIED") return NOT_PERMITTED;
  const [, meaning] = (typeof errno === "number" && getSystemErrorMap().get(errno)) || [];
  return meaning === undefined ? `: ${code}` : `: ${meaning} (${code})`;
}
