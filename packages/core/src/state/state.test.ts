import { describe, expect, it } from "vitest";
import { memoryDriver } from "./memory.ts";
import { openedState } from "./state.ts";

const FAULTS: { readonly [how: string]: () => Promise<never> } = {
  "never answers": () => new Promise(() => {}),
  rejects: () => Promise.reject(new Error("down")),
};

describe("a state whose log of revocations", () => {
  it.each(Object.entries(FAULTS))(
    "%s is given all the same, so that its program starts; it opens by itself",
    async (_, head) => {
      const driver = memoryDriver({ clock: Date.now });
      const state = await openedState(
        { ...driver, revocations: { ...driver.revocations, head } },
        { repairSeconds: 1 },
      );
      expect(state.revocations).toBeDefined();
      await state.close();
    },
  );
});
