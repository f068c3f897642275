import { expect, it } from "vitest";
import { isNormalUri } from "./normal-uri.ts";

it.each([
  "shop://orders/17",
  "shop://orders/a%20b%2Fc%40d",
  "file:///%C3%A9",
  "file:///a%2525",
  "https://x.example/?q=%26",
  "urn:isbn:1",
  "memo",
  "",
])("a URI that is written in one way: %j", (uri) => {
  expect(isNormalUri(uri)).toBe(true);
});

it.each([
  "file:///a/../b",
  "HTTPS://x.example/",
  "https://x.example:443/",
  "shop://orders/%61",
  "shop://orders/%2D",
  "shop://orders/%2f",
  "shop://orders/%C3%A9%61",
  "shop://orders/%FF",
  "shop://orders/%C0%AF",
  "shop://orders/%",
  "shop://orders/%2",
  "shop://orders/%ZZ",
  "shop://orders/%\n1",
  "%6Demo",
  // Adapters ask of what a caller sent.
  ...[undefined, null, 7, ["memo"]].map((none) => none as never),
])("one that can be written otherwise, or read otherwise: %j", (uri) => {
  expect(isNormalUri(uri)).toBe(false);
});
