import { describe, expect, it } from "vitest";
import { settled } from "./guard.fixture.ts";
import { createTurns, type Turn, type Turns } from "./turns.ts";

const LOST = { isFirst: false, asked: () => {}, ended: () => {}, lost: () => {}, isLost: true };

/** The turns that calls of these names got, in order. */
async function taking(turns: Turns, ...names: readonly string[]): Promise<(Turn & { readonly of: string })[]> {
  const got: (Turn & { readonly of: string })[] = [];
  names.forEach(async (name, i) => void got.push({ ...((await turns.take(name)) ?? LOST), of: `${name}${i}` }));
  await settled();
  return got;
}
const those = (got: readonly { readonly of: string }[]): string[] => got.map(({ of }) => of);

describe("the calls of a name", () => {
  it("have their turn one by one while no function has asked, and each name for itself", async () => {
    const turns = createTurns();
    const got = await taking(turns, "a", "a", "b", "a");
    expect(those(got)).toEqual(["a0", "b2"]);
    for (let i = 0; i < 2; i++) got[0]?.ended();
    await settled();
    expect(those(got)).toEqual(["a0", "b2", "a1"]);
    got[2]?.ended();
    await settled();
    expect(those(got)).toEqual(["a0", "b2", "a1", "a3"]);
    expect(await taking(turns, "a")).toEqual([]);
    // The one that came later has its turn now.
    got[3]?.ended();
    expect(those(await taking(turns, "a", "a"))).toEqual([]);
  });

  it("are sent away with one of which nobody knows what became; those that come later have their turn", async () => {
    const turns = createTurns();
    const got = await taking(turns, "a", "a", "a");
    got[0]?.lost();
    await settled();
    expect(those(got)).toEqual(["a0", "a1", "a2"]);
    expect(got.map((turn) => "isLost" in turn)).toEqual([false, true, true]);
    expect(those(await taking(turns, "a", "a"))).toEqual(["a0"]);
  });

  it("do not wait once one has asked, also those that waited, until the name is another function's", async () => {
    const turns = createTurns();
    const got = await taking(turns, "a", "a", "a");
    got[0]?.asked();
    await settled();
    expect(those(got)).toEqual(["a0", "a1", "a2"]);
    expect(those(await taking(turns, "a", "a"))).toEqual(["a0", "a1"]);
    turns.forget("a");
    const again = await taking(turns, "a", "a");
    expect(those(again)).toEqual(["a0"]);
    // A call from before has no turn to give back.
    for (const { ended, lost, asked } of got) {
      ended();
      lost();
      asked();
    }
    await settled();
    expect(those(again)).toEqual(["a0"]);
  });
});
