import { stat } from "node:fs/promises";
import { expect, it } from "vitest";
import { attempt } from "./attempt.ts";

it("a target that answered while this process itself was held up is no fault", async () => {
  const bounds = { isLong: () => true, isSilent: () => true, onEnd: () => {}, caller: undefined, answered: undefined };
  const asked = attempt(async () => stat("."), { ...bounds, limitMs: 20 });
  const until = performance.now() + 200;
  while (performance.now() < until);
  expect(await asked).toMatchObject({ verdict: "answer" });
});
