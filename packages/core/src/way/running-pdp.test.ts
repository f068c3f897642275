import { expect, it } from "vitest";
import { runningOf } from "./running-pdp.ts";

const client = { checkResources: () => {} };

it("a client is taken as it is, also one that has a member called client", () => {
  expect(runningOf(client)).toStrictEqual({ client });
  const wrapped = { ...client, client: { other: 1 } };
  expect(runningOf(wrapped)?.client).toBe(wrapped);
});

it("what runs a client has it, its version, and its own word on failures and health", () => {
  const pdp = {
    client,
    version: "0.1",
    word: "well",
    failuresOf() {
      return this.word;
    },
    health() {
      return this.word;
    },
  };
  const { failuresOf, health, ...running } = runningOf(pdp) ?? {};
  expect(running).toStrictEqual({ client, version: "0.1" });
  expect([(failuresOf as () => unknown)(), (health as () => unknown)()]).toEqual(["well", "well"]);
});

it.each([
  undefined,
  null,
  5,
  "pdp",
  {},
  { client: {} },
  { client: null },
  { checkResources: 5 },
  { client: { checkResources: 5 } },
])("%j is none", (none) => {
  expect(runningOf(none)).toBeUndefined();
});
