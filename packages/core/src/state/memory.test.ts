import { describe, it } from "vitest";
import { stateContract } from "../state-contract/index.ts";
import { memoryDriver } from "./memory.ts";

describe("the driver in memory", () => {
  it.each(stateContract.map(({ title, run }) => [title, run] as const))("%s", async (_, run) => {
    await run(({ mostOfRoot, mostOfUser }) => {
      let now = 1_760_000_000;
      const clock = (): number => now * 1000;
      const driver = memoryDriver({
        clock,
        since: 0,
        ...(mostOfRoot !== undefined && { maxProofsOfRoot: mostOfRoot }),
        ...(mostOfUser !== undefined && { maxProofsOfUser: mostOfUser }),
      });
      return {
        open: () => driver,
        nowSeconds: () => now,
        advance: (seconds) => {
          now += seconds;
        },
      };
    });
  });
});
