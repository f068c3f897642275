import type { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import type { PolicyClient } from "./resilient.ts";

/**
 * Behind one address may be several PDPs: a balancer, a name, a PDP that is replaced. Each connection leads to one of them.
 * So all answers of a decision have to come by one connection; where another one was made meanwhile, all is asked anew.
 *
 * A balancer that spreads the requests of one connection cannot be seen from here.
 *
 * @param client whose connection it is
 * @param asked the same client, or what was made of it
 * @param onConnected is told of each new connection
 */
export function oneConnection(client: GRPC, asked: PolicyClient, onConnected: () => void): PolicyClient {
  const losses = countLosses(client, onConnected);
  return {
    checkResources: (...given) => asked.checkResources(...given),
    planResources: (...given) => asked.planResources(...given),
    async whole(ask, { signal = new AbortController().signal } = {}) {
      for (let i = 0; i < MOST; i++) {
        const before = losses();
        const answers = await ask(asked, signal);
        if (losses() === before) return answers;
      }
      const message = "the connection to the policy decision point was lost again and again while it was asked";
      throw inOwnWords(new HopwiseError("policy_unavailable", message));
    },
  };
}

/** A PDP that stops gives way once; more than that is a fault. */
const MOST = 3;

/** How gRPC names its states. */
const READY = 2;
const SHUTDOWN = 4;

interface Channel {
  getConnectivityState(connect: boolean): number;
  watchConnectivityState(current: number, deadline: number, changed: () => void): void;
}

function countLosses(client: GRPC, onConnected: () => void): () => number {
  let losses = 0;
  const channel = (client as unknown as { readonly client: { getChannel(): Channel } }).client.getChannel();
  const watch = (state: number): void => {
    if (state === SHUTDOWN) return;
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => {
      if (state === READY) losses++;
      const now = channel.getConnectivityState(false);
      watch(now);
      if (now === READY) onConnected();
    });
  };
  watch(channel.getConnectivityState(false));
  return () => losses;
}
