type Awaitable<T> = T | Promise<T>;

/** A request for an approval as a store keeps it. Its text is the core's: a store does not read it. */
export interface KeptRequest {
  /** Random; names the request to people and agents. */
  readonly id: string;
  readonly text: string;
  /** The answers that came, in their order. */
  readonly answers: readonly string[];
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
  /** Keeps a request until its end, in seconds since the epoch. One of the same id: nothing is changed. */
  keep(
    request: Pick<KeptRequest, "id" | "text"> & { readonly untilSeconds: number; readonly nowSeconds: number },
  ): Awaitable<void>;
  /** Undefined for one that nobody kept, or that ended. */
  find(id: string): Awaitable<KeptRequest | undefined>;
  /** `known`: that key answered before, and its first answer stands. `gone`: there is no such request. At most 64 answers a request. */
  answer(answer: KeptAnswer): Awaitable<"kept" | "known" | "gone">;
  /** All that did not end yet, oldest first; at most `most` of them. */
  list(most: number): Awaitable<readonly KeptRequest[]>;
}
