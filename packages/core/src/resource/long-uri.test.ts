import { expect, it } from "vitest";
import { refuseLongUri } from "./long-uri.ts";

const READ = "mcp:resources/read";
const uri = (length: number): string => "doc://".padEnd(length, "a");

it("a URI of a resource is refused where it is longer than 8192 characters, and not quoted", () => {
  expect(refuseLongUri(READ, { uri: uri(8192) })).toBeUndefined();
  expect(refuseLongUri(READ, { uri: uri(8193) })).toMatchObject({
    code: "arguments_malformed",
    message: "the uri of a resource is longer than 8192 characters",
    pointer: "/uri",
  });
});

it("what is no URI of a resource is for others to look at", () => {
  expect(refuseLongUri("send_payment", { uri: uri(9000) })).toBeUndefined();
  for (const other of [Array(9000).fill("a"), null, undefined]) {
    expect(refuseLongUri(READ, { uri: other as never })).toBeUndefined();
  }
  expect(refuseLongUri(READ, {})).toBeUndefined();
});
