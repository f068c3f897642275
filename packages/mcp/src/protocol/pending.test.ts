import { describe, expect, it } from "vitest";
import { META_PENDING, pendingIn } from "./pending.ts";

const SAID = { request: "r-1", reason: "large", approvers: 2, until: 1_800_000_000, invocation: "i-1" };
const said = (more: object): unknown => pendingIn({ [META_PENDING]: { ...SAID, ...more } });

describe("what a server says of a call that waits", () => {
  it.each(["https://acme.example/r-1", "http://localhost:8080/r-1"])("has the address of its page: %s", (url) => {
    expect(said({ url })).toEqual({ ...SAID, url });
  });

  it.each([
    "javascript:alert(document.cookie)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "http://acme.example/r-1",
    "https://acme.example:secret@evil.example/r-1",
    "//evil.example",
    "",
    7,
    null,
  ])("has none where nobody should be led there: %j", (url) => {
    expect(said({ url })).toEqual(SAID);
  });

  it("is no word of ours with a request that is too long to be one, or none", () => {
    expect(said({ request: "r".repeat(64) })).toBeDefined();
    for (const request of ["r".repeat(65), 7, null]) expect(said({ request })).toBeUndefined();
  });

  it.each([{ reason: 7 }, { invocation: null }, { approvers: 1.5 }, { until: Number.POSITIVE_INFINITY }])(
    "is no word of ours where a member cannot be right: %j",
    (more) => {
      expect(said(more)).toBeUndefined();
    },
  );
});
