import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { errorOf, never } from "../world.fixture.ts";
import { answerOfStore, gaveNonsense } from "./answer-of-store.ts";

const asked = (ask: () => unknown, read: (answer: unknown) => unknown = (answer) => answer) =>
  answerOfStore(5, "proofs", ask, read);

describe("what a store answers", () => {
  it("is read, at once where it is there at once", async () => {
    const read = (answer: unknown) => [answer];
    expect(asked(() => 5, read)).toEqual([5]);
    expect(asked(() => undefined, read)).toEqual([undefined]);
    const later = asked(async () => 5, read);
    expect(later).toBeInstanceOf(Promise);
    expect(await later).toEqual([5]);
  });

  it("is refused where it does not fit, as a rejection, whenever it came", async () => {
    const read = () => gaveNonsense("proofs", "neither true nor false");
    for (const ask of [() => 5, async () => 5]) {
      const answer = asked(ask, read);
      expect(answer).toBeInstanceOf(Promise);
      expect(await errorOf(answer as Promise<unknown>)).toMatchObject({
        code: "state_unavailable",
        message: "the store of proofs gave neither true nor false",
      });
    }
  });

  it("is its own refusal, or a fault that is told in our words", async () => {
    const own = new HopwiseError("state_unavailable", "more than 1 live proofs");
    for (const [thrown, message] of [
      [own, "more than 1 live proofs"],
      [new Error("redis://:hunter2@cache"), "the store of proofs failed"],
    ] as const) {
      const throws = (): never => {
        throw thrown;
      };
      for (const ask of [throws, async () => throws()]) {
        expect(await errorOf(async () => asked(ask))).toMatchObject({ code: "state_unavailable", message });
      }
    }
  });

  it("is waited for as long as the deadline lets it", async () => {
    expect(await errorOf(async () => asked(() => never))).toMatchObject({
      code: "state_unavailable",
      message: "the store of proofs gave no answer within 5 ms",
    });
  });
});
