import { setTimeout as delay } from "node:timers/promises";
import { GRPC } from "@cerbos/grpc";
import type { Changeover } from "../ask/index.ts";
import { ADMIN } from "../binary/index.ts";
import { type PolicyCheck, refuseTraps, refuseUncompiled } from "../compile/index.ts";
import type { FolderCopy } from "../policies/index.ts";
import type { PolicyCopies } from "./policy-copies.ts";

/** What a change needs that is taken up. */
export interface OfTakingUp {
  readonly pdp: LoadingPdp;
  readonly copies: Pick<PolicyCopies, "next" | "exchange">;
  readonly check: Omit<PolicyCheck, "copy">;
  readonly changeover: Changeover;
}

/** How the copy of a change is made, checked, and loaded by the PDP. */
export interface TakingUp {
  copy(asItIs: boolean): Promise<boolean>;
  check(): Promise<void>;
  /** @param serves whether there still is a PDP that is to go over to it: the next one has a copy of its own */
  takeUp(serves: () => boolean): Promise<void>;
}

export function takingUp({ pdp, copies, check, changeover }: OfTakingUp): TakingUp {
  let copy: FolderCopy = { path: "", lost: [] };
  let before: "not answered" | "answered" | undefined;
  const load = async (): Promise<void> => {
    before = "not answered";
    await changeover.through(pdp.loadAnew);
    before = "answered";
  };
  /** Cerbos reads a copy on after it has said that it is loaded: with two of them it would serve what nobody checked. */
  const untilBeforeIsRead = async (): Promise<void> => {
    if (before === "not answered") await load();
    if (before === undefined) return;
    while (changeover.isUnderWay) await delay(50, undefined, { signal: check.signal });
    await pdp.untilGoneOver();
  };
  return {
    async copy(asItIs) {
      const made = await copies.next(asItIs);
      if (made !== undefined) copy = made;
      return made !== undefined;
    },
    check: () => refuseTraps({ ...check, copy }),
    async takeUp(serves) {
      await refuseUncompiled({ ...check, copy });
      await untilBeforeIsRead();
      if (!serves()) return;
      await copies.exchange();
      await load();
    },
  };
}

/** A PDP that loads policies when it is told to. */
export interface LoadingPdp {
  /**
   * Lets it load its policies and schemas anew, all at once. Calls that are under way are answered all the same. Resolves once
   * it has read them, a moment before it serves them; rejects where it could not read them, and then it goes on with those before.
   */
  loadAnew(): Promise<void>;
  /** Resolves once it serves what it began to load: until then it answers no question. */
  untilGoneOver(): Promise<void>;
}

export function loadingPdp(
  target: string,
  { timeoutMs, signal }: Pick<PolicyCheck, "timeoutMs" | "signal">,
): LoadingPdp {
  const asking = async (ask: (client: GRPC, options: { readonly signal: AbortSignal }) => Promise<unknown>) => {
    // Not the client that hosts get: none of them is to have the Admin API.
    const client = new GRPC(target, { tls: false, adminCredentials: ADMIN });
    try {
      await ask(client, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    } finally {
      client.close();
    }
  };
  return {
    loadAnew: () => asking((client, options) => client.reloadStore({ wait: true }, options)),
    untilGoneOver: () => asking((client, options) => client.checkResources(QUESTION, options)),
  };
}

/** It decides nothing. A decision log shows it, as it shows those of `probePdp`. */
const QUESTION = {
  principal: { id: "hopwise-probe", roles: ["hopwise-probe"] },
  resources: [{ resource: { kind: "hopwise_probe", id: "loaded" }, actions: ["ask"] }],
};
