import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../token/index.ts";
import { POINT_REFUSALS } from "./admission.ts";
import { checkName, listedItems, parsedCall, refusalIn, sessionCall } from "./passed-in.ts";

function revoked(of: object): never {
  const { proxy, revoke } = Proxy.revocable(of, {});
  revoke();
  return proxy as never;
}
const failing = new Proxy([{ tool: "pay" }], {
  get: () => {
    throw new Error("hunter2");
  },
});

describe("what is passed in, and fails when it is read", () => {
  it.each<[what: string, read: () => unknown]>([
    ["items, revoked", () => listedItems("list", revoked([]), DEFAULT_LIMITS)],
    ["items that throw", () => listedItems("list", failing, DEFAULT_LIMITS)],
    ["an item, revoked", () => listedItems("list", [revoked({})], DEFAULT_LIMITS)],
    ["an output schema, revoked", () => sessionCall("authorize", { tool: "pay", outputSchema: revoked({}) })],
    ["an output schema, a list that is revoked", () => parsedCall("decide", { outputSchema: revoked([]) })],
    ["an input schema, revoked", () => parsedCall("decide", { inputSchema: revoked({}) })],
  ])("is refused as that: %s", (_, read) => {
    expect(read).toThrow(
      expect.objectContaining({
        code: "config_invalid",
        message: expect.stringMatching(/; got something that fails when it is read$/),
      }),
    );
  });
});

describe("what is something else than was expected is refused, and said where", () => {
  const call = (more: object) => () => sessionCall("authorize", { tool: "pay", ...more });
  const items = (more: object) => () =>
    listedItems("list", [{ tool: "pay" }, { tool: "pay", ...more }], DEFAULT_LIMITS);
  const refusal = (more: unknown) => () => refusalIn("refuse", more, POINT_REFUSALS);

  const rows: readonly (readonly [read: () => unknown, pointer: string, message: string])[] = [
    [() => checkName("hide", 5), "/name", "hide: name must be a tool's name, such as send_payment"],
    [() => sessionCall("authorize", []), "/call", "call must be a call, such as { tool, arguments }"],
    [() => sessionCall("authorize", {}), "/call/tool", "call.tool is missing; give a tool's name"],
    [call({ tool: 5 }), "/call/tool", "call.tool must be a tool's name, such as send_payment"],
    [call({ approval: 5 }), "/call/approval", "call.approval must be the id of a request for an approval"],
    [call({ fulfils: "yes" }), "/call/fulfils", "call.fulfils must be true or false"],
    [call({ filters: 1 }), "/call/filters", "call.filters must be true or false"],
    [
      call({ outputSchema: "x" }),
      "/call/outputSchema",
      "call.outputSchema must be a JSON Schema, or null for one that could not be read",
    ],
    [call({ inputSchema: "x" }), "/call/inputSchema", "call.inputSchema must be the JSON Schema of the arguments"],
    [call({ readAs: "x" }), "/readAs", "readAs must be how the server reads the URI, { template, values, written? }"],
    [call({ readAs: { template: 5, values: {} } }), "/readAs", "readAs must be how the server reads the URI"],
    [call({ readAs: { template: "a", values: 5 } }), "/readAs", "readAs must be how the server reads the URI"],
    [call({ readAs: { template: "a", values: {}, written: 5 } }), "/readAs", "readAs must be how the server reads"],
    [call({ fulfills: true }), "/fulfills", 'fulfills is not an option; did you mean "fulfils"?'],
    [() => parsedCall("decide", 5), "/call", "call must be { parsed, fulfils }"],
    [() => listedItems("list", {}, DEFAULT_LIMITS), "/items", "items must be a list of what is listed"],
    [() => listedItems("list", ["pay"], DEFAULT_LIMITS), "/items/0", "items[0] must be an item of a list"],
    [items({ tool: 5 }), "/items/1/tool", "items[1].tool must be a tool's name, such as send_payment"],
    [items({ template: 5 }), "/items/1/template", "items[1].template must be a text"],
    [items({ name: 5 }), "/items/1/name", "items[1].name must be a text"],
    [items({ hidden: true }), "/items/1/hidden", 'items[1].hidden must be "tool_unguarded" or "tool_not_served"'],
    [refusal("no"), "/refusal", "refusal must be { code, message }"],
    [
      refusal({ message: "no" }),
      "/refusal/code",
      "refusal.code is missing; give one of tool_unguarded, tool_not_served, ",
    ],
    [
      refusal({ code: "policy_denied", message: "no" }),
      "/refusal/code",
      "refusal.code must be one of tool_unguarded, ",
    ],
    [
      refusal({ code: ["tool_unguarded"], message: "no" }),
      "/refusal/code",
      "refusal.code must be one of tool_unguarded, ",
    ],
    [refusal({ code: "toString", message: "no" }), "/refusal/code", "refusal.code must be one of tool_unguarded, "],
    [refusal({ code: "tool_unguarded" }), "/refusal/message", "refusal.message is missing; give words for operators"],
    [
      refusal({ code: "tool_unguarded", message: 5 }),
      "/refusal/message",
      "refusal.message must be words for operators",
    ],
  ];
  it.each(rows.map(([read, pointer, message]) => [message, pointer, read] as const))(
    "%s at %s",
    (message, pointer, read) => {
      expect(read).toThrow(
        expect.objectContaining({ code: "config_invalid", pointer, message: expect.stringContaining(message) }),
      );
    },
  );
});

