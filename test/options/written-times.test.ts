/** Times that people write: a text that is read in two ways, by two machines or two days, is refused wherever one is taken. */
import { openAuditLog, readAuditLog, shadowReport } from "@hopwise/audit";
import { generateSigner } from "@hopwise/core";
import { createCompany, testClock } from "@hopwise/core/testing";
import { sqliteState } from "@hopwise/sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hopwise } from "../hopwise/hopwise.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const AMBIGUOUS = [
  "2026-02-30",
  "2026-02-30T14:00Z",
  "2026-11-30T14:00",
  "2026-11-30 14:00",
  "2026-11-30 14:00 EST",
  "2026-11-30T24:00Z",
  "2026-11T14:00Z",
  "2026-11 (about)",
  "2026-11-30T14:00+2",
  "30.11.2026",
  "yesterday",
];
const CLEAR: readonly (readonly [string, number])[] = [
  ["2026-11", Date.UTC(2026, 10)],
  ["2026-11-30", Date.UTC(2026, 10, 30)],
  ["2026-11-30T14:00Z", Date.UTC(2026, 10, 30, 14)],
  ["2026-11-30 14:00:01Z", Date.UTC(2026, 10, 30, 14, 0, 1)],
  ["2026-11-30T14:00:01.5+01:00", Date.UTC(2026, 10, 30, 13, 0, 1, 500)],
  // A day that is another one in UTC.
  ["2026-12-01T00:30:00+01:00", Date.UTC(2026, 10, 30, 23, 30)],
];

const folder = temporaryFolder(afterAll);
const log = `${folder}/audit`;
const state = `sqlite:${folder}/state.db`;

beforeAll(async () => {
  const audit = await openAuditLog({ folder: log, signer: await generateSigner() });
  const company = await createCompany();
  await company.authorizer({ audit }).call(await company.chain("alice", "planner"), "read_invoice", { id: "INV-7" });
  await audit.close();
  await (await sqliteState({ file: `${folder}/state.db` })).close();
});

const said = async (...args: readonly string[]): Promise<string> => {
  const { err } = await hopwise(args, { folder });
  return err.replace(/^error: /, "");
};
const user = ["--user", "alice", "--issuer", "https://id.acme.example"];

/** Wherever people write a time. Each gives what it says to it. */
const places: { readonly [place: string]: (time: string) => Promise<unknown> } = {
  "readAuditLog since": async (since) => readAuditLog(log, { since }).next(),
  "readAuditLog until": async (until) => readAuditLog(log, { until }).next(),
  "shadowReport since": (since) => shadowReport(log, { since }),
  "shadowReport until": (until) => shadowReport(log, { until }),
  "the clock of a test": async (time) => testClock().set(time),
  "audit find --since": (time) => said("audit", "find", log, "--since", time),
  "audit find --until": (time) => said("audit", "find", log, "--until", time),
  "audit shadow --since": (time) => said("audit", "shadow", log, "--since", time),
  "revoke --before": (time) => said("revoke", ...user, "--before", time, "--state", state, "--yes"),
  "revoke --until": (time) => said("revoke", "--agent", "planner", "--until", time, "--state", state, "--yes"),
};
const answered = (place: string, time: string): Promise<string> =>
  (places[place]?.(time) ?? Promise.resolve()).then(
    (words) => (typeof words === "string" ? words : "taken"),
    ({ code, message }) => `${code}: ${message}`,
  );

describe.each(Object.keys(places))("%s", (place) => {
  it.each(AMBIGUOUS)("refuses %s", async (time) => {
    const answer = await answered(place, time);
    expect(answer).toContain("config_invalid");
    expect(answer).toContain(" a time");
  });

  it.each(CLEAR)("takes %s", async (time) => {
    expect(await answered(place, time)).not.toContain("is a time");
    expect(await answered(place, time)).not.toContain("must be a time");
  });
});

it.each(CLEAR)("%s is one moment, wherever it is read", (time, milliseconds) => {
  const clock = testClock();
  clock.set(time);
  expect(clock()).toBe(milliseconds);
});
