import { expect, it, vi } from "vitest";
import * as own from "./index.ts";

it("a grant is written with one copy of this package and read by another, in both directions, whatever it is made of", async () => {
  vi.resetModules();
  const copy = await import("./index.ts");
  expect(copy.grant).not.toBe(own.grant);
  for (const [by, of] of [
    [own, copy],
    [copy, own],
  ] as const) {
    const written = by.grant({ pay: { to: of.exact("ACME") as never }, list: of.anyArguments, ping: of.noArguments });
    expect(written).toEqual(by.grant({ pay: { to: by.exact("ACME") }, list: by.anyArguments, ping: by.noArguments }));
    expect(of.isMade(written)).toBe(true);
  }
});
