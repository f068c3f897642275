import { describe, expect, it } from "vitest";
import { readTool, readTools } from "./read-tools.ts";
import type { AnyTool } from "./wrap-tool.ts";

const SCHEMA = { "~standard": { version: 1, vendor: "elsewhere", validate: (value: unknown) => ({ value }) } };
const MEMBERS = {
  name: "pay",
  execute: async () => "paid",
  parameters: SCHEMA,
  outputSchema: SCHEMA,
  canAccess: () => true,
  timeoutMs: 5,
};
const names = Object.keys(MEMBERS) as (keyof typeof MEMBERS)[];

/** A tool whose member can be read so many times. */
function readable(name: keyof typeof MEMBERS, times: number): AnyTool {
  let reads = 0;
  const get = (): unknown => {
    if (reads++ >= times) throw new Error("hunter2");
    return MEMBERS[name];
  };
  return Object.defineProperty({ ...MEMBERS }, name, { get, enumerable: true }) as never;
}
const READERS: readonly [string, (tool: AnyTool) => AnyTool | undefined][] = [
  ["addTool", readTool],
  ["addTools", (tool) => readTools("addTools", [tool])[0]],
];

describe.each(READERS)("a tool that %s takes", (called, read) => {
  it.each(names)("has its %s read once, whatever a getter says later", (name) => {
    const tool = read(readable(name, 1));
    for (let i = 0; i < 3; i++) expect(typeof tool?.[name]).toBe(typeof MEMBERS[name]);
  });

  it.each(names)("is refused where its %s fails when it is read", (name) => {
    const refusal = expect.objectContaining({ code: "config_invalid", message: expect.stringMatching(`^${called}: `) });
    expect(() => read(readable(name, 0))).toThrow(refusal);
    expect(() => read(readable(name, 0))).not.toThrow(/hunter2/);
  });

  it("runs as a method of the object that it was, which may be frozen", async () => {
    class Own {
      readonly name = "pay";
      #paid = 0;
      canAccess(): boolean {
        return this.#paid === 0;
      }
      async execute(): Promise<string> {
        return `${++this.#paid}`;
      }
    }
    const tool = read(Object.freeze(new Own()) as never);
    expect(tool?.canAccess?.({} as never)).toBe(true);
    expect(await tool?.execute({} as never, {} as never)).toBe("1");
    expect(tool?.canAccess?.({} as never)).toBe(false);
  });
});
