/** An entry of the log as its text. */
import { expect, it } from "vitest";
import { errorOf, NOW } from "../world.fixture.ts";
import { entryText, type RevocationEntry, readEntry } from "./revocation-entry.ts";

const LEAST: RevocationEntry = { id: "e", atSeconds: NOW, target: { agent: "planner" }, by: { operator: "ops" } };
const MOST: RevocationEntry = {
  ...LEAST,
  lifts: ["a", "b"],
  untilSeconds: NOW + 60,
  reason: "laptop stolen",
  countsFor: ["below t"],
};

const BY_ISSUER: RevocationEntry = { ...LEAST, by: { issuer: "https://id.example" } };
const BY_AGENT: RevocationEntry = { ...LEAST, by: { agent: "planner", hop: 1 } };

it.each([LEAST, MOST, BY_ISSUER, BY_AGENT])(
  "an entry of the log is read as it was written, under the id by which it is kept: %j",
  (entry) => {
    const text = entryText(entry);
    expect(JSON.parse(text)).not.toHaveProperty("id");
    const { untilSeconds } = entry;
    const kept = { id: "e", text, ...(untilSeconds !== undefined && { untilSeconds }) };
    expect(readEntry(kept)).toStrictEqual(entry);
    expect(readEntry({ ...kept, id: "other" }).id).toBe("other");
  },
);

it("an entry ends when its store says so, whatever stands in its text", () => {
  expect(readEntry({ id: "e", text: entryText(MOST) })).not.toHaveProperty("untilSeconds");
});

const written = (changed: object): string => JSON.stringify({ ...JSON.parse(entryText(LEAST)), ...changed });

it.each<[string, string]>([
  ["no JSON", "{"],
  ["nothing", "null"],
  ["of another version", written({ version: 2 })],
  ["of no version", written({ version: undefined })],
  ["of no time", written({ atSeconds: undefined })],
  ["of a time that is a text", written({ atSeconds: `${NOW}` })],
  ["of no target", written({ target: undefined })],
  ["of a target that a later version knows", written({ target: { room: "42" } })],
  ["of a member that a later version knows", written({ lifts: ["a"], only: ["send_payment"] })],
  ["of nobody", written({ by: undefined })],
  ["of somebody whom a later version knows", written({ by: { device: "hsm-1" } })],
  ["of two at once", written({ by: { operator: "ops", issuer: "https://id.example" } })],
  ["of an agent at no hop", written({ by: { agent: "planner" } })],
  ["of a reason that is no text", written({ reason: { text: "stolen" } })],
  ["lifting what is no list", written({ lifts: "a" })],
  ["lifting what is no text", written({ lifts: ["a", 7] })],
  ["counting for what is no list", written({ countsFor: { 0: "a" } })],
  ["counting for what is no text", written({ countsFor: [null] })],
])("an entry that is %s may revoke anything, so that nothing is told before it can be read", async (_, text) => {
  expect(await errorOf(() => readEntry({ id: "e", text }))).toMatchObject({
    code: "state_unavailable",
    message: expect.stringMatching(
      /^an entry of the log of revocations cannot be read by this version: .* run the version that its writer has$/,
    ),
    cause: expect.any(Error),
  });
});
