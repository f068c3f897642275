/** One guarded pay server for a file of tests, what each test made of it, and clients of the AI SDK. */
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { type HeldDelegation, memoryState } from "@hopwise/core";
import type { DecisionRecord } from "@hopwise/core/audit";
import { onTestFinished } from "vitest";
import { PAY_SERVER } from "../../../examples/finance-team/company.ts";
import type { Payments } from "../../../examples/finance-team/pay-server.ts";
import type { World } from "../world.ts";
import { serve } from "./server.ts";

export interface PayServer {
  readonly url: string;
  /** From here on: what the server records, pays, and takes for proofs that nobody used before. */
  seen(): {
    readonly records: () => readonly DecisionRecord[];
    readonly payments: () => Payments;
    readonly claims: () => readonly string[];
  };
  stop(): Promise<void>;
}

export async function servePayments(world: World): Promise<PayServer> {
  const { replay } = memoryState({ since: 0 });
  const claimed: string[] = [];
  const claim: typeof replay.claim = (key, ...times) => {
    claimed.push(key);
    return replay.claim(key, ...times);
  };
  const { url, stop, audit, payments } = await serve(world, {
    stateless: true, // with sessions, FastMCP lets each client wait for a second
    authorizer: { state: { ...memoryState(), replay: { claim } } },
  });
  return {
    url,
    stop,
    seen: () => {
      const [r, p, c] = [audit.records.length, payments.length, claimed.length];
      return {
        records: () => audit.records.slice(r),
        payments: () => payments.slice(p),
        claims: () => claimed.slice(c),
      };
    },
  };
}

export async function clientOf(
  url: string,
  delegation: HeldDelegation,
  options: { readonly audience?: string; readonly maxRetries?: number } = {},
): ReturnType<typeof createMcpClient> {
  const transport = { type: "http", url } as const;
  const client = await createMcpClient({ transport, delegation, audience: PAY_SERVER, ...options });
  onTestFinished(() => client.close());
  return client;
}
