/** Random grants, narrowings and calls over small domains, so that chance meets every case. */
import type { JsonObject, JsonScalar } from "@hopwise/core/adapter";
import { type Constraint, type Grant, readGrant, wildcard } from "@hopwise/core/grant";
import fc from "fast-check";
import { type Schema, schemaOver } from "./schemas.ts";

export const TOOLS = ["get_transactions", "read_invoice", "send_payment"] as const;

/** The arguments of each tool, with the values that calls and grants are made of. */
const DOMAINS: { readonly [tool in (typeof TOOLS)[number]]: { readonly [argument: string]: readonly JsonScalar[] } } = {
  get_transactions: { account: ["4711", "4712"] },
  read_invoice: { id: ["INV-7", "INV-9", "INV-21"] },
  send_payment: { to: ["Globex", "Mallory Ltd"], amount: [1, 400, 999, 1000, 1001, 9000], currency: ["EUR"] },
};

const constraintOver = (values: readonly JsonScalar[]): fc.Arbitrary<Constraint> => {
  const some = fc.subarray([...values], { minLength: 1 });
  const numbers = values.filter((value) => typeof value === "number");
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(wildcard()) },
    some.map((values): Constraint => ({ constraint_type: "one_of", values })),
    fc.constantFrom(...values).map((value): Constraint => ({ constraint_type: "exact", value })),
    ...(numbers.length > 0
      ? [
          fc
            .tuple(fc.constantFrom(...numbers), fc.boolean(), fc.constantFrom("range", "int"))
            .map(
              ([max, max_inclusive, type]): Constraint =>
                type === "int" ? { constraint_type: "int", max } : { constraint_type: "range", max, max_inclusive },
            ),
        ]
      : []),
  );
};

const toolGrant = (tool: (typeof TOOLS)[number]): fc.Arbitrary<Grant[string]> =>
  fc.record(Object.fromEntries(Object.entries(DOMAINS[tool]).map(([name, values]) => [name, constraintOver(values)])));

/** A grant of some of the tools. Whether one is narrower than another is left to chance, helped by {@link part}. */
export const anyGrant: fc.Arbitrary<Grant> = fc
  .subarray([...TOOLS], { minLength: 1 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, toolGrant(name)]))).map(readGrant));

/** Everything that the enforcement point names, with any arguments. */
export const EVERY: Grant = { "mcp:tools/*": {} };
export const isEvery = (grant: Grant | undefined): boolean => Object.hasOwn(grant ?? {}, "mcp:tools/*");

/** Takes over a part of a parent's grant and lets another grant replace some of it: often, not always, narrower. */
export const part = (parent: Grant, other: Grant, keep: readonly boolean[]): Grant => {
  if (isEvery(parent)) return readGrant(Object.fromEntries(Object.entries(keep[0] === false ? parent : other)));
  const names = Object.keys(parent).filter((_, i) => keep[i] !== false);
  return readGrant(
    Object.fromEntries(
      names.map((name, i) => [name, keep[i + 3] && other[name] !== undefined ? other[name] : parent[name]]),
    ),
  );
};

/** What a tool's own schema makes of the arguments of these tools. */
export const anySchema: fc.Arbitrary<Schema> = schemaOver(
  [...new Set(Object.values(DOMAINS).flatMap((own) => Object.keys(own))), "memo"],
  fc.constantFrom(...Object.values(DOMAINS).flatMap((own) => Object.values(own).flat()), "ab"),
);

export const anyCall: fc.Arbitrary<{ tool: (typeof TOOLS)[number]; arguments: JsonObject }> = fc
  .constantFrom(...TOOLS)
  .chain((tool) =>
    fc.record({
      tool: fc.constant(tool),
      arguments: fc.record(
        Object.fromEntries(Object.entries(DOMAINS[tool]).map(([name, values]) => [name, fc.constantFrom(...values)])),
      ) as fc.Arbitrary<JsonObject>,
    }),
  );

/** Everything there is, and each argument of it: what a user hands to a first agent that is trusted. */
export const WIDEST: Grant = Object.fromEntries(
  TOOLS.map((tool) => [tool, Object.fromEntries(Object.keys(DOMAINS[tool]).map((name) => [name, wildcard()]))]),
);

const memo: Constraint = { constraint_type: "optional", constraint: { constraint_type: "prefix", value: "a" } };
const oneIn = (n: number): fc.Arbitrary<boolean> => fc.nat(n - 1).map((draw) => draw === 1);

/** Like {@link anyGrant}, and now and then: any arguments, no arguments, one argument more, one less. */
export const anyStrayGrant: fc.Arbitrary<Grant> = fc
  .record({ grant: anyGrant, stray: fc.array(oneIn(6), { minLength: 3, maxLength: 3 }), how: fc.nat(3) })
  .map(({ grant, stray, how }) =>
    Object.fromEntries(
      Object.entries(grant).map(([tool, own], i) => {
        const [, ...less] = Object.entries(own);
        const strayed = [{}, { "": { constraint_type: "absent" } }, { ...own, memo }, Object.fromEntries(less)];
        return [tool, stray[i] ? strayed[how] : own];
      }),
    ),
  ) as fc.Arbitrary<Grant>;

/** Like {@link anyStrayGrant}, and now and then every tool. */
export const anyWideGrant: fc.Arbitrary<Grant> = fc.oneof(
  { weight: 5, arbitrary: anyStrayGrant },
  { weight: 1, arbitrary: fc.constant(EVERY) },
);

/** Like {@link anyCall}, and now and then with an argument more, or without any. */
export const anyStrayCall: typeof anyCall = fc
  .record({ call: anyCall, stray: oneIn(4), none: oneIn(4), memo: fc.constantFrom("a", "ab", "b") })
  .map(({ call, stray, none, memo }) => ({
    ...call,
    arguments: { ...(none && stray ? {} : call.arguments), ...(stray && !none && { memo }) },
  }));
