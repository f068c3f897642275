import { afterEach, expect, it, vi } from "vitest";
import { checkClock } from "./clock.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const URI = "https://pay.acme.example/mcp";
afterEach(() => vi.unstubAllGlobals());

/** The server's answer, as far as anybody looks at it. */
const answering = (date: string | undefined) =>
  vi.stubGlobal(
    "fetch",
    async () => new Response(null, { status: 401, ...(date !== undefined && { headers: { date } }) }),
  );

it("is content with a clock that can be right, and not with one before this version was made", async () => {
  expect(await checkClock(() => NOW, undefined)).toMatchObject({ state: "ok" });
  expect(await checkClock(() => 0, undefined)).toMatchObject({ state: "fault", text: expect.stringContaining("1970") });
});

it.each([
  ["Sat, 28 Nov 2026 12:00:03 GMT", "ok", /3 seconds from the server's/],
  ["Sat, 28 Nov 2026 12:00:20 GMT", "warning", /20 seconds/],
  ["Sat, 28 Nov 2026 11:59:00 GMT", "fault", /60 seconds .* set the clock/],
  ["yesterday", "fault", /does not say what time it is/],
  [undefined, "fault", /does not say what time it is/],
])("holds it against a server's %s: %s", async (date, state, text) => {
  answering(date);
  expect(await checkClock(() => NOW, URI)).toMatchObject({ state, text: expect.stringMatching(text) });
});

it("says where the server does not answer, or is none", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no route")));
  expect(await checkClock(() => NOW, URI)).toMatchObject({
    state: "fault",
    text: expect.stringContaining("not answer"),
  });
  expect(await checkClock(() => NOW, "pay")).toMatchObject({ state: "fault", text: "--server is no URL" });
});
