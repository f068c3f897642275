import { describe, expect, it } from "vitest";
import { PENDING, pay, received, request } from "./guard.fixture.ts";
import type { GuardOptions } from "./guard.ts";

type Callbacks = {
  [Name in keyof GuardOptions as Extract<GuardOptions[Name], (...args: never) => unknown> extends never
    ? never
    : Name]-?: (misbehave: () => never) => ReturnType<typeof received>;
};

const read = request("own", "resources/read", { uri: "doc://1" });
const HTTP = { request: { headers: new Headers() } };

/** A request at which each function of a host is asked. A new one does not compile without its row. */
const CALLBACKS: Callbacks = {
  userFromAuth: (userFromAuth) => received(pay(), {}, { userFromAuth }, HTTP),
  readUri: (readUri) => received(read, {}, { readUri }),
  approvalUrl: (approvalUrl) => received(read, { decide: async () => PENDING }, { approvalUrl }),
};

const THROWN = new Error("hunter2");
const throws = (): never => {
  throw THROWN;
};

describe.each(Object.entries(CALLBACKS))("what goes wrong in %s", (name, ask) => {
  it("is told by the name of the option, with what it threw as the cause", async () => {
    const { faults, sent } = await ask(throws);
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringMatching(new RegExp(`^${name} .+: it failed$`)),
    ]);
    expect(faults[0]).toMatchObject({ cause: THROWN });
    expect(JSON.stringify(sent)).not.toContain("hunter2");
  });

  it.each([5, {}, "text", true])("is told by its name where it gives something else: %j", async (given) => {
    const { faults } = await ask((() => given) as never);
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringMatching(new RegExp(`^${name} .+: it gave (no \\{|something else)`)),
    ]);
  });
});