describe("what is right is read once, as it was given", () => {
  it("a call, with how its URI is read as a copy", () => {
    const values = { id: "7" };
    const read = sessionCall("authorize", {
      tool: "pay",
      arguments: { to: "a" },
      approval: "request-1",
      parsed: { to: "b" },
      inputSchema: { type: "object" },
      readAs: { template: "shop://{id}", values, written: "shop://7" },
      fulfils: true,
      filters: true,
      outputSchema: null,
    });
    values.id = "8";
    expect(read).toStrictEqual({
      tool: "pay",
      arguments: { to: "a" },
      approval: "request-1",
      parsed: { to: "b" },
      inputSchema: { type: "object" },
      readAs: { template: "shop://{id}", values: { id: "7" }, written: "shop://7" },
      fulfils: true,
      filters: true,
      outputSchema: null,
    });
    expect(parsedCall("decide")).toStrictEqual({ fulfils: false, filters: false });
  });

  it("an item, with arguments as a frozen copy within the bounds of arguments", () => {
    const item = {
      tool: "pay",
      arguments: { to: "a" },
      template: "shop://{id}",
      name: "a shop",
      hidden: "tool_unguarded",
    };
    const [read] = listedItems("list", [item], DEFAULT_LIMITS);
    expect(read).toStrictEqual(item);
    expect(Object.isFrozen(read?.arguments)).toBe(true);
    expect(listedItems("list", [{ tool: "pay" }], DEFAULT_LIMITS)).toStrictEqual([{ tool: "pay" }]);
    for (const limits of [{ argumentsDepth: 1 }, { argumentsSize: 3 }]) {
      const bounds = { ...DEFAULT_LIMITS, ...limits };
      expect(() => listedItems("list", [{ ...item, arguments: { to: { a: {} } } }], bounds)).toThrow(
        expect.objectContaining({ code: "arguments_malformed" }),
      );
    }
  });

  it("a refusal, and a name", () => {
    const refusal = { code: "tool_unguarded", message: "not guarded" };
    expect(refusalIn("refuse", { ...refusal, more: 1 }, POINT_REFUSALS)).toStrictEqual(refusal);
    expect(checkName("hide", "send_payment")).toBeUndefined();
    expect(() => checkName("hide", "send\u200bpayment")).toThrow(
      expect.objectContaining({
        code: "config_invalid",
        pointer: "/name",
        message: expect.stringMatching(
          /^hide: name must be a tool's name, such as send_payment; "send.*payment" is none: /,
        ),
      }),
    );
  });
});
