import { describe, expect, it } from "vitest";
import { sentInputs } from "./sent-inputs.ts";

describe("what a model sent", () => {
  it("is found by the object that the schema made of it, and by no other", () => {
    const inputs = sentInputs();
    const [parsed, other] = [
      { to: "ACME", currency: "EUR" },
      { to: "Globex", currency: "EUR" },
    ];
    inputs.note({ to: "ACME" }, parsed);
    inputs.note({ to: "Globex" }, other);
    expect(inputs.of(parsed)).toEqual({ sent: { to: "ACME" } });
    expect(inputs.of(other)).toEqual({ sent: { to: "Globex" } });
    expect(inputs.of({ ...parsed })).toBeUndefined();
  });

  it("cannot be told where one object came of two inputs, nor of the later ones", () => {
    const inputs = sentInputs();
    const parsed = { to: "ACME" };
    for (const sent of [{ to: "a" }, { to: "b" }, { to: "c" }]) inputs.note(sent, parsed);
    expect(inputs.of(parsed)).toBeUndefined();
  });

  it("cannot be told where it could not be copied, or nothing came of it that has an identity", () => {
    const inputs = sentInputs();
    const parsed = {};
    inputs.note(undefined, parsed);
    for (const made of ["text", 5, null, undefined]) inputs.note({}, made);
    for (const made of [parsed, "text", 5, null, undefined]) expect(inputs.of(made)).toBeUndefined();
  });
});
