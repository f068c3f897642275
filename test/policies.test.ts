/** The starting kit: its own tests run on the real engine, and its role policies are what stops the researcher. */
import { fileURLToPath } from "node:url";
import { compilePolicies } from "@hopwise/cerbos";
import { delegate } from "@hopwise/core";
import { exact, grant, int, wildcard } from "@hopwise/core/grant";
import { expect, it } from "vitest";
import { ran } from "./support/ran.ts";
import { worldHere } from "./support/world.ts";

const world = await worldHere();

it("the story's policies compile, and pass all of their own policy tests under strict evaluation", async () => {
  const { ok, errors, tests, output } = await compilePolicies(fileURLToPath(new URL("../policies", import.meta.url)));
  expect(errors).toEqual([]);
  expect(tests.failures).toEqual([]);
  expect(ok, output).toBe(true);
  expect(tests.passed).toBeGreaterThanOrEqual(395);
  ran("tests of the policies", tests.passed);
});

it("the story's policies stop a reader's payment by its role policy, even where it was handed the tool", async () => {
  const held = await delegate(world.planner, {
    to: "researcher",
    holder: world.keys.researcher,
    grant: grant({ send_payment: { to: wildcard(), amount: int({ min: 1, max: 10_000 }), currency: exact("EUR") } }),
  });
  const { authorizer } = world.authorizer();
  const session = await authorizer.openSession(held);
  const decision = await session.authorize({
    tool: "send_payment",
    arguments: { to: "Globex", amount: 400, currency: "EUR" },
  });
  expect(decision).toMatchObject({ outcome: "denied", code: "policy_denied", hop: 2 });
  expect(decision.verdicts.map(({ effect, policy }) => [effect, policy])).toEqual([
    ["allow", "resource.payment.vdefault"],
    ["allow", "resource.payment.vdefault"],
    ["deny", "role.reader_agent.vdefault"],
  ]);
});
