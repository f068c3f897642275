import { expect, it } from "vitest";
import { hasSpaceAround, hasUnset } from "./has-unset.ts";

it("an address that was put together with a variable that is not set is known by it, and no word that only holds it", () => {
  const { HOST } = {} as { readonly HOST?: string };
  for (const unset of [`https://${HOST}/mcp`, `https://a.example:${HOST}`, `${HOST}`, `/keys/issuer-${HOST}.json`])
    expect(hasUnset(unset), unset).toBe(true);
  for (const set of [
    "https://undefinedbehaviour.example",
    "https://a.example/isundefined",
    "/undefined2",
    "Undefined",
    "",
  ])
    expect(hasUnset(set), set).toBe(false);
});

it("what was read from a file with a line's end is known by it", () => {
  for (const around of ["https://a.example\n", " https://a.example", "\ufeffhttps://a.example"])
    expect(hasSpaceAround(around)).toBe(true);
  expect(hasSpaceAround("/keys/of the issuer.json")).toBe(false);
});
