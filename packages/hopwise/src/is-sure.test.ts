import { describe, expect, it } from "vitest";
import type { Typed } from "./command.ts";
import { isSure } from "./is-sure.ts";
import type { Terminal } from "./terminal.ts";

/** Somebody at a terminal; undefined: nobody. */
async function asked(said: string | undefined, typed: readonly string[] = []): Promise<readonly unknown[]> {
  const shown: string[] = [];
  const show = (text: string): void => void shown.push(text);
  const ask = async (question: string): Promise<string | undefined> => {
    show(question);
    return said;
  };
  const options = { has: (option: string) => typed.includes(option) } as Typed;
  return [await isSure("Revoke it?", "nothing was changed", options, { ask, err: show } as Terminal), ...shown];
}

describe("a question before a change", () => {
  it("is answered by the whole word alone", async () => {
    expect(await asked(" Yes\n")).toEqual([true, "Revoke it? Type yes: "]);
    for (const said of ["", "y", "no", "yes please"]) {
      expect(await asked(said)).toEqual([false, "Revoke it? Type yes: ", "nothing was changed"]);
    }
  });

  it("is not asked where it was answered before, and is no yes where nobody can be asked", async () => {
    expect(await asked(undefined, ["yes"])).toEqual([true]);
    await expect(asked(undefined)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("--yes"),
    });
  });
});
