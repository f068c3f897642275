import type { JsonObject } from "../../json/index.ts";
import { jsonObject, maybe, number, optionsOf, text, whole } from "../../options/index.ts";
import { type KeptRequest, unreadable } from "../../state/index.ts";
import {
  type ApprovalAnswer,
  type ApprovalRequest,
  REQUEST,
  type RequestHash,
  type Subject,
} from "../../token/index.ts";

/** A request as it is kept: what the approver is shown, and what names it elsewhere. */
export interface AskedApproval {
  readonly id: string;
  readonly request: ApprovalRequest;
  /** The hash of the request, which an answer is of. */
  readonly hash: RequestHash;
  /** The invocation that asked: its record has the whole chain. */
  readonly invocation: string;
  /** Seconds since the epoch. */
  readonly askedAtSeconds: number;
  /** The user by the id that policies see. */
  readonly user: string;
  /** Those arguments that the tool map says to keep in records; by default none. */
  readonly arguments: JsonObject;
  /** H(root); undefined for a user without agents. */
  readonly chain?: string;
  /** The request of the same call that was over when this one was asked for: somebody may have said no to it, or its call may have run. */
  readonly after?: string;
}

/** One answer that counts. */
export interface CountedAnswer {
  readonly answer: ApprovalAnswer;
  readonly approver: Subject;
  /** Seconds since the epoch. */
  readonly answeredAtSeconds: number;
  /** The thumbprint of the key that signed it: the approver's own, or their issuer's. */
  readonly key: string;
}

/** A request for an approval, as people are shown it. */
export interface ShownApproval extends AskedApproval {
  /**
   * `waiting` for answers; `approved`, and its call may be made; `denied` by somebody; `used` by its one call. One that
   * lapsed is not shown.
   */
  readonly state: "waiting" | "approved" | "denied" | "used";
  readonly answers: readonly CountedAnswer[];
}

type Kept = Omit<AskedApproval, "id"> & { readonly version: 1 };

/** What lies in a store may be of another version, or of anybody who can write there: all of it is looked at. */
const readKept = optionsOf<Kept>("readRequest", {
  version: whole({ min: 1, max: 1, example: 1 }),
  request: REQUEST,
  hash: text("the hash of the request"),
  invocation: text("the invocation that asked"),
  askedAtSeconds: number({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 1_790_000_000 }),
  user: text("a user, by the id that policies see"),
  arguments: jsonObject("an object of arguments"),
  chain: maybe(text("the id of a chain")),
  after: maybe(text("the id of a request")),
});

export function requestText({ id: _, ...asked }: AskedApproval): string {
  const kept: Kept = { version: 1, ...asked };
  return JSON.stringify(kept);
}

/** A request that a store keeps, with what was answered. */
export interface KnownRequest {
  readonly kept: AskedApproval;
  readonly answers: readonly string[];
}

/** @throws {HopwiseError} `state_unavailable` for one that this version cannot read */
export function readKnown({ id, text: kept, answers }: KeptRequest): KnownRequest {
  try {
    const { version: _, ...asked } = readKept(JSON.parse(kept));
    return { kept: { ...asked, id }, answers };
  } catch (cause) {
    throw unreadable("a request for an approval", cause);
  }
}
