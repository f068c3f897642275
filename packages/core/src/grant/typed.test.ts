import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  type ConstraintFor,
  type ConstraintType,
  exact,
  type Grant,
  grant,
  int,
  oneOf,
  optional,
  prefix,
  range,
  wildcard,
} from "./index.ts";

const schemas = {
  send_payment: z.object({
    to: z.string(),
    amount: z.number(),
    currency: z.enum(["EUR", "USD"]),
    memo: z.string().optional(),
  }),
};

describe("a grant against a tool's own schema", () => {
  const to = wildcard();
  const amount = range({ max: 1000 });
  const currency = oneOf("EUR", "USD");

  it("takes what fits, with or without the optional argument", () => {
    expectTypeOf(grant({ send_payment: { to, amount, currency } }, schemas)).toEqualTypeOf<Grant>();
    grant(
      { send_payment: { to: prefix("G"), amount: int(), currency: exact("EUR"), memo: optional(wildcard()) } },
      schemas,
    );
  });

  it("does not compile with a wrong name, a missing one, or a constraint of another type", () => {
    const wrongName = { to, amount, currency, amout: amount };
    // @ts-expect-error amout is not an argument
    grant({ send_payment: wrongName }, schemas);
    // @ts-expect-error amount is required, so without it no call could pass
    grant({ send_payment: { to, currency } }, schemas);
    const text = exact("1000");
    // @ts-expect-error amount is a number
    grant({ send_payment: { to, amount: text, currency } }, schemas);
    const gbp = exact("GBP");
    // @ts-expect-error GBP is no currency of the schema
    grant({ send_payment: { to, amount, currency: gbp } }, schemas);
    const left = optional(wildcard());
    // @ts-expect-error to is required, so it cannot be left out
    grant({ send_payment: { to: left, amount, currency } }, schemas);
  });

  it("has a place for every type of constraint", () => {
    type Anything = string | number | boolean | null | readonly unknown[] | { readonly a: unknown } | undefined;
    expectTypeOf<ConstraintFor<Anything>["constraint_type"]>().toEqualTypeOf<ConstraintType>();
  });

  it("leaves tools without a schema alone", () => {
    grant({ other: { anything: wildcard() } }, schemas);
    grant({ other: { anything: wildcard() } });
  });
});
