import { describe, expect, it } from "vitest";
import { sentInputs } from "./sent-inputs.ts";

describe("what a model sent", () => {
  it("is found by the object that the schema made of it", () => {
    const inputs = sentInputs();
    const [parsed, other] = [
      { to: "ACME", currency: "EUR" },
      { to: "Globex", currency: "EUR" },
    ];
    inputs.note({ to: "ACME" }, parsed);
    inputs.note({ to: "Globex" }, other);
    expect(inputs.of(parsed)).toEqual({ parsed, sent: { to: "ACME" } });
    expect(inputs.of(other)).toEqual({ parsed: other, sent: { to: "Globex" } });
  });

  it("is found by the content of another object, of what was read last with that outcome", () => {
    const inputs = sentInputs();
    inputs.note({ to: "ACME" }, { to: "ACME", currency: "EUR" });
    expect(inputs.of({ currency: "EUR", to: "ACME" })).toMatchObject({ sent: { to: "ACME" } });
    inputs.note({ to: " ACME" }, { to: "ACME", currency: "EUR" });
    expect(inputs.of({ to: "ACME", currency: "EUR" })).toMatchObject({ sent: { to: " ACME" } });
    expect(inputs.of({ to: "ACME" })).not.toHaveProperty("sent");
  });

  it("is of an input whose content is read once, whatever it says the next time", () => {
    const inputs = sentInputs();
    const changing = (): object => {
      const said = ["ACME", "Mallory"];
      return Object.defineProperty({}, "to", { enumerable: true, get: () => said.shift() });
    };
    const alone = changing();
    expect(inputs.of(alone)).toEqual({ parsed: alone });
    for (const to of ["ACME ", "Globex"]) {
      inputs.note({ to }, { to: to.trim() });
      expect(inputs.of(changing())).toEqual({ parsed: { to: "ACME" }, sent: { to: "ACME " } });
    }
  });

  it("is not found by a content that JSON cannot say, nor of a hundred inputs ago", () => {
    const inputs = sentInputs();
    inputs.note({ at: "a" }, { at: new Map([["a", 1]]) });
    expect(inputs.of({ at: new Map([["b", 1]]) })).not.toHaveProperty("sent");
    const first = { n: 0 };
    inputs.note({ n: "0" }, first);
    for (let n = 1; n <= 100; n++) inputs.note({ n: `${n}` }, { n });
    expect(inputs.of({ n: 0 })).not.toHaveProperty("sent");
    expect(inputs.of({ n: 1 })).toMatchObject({ sent: { n: "1" } });
    expect(inputs.of(first)).toEqual({ parsed: first, sent: { n: "0" } });
  });

  it("cannot be told where one object came of two inputs, nor of the later ones", () => {
    const inputs = sentInputs();
    const parsed = { to: "ACME" };
    for (const sent of [{ to: "a" }, { to: "b" }, { to: "c" }]) inputs.note(sent, parsed);
    expect(inputs.of(parsed)).not.toHaveProperty("sent");
    expect(inputs.of({ ...parsed })).not.toHaveProperty("sent");
  });

  it("is found by the content of what is no object: of what was read last with that outcome", () => {
    const inputs = sentInputs();
    for (const made of ["text", 5, null, false]) {
      inputs.note({ of: "another" }, made);
      inputs.note({ of: made }, made);
    }
    for (const made of ["text", 5, null, false]) expect(inputs.of(made)).toEqual({ parsed: made, sent: { of: made } });
    expect(inputs.of("another text")).not.toHaveProperty("sent");
  });

  it("is found where nothing came of it", () => {
    const inputs = sentInputs();
    expect(inputs.of(undefined)).toEqual({ parsed: undefined });
    inputs.note({ to: "ACME" }, undefined);
    expect(inputs.of(undefined)).toEqual({ parsed: null, sent: { to: "ACME" } });
  });

  it("cannot be told where it could not be copied", () => {
    const inputs = sentInputs();
    const parsed = {};
    for (const made of [parsed, "text", undefined]) inputs.note(undefined, made);
    for (const made of [parsed, "text", undefined]) expect(inputs.of(made)).not.toHaveProperty("sent");
  });
});
