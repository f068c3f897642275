import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { DeadlinePassed } from "../lib/index.ts";
import { errorOf, never } from "../world.fixture.ts";
import { eachInTime } from "./in-time.ts";

type Asked = (run: () => Promise<unknown>, deadlineMs?: number) => Promise<unknown>;

const asked: Asked = (run, deadlineMs = 1000) =>
  eachInTime(deadlineMs, "registry_unavailable", "the agent registry", (wait) => wait(run()));

describe("the sources of a stage, each of which is asked in time", () => {
  it("gives its answer", async () => {
    expect(await asked(async () => "answer")).toBe("answer");
  });

  it("says itself why it refuses", async () => {
    const own = new HopwiseError("agent_unknown", "no such agent");
    expect(await errorOf(asked(() => Promise.reject(own)))).toBe(own);
  });

  it("fails in the words of its stage where it throws something else, which stays inside", async () => {
    const cause = new TypeError("password=hunter2");
    const error = await errorOf(asked(() => Promise.reject(cause)));
    expect(error).toMatchObject({
      code: "registry_unavailable",
      message: "the agent registry failed (TypeError)",
      cause,
    });
  });

  it("ends where it gives no answer", async () => {
    const error = await errorOf(asked(() => never, 10));
    expect(error).toMatchObject({
      code: "registry_unavailable",
      message: "the agent registry gave no answer within 10 ms",
    });
    expect(error.cause).toBeInstanceOf(DeadlinePassed);
  });
});
