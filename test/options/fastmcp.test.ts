import { createCompany } from "@hopwise/core/testing";
import * as fastmcp from "@hopwise/fastmcp";
import * as testing from "@hopwise/fastmcp/testing";
import { FastMCP } from "fastmcp";
import { describe, expect, it } from "vitest";
import {
  type DoorRows,
  NO_CHANGE,
  NO_FLAG,
  NO_FUNCTION,
  NO_LIST,
  NO_METHODS,
  NO_NUMBER,
  NO_OBJECT,
  NO_TEXT,
  NOT_AT_ONCE,
  optionsRow,
  type Row,
  valueRow,
  walk,
  within,
  wrappedInPart,
} from "./row.ts";

const company = await createCompany();
const authorizer = company.authorizer();
const newServer = (): FastMCP => new FastMCP({ name: "pay", version: "1.0.0" });
const newGuarded = (): FastMCP => fastmcp.guard(newServer(), authorizer);

const GUARD = {
  userFromAuth: NO_FUNCTION,
  mayChange: NO_CHANGE,
  approvalUrl: NOT_AT_ONCE,
  onWarning: NO_FUNCTION,
} satisfies { readonly [Name in keyof Required<fastmcp.GuardServerOptions>]: readonly unknown[] };

const doors: DoorRows<typeof fastmcp & typeof testing> = {
  guard: optionsRow<fastmcp.GuardServerOptions>(
    { mayChange: { send_payment: { redact: ["/iban", "/lines/*/a~1b"], limit: ["/lines"] } } },
    GUARD,
    (options) => fastmcp.guard(newServer(), authorizer, options),
  ),
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  guardedServer: optionsRow<testing.GuardedServerOptions>(
    {},
    {
      ...GUARD,
      tools: [...NO_OBJECT, new Map(), { send_payment: "paid" }],
      add: NO_FUNCTION,
      server: [...NO_METHODS, new FastMCP({ name: "no guard", version: "1.0.0" })],
      http: [...NO_OBJECT, ...within<object>({}, { stateless: NO_FLAG, enableJsonResponse: NO_FLAG } as never)],
    },
    async (options) => (await testing.guardedServer(authorizer, options)).close(),
  ),
  freePort: "takes nothing",
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

const NO_AUTHORIZER = [...NO_METHODS, undefined, { ...authorizer, admit: undefined }, ...wrappedInPart(authorizer)];

describe("what stands before the options", () => {
  walk(
    "guard's server",
    valueRow<never>(newServer() as never, [...NO_METHODS, undefined], (it) => fastmcp.guard(it, authorizer)),
  );
  walk(
    "guard's authorizer",
    valueRow<never>(authorizer as never, NO_AUTHORIZER, (it) => fastmcp.guard(newServer(), it)),
  );
  walk(
    "guardedServer's authorizer",
    valueRow<never>(authorizer as never, NO_AUTHORIZER, async (it) => (await testing.guardedServer(it)).close()),
  );
});

type Tool = Parameters<FastMCP["addTool"]>[0];

const TOOL: Tool = { name: "send_payment", execute: async () => "paid" };
const NO_SCHEMA = [null, 5, "text", {}, [], { type: "object" }, { "~standard": {} }];
/** What a guard reads of a tool. */
const READ = {
  name: [...NO_TEXT, undefined, "unknown_tool"],
  execute: [...NO_FUNCTION, undefined],
  parameters: NO_SCHEMA,
  outputSchema: NO_SCHEMA,
  canAccess: NOT_AT_ONCE,
  timeoutMs: [...NO_NUMBER, 0],
} satisfies { readonly [Name in keyof Tool]?: readonly unknown[] };
const NO_TOOL = [
  ...NO_OBJECT,
  undefined,
  {},
  Promise.resolve(TOOL),
  ...Object.entries(READ).flatMap(([name, values]) => values.map((value) => ({ ...TOOL, [name]: value }))),
];

describe("a tool that cannot be one", () => {
  walk(
    "addTool",
    valueRow<Tool>(TOOL, NO_TOOL, (tool) => newGuarded().addTool(tool)),
  );
  walk(
    "addTools",
    valueRow<Tool[]>([TOOL], [...NO_LIST, TOOL, ...NO_TOOL.map((tool) => [TOOL, tool])], (tools) =>
      newGuarded().addTools(tools),
    ),
  );
  // FastMCP itself refuses some, such as a schema that is none.
  const taken = ["name", "execute", "canAccess", "timeoutMs"] as const;
  walk(
    "guard, where it was added before,",
    valueRow<Tool>(
      TOOL,
      taken.flatMap((name) => READ[name].map((value) => ({ ...TOOL, [name]: value }))),
      (tool) => {
        const server = newServer();
        server.addTool(tool);
        fastmcp.guard(server, authorizer);
      },
    ),
  );
  walk(
    "mayChange",
    valueRow<string>("send_payment", ["unknown_tool", "mcp:nothing"], (name) =>
      fastmcp.guard(newServer(), authorizer, { mayChange: { [name]: { redact: ["/iban"] } } }),
    ),
  );

  it("is not one of a class, frozen, with members of FastMCP's own", () => {
    class Pay {
      readonly name = "send_payment";
      readonly annotations = { readOnlyHint: true };
      async execute(): Promise<string> {
        return "paid";
      }
    }
    expect(() => newGuarded().addTool(Object.freeze(new Pay()))).not.toThrow();
  });
});
