import { HopwiseError, type Signer } from "@hopwise/core";
import { inOwnWords, isOwn, settleInTime } from "@hopwise/core/adapter";
import { readCheckpoint, type Statement, signStatement, trustKeys } from "./checkpoint.ts";
import { unavailable } from "./unavailable.ts";

/** How long a signer may take, in milliseconds. */
const SIGNER_DEADLINE_MS = 5_000;

/** Signs what a log says of itself. */
export interface HeadSigner {
  /** RFC 7638 thumbprint of its key. */
  readonly key: string;
  /**
   * @returns a checkpoint that the verifier takes for one
   * @throws {HopwiseError} `config_invalid` where what the signer gives is no signature by its own public key;
   *   `audit_unavailable` where it fails, or does not answer in time
   */
  sign(statement: Statement): Promise<string>;
}

/**
 * A signer whose answers are looked at before they are written: a signature of another key would read like a forgery, half
 * a year later, in a log that nobody touched.
 */
export async function createHeadSigner(signer: Signer): Promise<HeadSigner> {
  const keys = await trustKeys([signer.publicJwk]).catch((cause: unknown) => {
    throw wrong("publicJwk must be a public key; it has the form of one, and is no point of its curve", cause);
  });
  const [key = ""] = keys.keys();
  return {
    key,
    sign: async (statement) => {
      const signed = signStatement(statement, signer, key).catch(failed);
      const checkpoint = await settleInTime(SIGNER_DEADLINE_MS, signed).catch(late);
      if (typeof readCheckpoint(checkpoint, keys) === "string") throw wrong(NOT_ITS_KEY);
      return checkpoint;
    },
  };
}

function wrong(problem: string, cause?: unknown): HopwiseError {
  return inOwnWords(new HopwiseError("config_invalid", `openAuditLog: signer: ${problem}`, { pointer: SIGNER, cause }));
}

/** It may be a key service that is away, and its words may quote anything. */
function failed(cause: unknown): never {
  throw unavailable("the audit log's signer failed", cause);
}

/** What is not its own failure is that it did not answer. */
function late(cause: unknown): never {
  throw isOwn(cause) ? cause : unavailable("the audit log's signer does not answer");
}

const NOT_ITS_KEY =
  "it must sign by the private key of its own publicJwk; what it gave is no signature of that key, and a verifier would take it for a forgery";

const SIGNER = "/signer";

/** Whether the signer is at fault for good, and not the moment. */
export function isWrongSigner(fault: unknown): boolean {
  return isOwn(fault) && fault.pointer === SIGNER;
}
