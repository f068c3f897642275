import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  absent,
  any,
  type ConstraintFor,
  type ConstraintType,
  cidr,
  contains,
  each,
  exact,
  type Grant,
  grant,
  int,
  length,
  object,
  oneOf,
  optional,
  prefix,
  range,
  subset,
  wildcard,
} from "./index.ts";

const schemas = {
  send_payment: z.object({
    to: z.string(),
    amount: z.number(),
    currency: z.enum(["EUR", "USD"]),
    memo: z.string().optional(),
  }),
  add_host: z.object({
    host: z.object({ address: z.string(), port: z.number().optional(), tags: z.array(z.enum(["a", "b"])) }),
    labels: z.record(z.string(), z.string()).nullish(),
    more: z.unknown(),
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

  it("holds what is sent as one type and read as another against both", () => {
    const changing = {
      t: z
        .object({
          n: z.coerce.number(),
          ids: z.string().transform((text) => text.split(",")),
          due: z.string().transform((text) => new Date(text)),
          currency: z.string().default("EUR"),
          old: z.string(),
        })
        .transform(({ old, ...others }) => ({ ...others, renamed: old })),
    };
    const [n, ids, due, old] = [range({ max: 10 }), any(exact("a"), each(exact("a"))), exact("2026-01-01"), exact("x")];
    grant({ t: { n, ids, due, old } }, changing);
    grant({ t: { n, ids: length(9), due, old, renamed: exact("x"), currency: exact("EUR") } }, changing);
    grant({ t: { ids, due, old, currency: optional(exact("EUR")), renamed: wildcard() } }, changing);
    const text = exact("5");
    // @ts-expect-error the schema makes a number of it, which no text passes
    grant({ t: { n: text, ids, due, old } }, changing);
    const list = exact("a,b");
    // @ts-expect-error the schema makes a list of it
    grant({ t: { n, ids: list, due, old } }, changing);
    // @ts-expect-error old has to be sent
    grant({ t: { n, ids, due, renamed: exact("x") } }, changing);
    // @ts-expect-error the schema neither takes nor makes it
    grant({ t: { n, ids, due, old, neither: old } }, changing);
  });

  it("goes by the one side where the other says nothing", () => {
    const [anything, read] = [z.any().transform(Number), z.string().transform((text): unknown => JSON.parse(text))];
    const half = { t: z.object({ sent: z.coerce.number().optional(), anything, read, both: z.unknown() }) };
    const [limit, text] = [range({ max: 9 }), exact("5")];
    grant({ t: { sent: optional(limit), anything: limit, read: text, both: text } }, half);
    grant({ t: { sent: absent(), anything: oneOf(5), read: prefix("["), both: limit } }, half);
    // @ts-expect-error the schema makes a number of what is sent
    grant({ t: { sent: text, read: text } }, half);
    // @ts-expect-error nor is it a text where anything at all may be sent
    grant({ t: { anything: text, read: text } }, half);
    const list = each(text);
    // @ts-expect-error a number has no items
    grant({ t: { anything: list, read: text } }, half);
    // @ts-expect-error a text is sent, whatever is read
    grant({ t: { read: limit } }, half);
    const left = optional(text);
    // @ts-expect-error it has to be sent
    grant({ t: { read: left } }, half);
  });

  it("takes exactly a value of the argument's type, whatever it is made of", () => {
    const labels = exact({ env: "dev" });
    const more = exact([1, { a: null }]);
    grant({ add_host: { host: exact({ address: "::1", tags: ["b"] }), labels, more } }, schemas);
    grant({ add_host: { host: wildcard(), labels: exact(null), more: absent() } }, schemas);
    const otherTag = exact({ address: "::1", tags: ["c"] });
    // @ts-expect-error c is no tag of the schema
    grant({ add_host: { host: otherTag } }, schemas);
    const noAddress = exact({ tags: ["a"] });
    // @ts-expect-error address is required
    grant({ add_host: { host: noAddress } }, schemas);
  });

  it("lets only those properties be missing that may be", () => {
    const [address, tags, port] = [cidr("::/0"), each(oneOf("a")), optional(int())];
    grant({ add_host: { host: object({ address, tags, port }) } }, schemas);
    grant({ add_host: { host: object({ address, tags, port: absent() }) } }, schemas);
    grant({ add_host: { host: object({ address, tags }), labels: object({ env: optional(exact("dev")) }) } }, schemas);
    const missing = object({ address: optional(address), tags, port });
    // @ts-expect-error address is required, so it cannot be left out
    grant({ add_host: { host: missing } }, schemas);
    const without = object({ address, port });
    // @ts-expect-error tags is required, so without it no call could pass
    grant({ add_host: { host: without } }, schemas);
    const numbers = object({ address, tags: each(oneOf("a")), port: exact("1") });
    // @ts-expect-error port is a number
    grant({ add_host: { host: numbers } }, schemas);
  });

  it("has a default within an object named there, and lets it be missing from what is sent", () => {
    const card = z.object({ holder: z.string(), currency: z.string().default("EUR"), limit: z.coerce.number() });
    const nested = { pay: z.object({ card, more: z.object({ card }).optional() }) };
    const [holder, limit, currency] = [wildcard(), range({ max: 9 }), optional(exact("EUR"))];
    const whole = object({ holder, limit, currency });
    grant({ pay: { card: whole } }, nested);
    grant({ pay: { card: object({ holder, limit, currency: exact("EUR") }) } }, nested);
    grant({ pay: { card: whole, more: optional(object({ card: whole })) } }, nested);
    const without = object({ holder, limit });
    // @ts-expect-error what the default puts there would pass no grant
    grant({ pay: { card: without } }, nested);
    const inner = object({ card: without });
    // @ts-expect-error nor would it further down
    grant({ pay: { card: whole, more: inner } }, nested);
    const text = object({ holder, limit: exact("5"), currency });
    // @ts-expect-error the schema makes a number of it
    grant({ pay: { card: text } }, nested);
  });

  it("compiles where several arguments of one object say nothing of what is sent", () => {
    const [a, b, c, d] = [z.coerce.number(), z.coerce.number(), z.coerce.number().default(3), z.coerce.string()];
    const card = z.object({ a, b, c, d });
    const large = { pay: z.object({ card, more: z.object({ card }).optional() }) };
    const limit = range({ max: 9 });
    const whole = object({ a: limit, b: limit, c: limit, d: wildcard() });
    grant({ pay: { card: whole, more: optional(object({ card: whole })) } }, large);
    const inner = object({ card: object({ a: limit, b: limit, c: limit, d: limit }) });
    // @ts-expect-error the schema makes a text of d
    grant({ pay: { card: whole, more: inner } }, large);
  });

  it("takes one of several objects", () => {
    const one = z.object({ kind: z.literal("card"), number: z.string() });
    const other = z.object({ kind: z.literal("iban"), iban: z.string(), urgent: z.boolean().default(false) });
    const either = { pay: z.object({ by: z.union([one, other]) }) };
    const [kind, iban] = [exact("iban"), wildcard()];
    grant({ pay: { by: object({ kind: exact("card"), number: wildcard() }) } }, either);
    grant({ pay: { by: object({ kind, iban, urgent: optional(exact(false)) }) } }, either);
    const neither = object({ kind, number: wildcard() });
    // @ts-expect-error it is of neither
    grant({ pay: { by: neither } }, either);
  });

  it("takes the arguments of one variant, or of several, where a tool takes one of several objects", () => {
    const one = z.object({ kind: z.literal("card"), number: z.string(), limit: z.number() });
    const other = z.object({ kind: z.literal("iban"), iban: z.string(), limit: z.number() });
    const either = { pay: z.discriminatedUnion("kind", [one, other]) };
    const limit = range({ max: 9 });
    grant({ pay: { kind: exact("card"), number: wildcard(), limit } }, either);
    const both = oneOf("card", "iban");
    grant({ pay: { kind: both, number: optional(prefix("4")), iban: optional(wildcard()), limit } }, either);
    const numbers = { kind: exact("card"), number: limit, limit };
    // @ts-expect-error number is a text
    grant({ pay: numbers }, either);
    const neither = { kind: exact("card"), bic: wildcard(), limit };
    // @ts-expect-error no variant has it
    grant({ pay: neither }, either);
    // @ts-expect-error both need it
    grant({ pay: { kind: exact("card"), number: wildcard() } }, either);
  });

  it("goes by the value where the schema brands it", () => {
    const id = z.string().brand<"InvoiceId">();
    const branded = {
      read: z.object({ id, n: z.number().brand<"Cents">().optional(), of: z.object({ id }).optional() }),
    };
    grant(
      { read: { id: exact("INV-7"), n: optional(oneOf(1, 2)), of: optional(object({ id: oneOf("INV-7") })) } },
      branded,
    );
    grant({ read: { id: oneOf("INV-7"), n: optional(range({ max: 9 })), of: exact({ id: "INV-7" }) } }, branded);
    const number = exact(7);
    // @ts-expect-error it is a text, whatever its brand
    grant({ read: { id: number } }, branded);
  });

  it("has a place for every type of constraint", () => {
    type Anything = string | number | boolean | null | readonly unknown[] | { readonly a: unknown } | undefined;
    expectTypeOf<ConstraintFor<Anything>["constraint_type"]>().toEqualTypeOf<ConstraintType>();
  });

  it("takes only elements that a list of the schema can have", () => {
    const lists = {
      tag: z.object({
        tags: z.array(z.string()),
        ids: z.array(z.number()).optional(),
        more: z.array(z.unknown()).optional(),
      }),
    };
    grant({ tag: { tags: subset("a"), ids: contains(1, 2), more: subset("a", 1, null) } }, lists);
    grant({ tag: { tags: subset(), more: contains("a") } }, lists);
    const numbers = subset(1);
    // @ts-expect-error tags is a list of texts
    grant({ tag: { tags: numbers } }, lists);
    const texts = contains("1");
    // @ts-expect-error ids is a list of numbers
    grant({ tag: { tags: wildcard(), ids: texts } }, lists);
  });

  it("takes any names for a tool whose schema tells the compiler nothing", () => {
    const properties = { a: { type: "string" } } as const;
    const told = { search: z.fromJSONSchema({ type: "object", properties }), anything: z.any(), none: z.unknown() };
    expectTypeOf(
      grant({ search: { a: exact("x") }, anything: { b: object({ c: int() }) }, none: { d: optional(int()) } }, told),
    ).toEqualTypeOf<Grant>();
    // @ts-expect-error: what is no constraint is none for it, either
    expect(() => grant({ search: { a: "x" } }, told)).toThrow("a constraint is expected");
  });

  it("leaves tools without a schema alone", () => {
    grant({ other: { anything: wildcard() } }, schemas);
    grant({ other: { anything: wildcard() } });
  });
});
