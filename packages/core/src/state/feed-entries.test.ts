/** An entry of the log, as those see it who follow it from elsewhere. */
import { describe, expect, it } from "vitest";
import type { Thumbprint, TokenHash } from "../token/index.ts";
import { ISSUER, NOW } from "../world.fixture.ts";
import { entryOfFeed, feedEntry } from "./feed-entries.ts";
import type { RevocationTarget } from "./revocation.ts";
import type { RevocationEntry } from "./revocation-entry.ts";

const HASH = "t".repeat(43);
const entry = (target: RevocationTarget, more: Partial<RevocationEntry> = {}): RevocationEntry => ({
  id: "e",
  atSeconds: NOW,
  target,
  by: { operator: "ops" },
  reason: "laptop stolen",
  countsFor: ["share"],
  ...more,
});

describe("an entry of the feed", () => {
  it.each<[RevocationTarget, object]>([
    [{ token: HASH as TokenHash }, { token: HASH }],
    [{ key: HASH as Thumbprint }, { key: HASH }],
    [
      { key: HASH as Thumbprint, issuer: ISSUER },
      { key: HASH, iss: ISSUER },
    ],
    [{ agent: "planner" }, { agent: "planner" }],
    [
      { agent: "planner", issuer: ISSUER },
      { agent: "planner", iss: ISSUER },
    ],
    [
      { user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW },
      { user: { iss: ISSUER, sub: "alice" }, not_before: NOW },
    ],
  ])("says of %j that and when, not who wrote it and why; and is read as the same", (target, written) => {
    expect(feedEntry(entry(target))).toStrictEqual({ id: "e", at: NOW, target: written });
    expect(entryOfFeed(feedEntry(entry(target)))).toStrictEqual({
      id: "e",
      atSeconds: NOW,
      target,
      by: { operator: "the feed" },
    });
  });

  it("has its end, and what it lifts", () => {
    const more = { untilSeconds: NOW + 60, lifts: ["a", "b"] };
    const sent = feedEntry(entry({ agent: "planner" }, more));
    expect(sent).toMatchObject({ until: NOW + 60, lifts: ["a", "b"] });
    expect(entryOfFeed(sent)).toMatchObject(more);
  });

  it("has whole seconds, rounded so that nothing is revoked for less than was said, and none before the epoch", () => {
    const user = { issuer: ISSUER, subject: "alice" };
    const sent = (atSeconds: number, notBefore: number, untilSeconds: number) =>
      feedEntry(entry({ user, notBefore }, { atSeconds, untilSeconds }));
    expect(sent(NOW + 0.5, NOW + 0.5, NOW + 0.5)).toMatchObject({
      at: NOW,
      target: { not_before: NOW + 1 },
      until: NOW + 1,
    });
    expect(sent(-2, -2, -2)).toMatchObject({ at: 0, target: { not_before: 0 }, until: 0 });
  });
});
