import { describe, expect, it } from "vitest";
import type { Constraint } from "../../grant/index.ts";
import { readGrant } from "../../grant/index.ts";
import {
  ALGORITHMS,
  type Claims,
  createWorld,
  DOCS,
  details,
  errorOf,
  NOW,
  PAY,
  refusalOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { delegate } from "../make/delegate.ts";
import { hold, parseDelegation } from "../make/delegation.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));

const exact = (value: unknown) => ({ constraint_type: "exact", value });
const oneOf = (...values: unknown[]) => ({ constraint_type: "one_of", values });
const any = (...constraints: unknown[]) => ({ constraint_type: "any", constraints });
const all = (...constraints: unknown[]) => ({ constraint_type: "all", constraints });
const range = (bounds: object) => ({ constraint_type: "range", ...bounds });
const optional = (constraint: unknown) => ({ constraint_type: "optional", constraint });
const wildcard = { constraint_type: "wildcard" };

const TOOLS = {
  pay: { to: oneOf("ACME", "Initech"), amount: range({ min: 0, max: 1000, max_inclusive: false }), memo: wildcard },
  read: { id: any(exact("INV-7"), exact("INV-9")), fields: all({ constraint_type: "int" }, range({ max: 9 })) },
};
const { pay, read } = TOOLS;

/** What a child asks for in place of its parent's tools, and where that is refused. */
const attacks: readonly [name: string, tools: Claims, pointer: string][] = [
  ["adds a tool", { pay, remove: {} }, "/remove"],
  ["adds a tool that anything may be done with", { pay, "mcp:resources/read": {} }, "/mcp:resources~1read"],
  ["widens a range by one", { pay: { ...pay, amount: { ...pay.amount, max: 1001 } } }, "/pay/amount/max"],
  [
    "widens a range by an ulp",
    { pay: { ...pay, amount: { ...pay.amount, max: 1000.0000000000001 } } },
    "/pay/amount/max",
  ],
  [
    "lowers a range by an ulp",
    { pay: { ...pay, amount: { ...pay.amount, min: -Number.MIN_VALUE } } },
    "/pay/amount/min",
  ],
  ["drops an exclusive flag", { pay: { ...pay, amount: range({ min: 0, max: 1000 }) } }, "/pay/amount/max_inclusive"],
  [
    "turns an exclusive flag",
    { pay: { ...pay, amount: { ...pay.amount, max_inclusive: true } } },
    "/pay/amount/max_inclusive",
  ],
  ["drops a bound", { pay: { ...pay, amount: range({ min: 0 }) } }, "/pay/amount/max"],
  ["adds a value to one_of", { pay: { ...pay, to: oneOf("ACME", "Mallory") } }, "/pay/to"],
  [
    "swaps one_of for not_one_of",
    { pay: { ...pay, to: { constraint_type: "not_one_of", excluded: ["x"] } } },
    "/pay/to",
  ],
  ["swaps one_of for exact of another value", { pay: { ...pay, to: exact("Mallory") } }, "/pay/to"],
  ["swaps one_of for wildcard", { pay: { ...pay, to: wildcard } }, "/pay/to"],
  ["swaps wildcard for optional", { pay: { ...pay, memo: optional(wildcard) } }, "/pay/memo"],
  ["swaps wildcard for absent", { pay: { ...pay, memo: { constraint_type: "absent" } } }, "/pay/memo"],
  ["makes an argument optional", { pay: { ...pay, to: optional(oneOf("ACME")) } }, "/pay/to"],
  ["drops an argument", { pay: { to: pay.to, amount: pay.amount } }, "/pay/memo"],
  ["adds an argument", { pay: { ...pay, cc: exact("x") } }, "/pay/cc"],
  ["empties a map of constraints", { pay: {} }, "/pay/to"],
  [
    "hides a value inside any",
    { read: { ...read, id: any(exact("INV-7"), exact("INV-8")) } },
    "/read/id/constraints/1",
  ],
  ["hides wildcard inside any", { read: { ...read, id: any(any(wildcard)) } }, "/read/id/constraints/0"],
  [
    "drops a clause of all",
    { read: { ...read, fields: all(range({ max: 9 }), range({ max: 9 })) } },
    "/read/fields/constraints",
  ],
  [
    "widens a clause of all",
    { read: { ...read, fields: all({ constraint_type: "int" }, range({ max: 10 })) } },
    "/read/fields/constraints",
  ],
];

describe.each(worlds)("with $algorithm keys, a child that", (world: World) => {
  it.each(attacks)("%s is refused at verification and at delegation, at the same place", async (_, tools, pointer) => {
    const root = await world.root(details(TOOLS));
    const forged = `${root}~${await world.child(root, details(tools))}`;
    const error = await errorOf(verifyAt(forged, [world.anchor]));
    expect(error).toMatchObject({ code: "chain_widened", hop: 2 });
    expect(error.pointer).toBe(`/authorization_details/0/tools${pointer}`);

    const parent = await hold(await parseDelegation(root), world.planner);
    const order = { to: "researcher", holder: world.researcher, grant: readGrant(tools), clock: () => NOW * 1000 };
    const early = await errorOf(delegate(parent, order));
    expect(early).toMatchObject({ code: "chain_widened", pointer: error.pointer, rule: error.rule });
  });

  it("asks for what its grandparent had, and its parent did not pass on, is refused", async () => {
    const root = await world.root(details(TOOLS));
    const second = await world.child(root, details({ pay: { ...pay, to: exact("ACME") } }));
    for (const tools of [{ pay }, { read }]) {
      const third = await world.grandchild(second, details(tools));
      const error = await errorOf(verifyAt(`${root}~${second}~${third}`, [world.anchor]));
      expect(error).toMatchObject({ code: "chain_widened", hop: 3 });
    }
  });

  it("asks for less is accepted, and its grant is what it asked for", async () => {
    const root = await world.root(details(TOOLS));
    const tools = {
      pay: { to: exact("ACME"), amount: { constraint_type: "int", min: 1, max: 999 }, memo: oneOf("rent") },
    };
    const chain = await verifyAt(`${root}~${await world.child(root, details(tools))}`, [world.anchor]);
    expect(chain.links[1]?.grant).toEqual(tools);
  });

  it("names arguments under a tool that was handed over with any is accepted", async () => {
    const root = await world.root(details({ pay: {} }));
    expect(await refusalOf(verifyAt(`${root}~${await world.child(root, details({ pay }))}`, [world.anchor]))).toBe(
      "accepted",
    );
  });
});

describe("the names of tools in a chain", () => {
  const [world] = worlds as [World];
  const root = async (aud: readonly string[], ...names: string[]): Promise<string> => {
    const tools = Object.fromEntries(names.map((name) => [name, { a: exact(1) as Constraint }]));
    return refusalOf(verifyAt(await world.root({ aud, ...details(tools) }), [world.anchor]));
  };
  const AT = "token_malformed /authorization_details/0/tools";

  it("are bare with one audience, and a # in one is refused", async () => {
    expect(await root([PAY], "pay", "mcp:resources/read", "Überweisung 7")).toBe("accepted");
    expect(await root([PAY], "pay", `${PAY}#pay`)).toBe(AT);
    expect(await root([PAY], "a#b")).toBe(AT);
  });

  it("are all qualified with several audiences, and a mixture is refused", async () => {
    expect(await root([PAY, DOCS], `${PAY}#pay`, `${DOCS}#read`, `${DOCS}#mcp:resources/read`)).toBe("accepted");
    expect(await root([PAY, DOCS], `${PAY}#pay`, "read")).toBe(AT);
    expect(await root([PAY, DOCS], "pay")).toBe(AT);
  });

  it("are qualified by nothing but an audience of the root, and by one only", async () => {
    expect(await root([PAY, DOCS], "https://bank.example/mcp#pay")).toBe(AT);
    expect(await root([PAY, DOCS], `${PAY}/#pay`)).toBe(AT);
    expect(await root([PAY, DOCS], `${PAY}#${DOCS}#pay`)).toBe(AT);
    expect(await root([PAY, DOCS], `${PAY}#`)).toBe(AT);
  });

  it("stay qualified where a child narrows the audience to one", async () => {
    const tools = { [`${PAY}#pay`]: {}, [`${DOCS}#read`]: {} };
    const parent = await world.root({ aud: [PAY, DOCS], ...details(tools) });
    const kept = await world.child(parent, { aud: [PAY], ...details({ [`${PAY}#pay`]: {} }) });
    const bare = await world.child(parent, { aud: [PAY], ...details({ pay: {} }) });
    expect(await refusalOf(verifyAt(`${parent}~${kept}`, [world.anchor]))).toBe("accepted");
    expect(await refusalOf(verifyAt(`${parent}~${bare}`, [world.anchor]))).toBe(
      "chain_widened /authorization_details/0/tools/pay",
    );
  });
});
