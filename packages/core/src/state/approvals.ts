import type { Awaitable } from "../lib/index.ts";

/** A request for an approval as a store keeps it. Its text is the core's: a store does not read it. */
export interface KeptRequest {
  /** Random; names the request to people and agents. */
  readonly id: string;
  readonly text: string;
  /** The answers that came, in their order. */
  readonly answers: readonly string[];
}

/** A request that is to be kept. */
export interface NewRequest extends Pick<KeptRequest, "id" | "text"> {
  /** Names the call that waits: two requests with the same name are for the same call. */
  readonly call: string;
  /** The request of that call that the caller knows to be over: used, or refused. */
  readonly after?: string;
  /** Until when it is kept, in seconds since the epoch. */
  readonly untilSeconds: number;
  readonly nowSeconds: number;
}

/** An answer to a request. */
export interface KeptAnswer {
  /** The request's. */
  readonly id: string;
  /** Names the answer: another one of the same key is not kept. */
  readonly key: string;
  readonly text: string;
  readonly nowSeconds: number;
}

/** Keeps requests for approvals until they end, with what was answered. Durable in a durable store. */
export interface ApprovalStore {
  /** Since when no request and no use of one was lost, in seconds since the epoch. See {@link StateDriver}. */
  readonly notBefore?: number;
  /**
   * Keeps a request, unless the newest of its call did not end, and is not the one that `after` names. An older one of that call
   * does not count, also where it lives longer. Of callers that come at the same moment so one asks, and the others wait with it.
   * One of the same id: nothing is changed.
   *
   * @returns the id of the newest request of that call
   */
  keep(request: NewRequest): Awaitable<string>;
  /** Undefined for one that nobody kept, or that ended. */
  find(id: string): Awaitable<KeptRequest | undefined>;
  /** The newest request of a call; undefined where it ended, or there is none. */
  latest(call: string): Awaitable<KeptRequest | undefined>;
  /** `known`: that key answered before, and its first answer stands. `gone`: there is no such request. At most 64 answers a request. */
  answer(answer: KeptAnswer): Awaitable<"kept" | "known" | "gone">;
  /**
   * All that did not end yet, oldest first; at most `most` of them. With the id of a request in `after`, those that came later than
   * that; where it has ended, all.
   */
  list(most: number, after?: string): Awaitable<readonly KeptRequest[]>;
}
