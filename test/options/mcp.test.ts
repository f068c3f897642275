import { AsyncLocalStorage } from "node:async_hooks";
import { createCompany } from "@hopwise/core/testing";
import * as mcp from "@hopwise/mcp";
import { describe } from "vitest";
import {
  type DoorRows,
  NO_CHANGE,
  NO_FUNCTION,
  NO_METHODS,
  NO_OBJECT,
  NO_TEXT,
  NOT_AT_ONCE,
  optionsRow,
  type Row,
  valueRow,
  walk,
  wrappedInPart,
} from "./row.ts";

const company = await createCompany();
const held = await company.chain("alice", "planner");
const authorizer = company.authorizer();
const tools = mcp.createGuardedTools();
const transport = { start: async () => {}, close: async () => {}, send: async () => {} };

const CARRY = {
  delegation: [...NO_OBJECT.filter((value) => typeof value !== "function"), {}, { ...held }, Promise.resolve(held)],
  audience: ["", 5, null, {}, [], "pay", "https://pay.example/#mcp"],
  approvals: NO_FUNCTION,
  limits: [...NO_OBJECT, { argumentsSize: Number.NaN }, { argumentsSize: "4000000" }, { argumentSize: 5 }],
  clock: NOT_AT_ONCE,
} satisfies { readonly [Name in keyof Required<mcp.CarryOptions>]: readonly unknown[] };

/** Lacks, or has in the wrong form, one of what a guard uses at some call. */
const NO_TOOLS = Object.entries({
  wrap: NO_FUNCTION,
  wrapPrompt: NO_FUNCTION,
  has: NO_FUNCTION,
  distrust: NO_FUNCTION,
  clear: NO_FUNCTION,
  size: [null, "1"],
  turns: [...NO_METHODS, { take: () => {} }],
  lists: [...NO_METHODS, { get: () => {}, note: () => {} }],
  scope: NO_METHODS,
} satisfies { readonly [Name in keyof Required<mcp.GuardedTools>]: readonly unknown[] }).flatMap(([name, values]) =>
  [undefined, ...values].map((value) => ({ ...tools, [name]: value })),
);

const doors: DoorRows<typeof mcp> = {
  carryingFetch: optionsRow<mcp.CarryOptions>(
    { delegation: held, audience: company.audience },
    CARRY,
    mcp.carryingFetch,
  ),
  carryOver: optionsRow<mcp.CarryOptions>(
    { delegation: async () => held, audience: company.audience },
    CARRY,
    (given) => mcp.carryOver(transport, given),
  ),
  guardTransport: optionsRow<mcp.GuardOptions>(
    { authorizer, tools },
    {
      authorizer: [...NO_METHODS, undefined, { ...authorizer, openSession: undefined }, ...wrappedInPart(authorizer)],
      tools: [...NO_METHODS, undefined, new Set(["pay"]), ...NO_TOOLS],
      mayChange: NO_CHANGE,
      readUri: NO_FUNCTION,
      userFromAuth: NO_FUNCTION,
      approvalUrl: NOT_AT_ONCE,
    },
    (given) => mcp.guardTransport(transport, given),
  ),
  createGuardedTools: valueRow<never>(new AsyncLocalStorage() as never, NO_METHODS, mcp.createGuardedTools),
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  pendingIn: "takes what a server said, of any type",
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

describe("what stands before the options, or behind", () => {
  const options = { delegation: held, audience: company.audience };
  const NO_TRANSPORT = [...NO_METHODS, undefined, { send: async () => {} }];
  walk(
    "carryOver's transport",
    valueRow<never>(transport as never, NO_TRANSPORT, (it) => mcp.carryOver(it, options)),
  );
  walk(
    "guardTransport's transport",
    valueRow<never>(transport as never, NO_TRANSPORT, (it) => mcp.guardTransport(it, { authorizer, tools })),
  );
  walk(
    "carryingFetch's fetch",
    valueRow<never>(fetch as never, NO_FUNCTION, (it) => mcp.carryingFetch(options, it)),
  );
  walk(
    "one carrier of a transport, whose other one would show another delegation",
    valueRow<never>(transport as never, [mcp.carryOver(transport, options)], (it) => mcp.carryOver(it, options)),
  );
  walk(
    "one guard of a transport, whose other one would find neither chain nor proof",
    valueRow<never>(transport as never, [mcp.guardTransport(transport, { authorizer, tools })], (it) =>
      mcp.guardTransport(it, { authorizer, tools }),
    ),
  );
  walk(
    "one carrier of a fetch, whose other one would show another delegation",
    valueRow<never>(fetch as never, [mcp.carryingFetch(options)], (it) => mcp.carryingFetch(options, it)),
  );
  walk(
    "wrap's name",
    valueRow<string>("pay", [...NO_TEXT, undefined], (name) => tools.wrap(name, () => "paid")),
  );
  walk(
    "wrap's function",
    valueRow<never>((() => "paid") as never, [...NO_FUNCTION, undefined], (run) => tools.wrap("pay", run)),
  );
  walk(
    "wrap's schema",
    valueRow<never>((() => null) as never, NO_FUNCTION, (of) => tools.wrap("pay", () => "paid", of)),
  );
});
