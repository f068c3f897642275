import type { PolicyClient } from "./resilient.ts";

/** The requests of one attempt. */
export interface Requests {
  /** Sends them. */
  readonly client: PolicyClient;
  /** When the target last gave a sign: at the beginning, and with each answer. */
  readonly lastSign: number;
  /** From now on none of them counts as under way, also where a client goes on. */
  end(): void;
}

/** An attempt of one request. @param count told by how many more, or fewer, are under way */
export function oneRequest(client: PolicyClient, count: (change: number) => void): Requests {
  count(1);
  return { client, lastSign: performance.now(), end: () => count(-1) };
}

/** An attempt of as many requests as it takes. @param count as for {@link oneRequest} @param answered told of each answer */
export function manyRequests(client: PolicyClient, count: (change: number) => void, answered: () => void): Requests {
  let open = 0;
  let ended = false;
  let lastSign = performance.now();
  const change = (by: number): void => {
    if (ended) return;
    open += by;
    count(by);
  };
  const counted = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    change(1);
    try {
      const given = await answer;
      answered();
      return given;
    } finally {
      lastSign = performance.now();
      change(-1);
    }
  };
  return {
    client: {
      checkResources: async (request, options) => counted(client.checkResources(request, options)),
      planResources: async (request, options) => counted(client.planResources(request, options)),
      // Of a target that is several itself.
      ...(asksWhole(client) && { whole: async (ask, options) => counted(client.whole(ask, options)) }),
    },
    get lastSign() {
      return lastSign;
    },
    end() {
      change(-open);
      ended = true;
    },
  };
}

function asksWhole(client: PolicyClient): client is Required<PolicyClient> {
  return client.whole !== undefined;
}
