import { expect, it, vi } from "vitest";
import { supervise } from "./supervise.ts";

vi.mock("node:child_process", async (original) => {
  const real = await original<typeof import("node:child_process")>();
  return { ...real, spawn: (_shell: string, ...rest: [readonly string[], object]) => real.spawn("/no-shell", ...rest) };
});

it("says what it takes a shell for, in an image that has none", async () => {
  const folder = {
    home: "/nowhere",
    path: "/nowhere",
    config: "/nowhere/config",
    grpcSocket: "/nowhere/g",
    httpSocket: "/nowhere/h",
  };
  const pdp = supervise({ binary: "cerbos", folder, onLog: undefined });
  expect(await pdp.exited).toEqual({ code: null, signal: null });
  expect(pdp.lastLines().join()).toMatch(/\/no-shell ENOENT: it takes a shell .* connects to a PDP beside it/);
});
