import { expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { createShares } from "./shares.ts";

it("a user and a root have a share each, which is full until something of it is given back", async () => {
  const { take, giveBack } = createShares(3, 2);
  const of = { owner: "ann", root: "r" };
  const first = take(of);
  expect(first).toEqual(["user ann", "root r"]);
  take(of);
  expect(await errorOf(() => take(of))).toMatchObject({
    code: "state_unavailable",
    message: "more than 2 live proofs of one root",
  });
  take({ ...of, root: "another" });
  expect(await errorOf(() => take({ ...of, root: "a third" }))).toMatchObject({
    message: "more than 3 live proofs of one user",
  });
  giveBack(first);
  expect(take(of)).toEqual(first);
  expect(await errorOf(() => take(of))).toMatchObject({ code: "state_unavailable" });
  expect(take({})).toEqual([]);
});
