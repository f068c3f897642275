/** What it costs each call to look whether something that it stands on was revoked, among many that were. */

import { memoryRevocations, type RevocationQuery } from "@hopwise/core/state";
import type { Thumbprint, TokenHash } from "@hopwise/core/tokens";
import { p50, takeTurns } from "./measure.ts";

const ENTRIES = 100_000;
const ISSUER = "https://id.acme.example";

function hashOf(what: string, i: number): string {
  return `${what}${i}`.padEnd(43, "A");
}

/** Microseconds of processor time for one look-up of a call that passes: three tokens, four keys, three agents, a user. */
export async function measureRevocationCheck(): Promise<number> {
  const revocations = memoryRevocations();
  for (let i = 0; i < ENTRIES / 4; i++) {
    revocations.revoke({ token: hashOf("t", i) as TokenHash });
    revocations.revoke({ key: hashOf("k", i) as Thumbprint });
    revocations.revoke({ agent: `agent-${i}` });
    revocations.revoke({ user: { issuer: ISSUER, subject: `user-${i}` }, notBefore: 1 });
  }
  const queries = Array.from(
    { length: 64 },
    (_, i): RevocationQuery => ({
      tokens: [0, 1, 2].map((n) => hashOf("other-t", 3 * i + n) as TokenHash),
      keys: [0, 1, 2, 3].map((n) => hashOf("other-k", 4 * i + n) as Thumbprint),
      agents: ["planner", "researcher", `clerk-${i}`],
      // Revoked, but for what was issued before: the longest way.
      user: { issuer: ISSUER, subject: `user-${i}` },
      issuedAt: 1_800_000_000,
    }),
  );
  const { check } = await takeTurns(
    {
      check: (count) => () => {
        for (let i = 0; i < count; i++) {
          const found = revocations.find(queries[i % queries.length] as RevocationQuery);
          if (found !== undefined) throw new Error("the benchmark's call is revoked");
        }
      },
    },
    { rounds: 200, warmup: 100, batch: 1000, clock: "cpu" },
  );
  return p50(check);
}
