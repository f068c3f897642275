import { describe, expect, it, vi } from "vitest";

describe("what there is once in a process", () => {
  it("is the same for every copy of the package, by name", async () => {
    const { onceInProcess } = await import("./once-in-process.ts");
    vi.resetModules();
    const { onceInProcess: ofOther } = await import("./once-in-process.ts");
    expect(ofOther).not.toBe(onceInProcess);
    const one = onceInProcess("test/once", () => ({}));
    expect(ofOther("test/once", () => ({}))).toBe(one);
    expect(ofOther("test/other", () => ({}))).not.toBe(one);
  });
});
