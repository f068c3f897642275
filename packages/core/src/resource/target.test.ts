import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { findTarget, isSameReading, targetOf } from "./target.ts";
import type { ToolMap } from "./tool-entry.ts";
import { checkMapped, checkToolMap } from "./tool-map.ts";

const order = { kind: "order", action: "read", id: "id" };
const READ = "mcp:resources/read";
const BY_URI: ToolMap = {
  get_order: order,
  "*": { kind: "other", action: "use" },
  "shop://orders/{id}": order,
  "shop://{kind}/{id}": { kind: "thing", action: "read" },
  "doc://{name}": { kind: "document", action: "read" },
};
const read = (uri: unknown, tools = BY_URI) => targetOf(tools, READ, { uri } as never);

describe("what a call acts on", () => {
  it("is the entry of its tool, with its own arguments", () => {
    expect(targetOf(BY_URI, "get_order", { id: "1" })).toEqual({
      entry: order,
      named: "get_order",
      arguments: { id: "1" },
    });
    expect(targetOf({}, READ, { uri: "doc://a" })).toMatchObject({ entry: { kind: "mcp_resource" } });
  });

  it("is told by no entry: then the call is refused, to the user", () => {
    expect(targetOf({}, "delete_all", {})).toMatchObject({
      code: "tool_unmapped",
      hop: 0,
      message: 'the tool map has no entry for "delete_all", so no policy can be asked',
    });
  });

  it("is, of a resource, what its URI says, with the values of the URI for arguments", () => {
    expect(read("shop://customers/7")).toEqual({
      entry: { kind: "thing", action: "read", id: expect.any(Function) },
      named: "shop://{kind}/{id}",
      arguments: { kind: "customers", id: "7" },
      uri: { template: "shop://{kind}/{id}", values: { kind: "customers", id: "7" } },
      id: "shop://customers/7",
    });
    const { "shop://{kind}/{id}": _, ...one } = BY_URI;
    expect(read("shop://orders/7", one)).toEqual({
      entry: order,
      named: "shop://orders/{id}",
      arguments: { id: "7" },
      uri: { template: "shop://orders/{id}", values: { id: "7" } },
    });
  });

  it.each([
    [READ, "uri"],
    ["mcp:prompts/get", "name"],
  ])("is nothing where %s has no %s: a request at fault, whatever its entry says of an id", (operation, name) => {
    for (const tools of [BY_URI, {}, { [operation]: { kind: "page", action: "read" } }] as ToolMap[]) {
      for (const args of [{}, { [name]: "" }, { [name]: 5 }, { [name]: null }]) {
        expect(targetOf(tools, operation, args as never)).toMatchObject({
          code: "arguments_malformed",
          pointer: `/${name}`,
        });
      }
    }
  });

  it("is refused where no template stands for the URI, or two do", () => {
    expect(read("shop://orders/7")).toMatchObject({
      code: "tool_unmapped",
      hop: 0,
      message: expect.stringContaining('"shop://orders/{id}" and "shop://{kind}/{id}"'),
    });
    for (const uri of ["doc://a/b", "doc://..", "doc://", "other://x"]) {
      expect(read(uri), uri).toMatchObject({ code: "tool_unmapped", message: expect.stringContaining("none") });
    }
  });

  it.each([undefined, null, 7, ["doc://a"], { href: "doc://a" }])("is refused for a URI that is %j", (uri) => {
    expect(read(uri)).toMatchObject({ code: "arguments_malformed", pointer: "/uri" });
  });

  it("is of an item of a list the same, and of a template of the server the entry of this very text", () => {
    expect(findTarget(BY_URI, READ, { uri: "doc://a" }, undefined)).toMatchObject({ arguments: { name: "a" } });
    expect(findTarget(BY_URI, READ, { uri: "doc://a/b" }, undefined)).toBeUndefined();
    expect(findTarget(BY_URI, READ, {}, "shop://orders/{id}")).toEqual({
      entry: order,
      named: "shop://orders/{id}",
      arguments: {},
    });
    expect(findTarget(BY_URI, READ, {}, "shop://orders/{order}")).toBeUndefined();
    expect(findTarget(BY_URI, READ, {}, "toString")).toBeUndefined();
    expect(findTarget({}, READ, {}, "shop://orders/{id}")).toMatchObject({ entry: { kind: "mcp_resource" } });
  });
});

describe("a tool map with templates of URIs", () => {
  it("has no entry for resources beside them, which would let pass what they do not name", () => {
    checkToolMap(BY_URI);
    expect(() => checkToolMap({ ...BY_URI, [READ]: { kind: "mcp_resource", action: "read" } })).toThrow(
      expect.objectContaining({ code: "config_invalid", message: expect.stringContaining(READ) }),
    );
  });

  it("is refused with a template that two readers could read in two ways", () => {
    expect(() => checkToolMap({ "shop://orders/{+id}": order })).toThrow(/cannot be a URI template/);
  });

  it("gives no tool its entries", () => {
    for (const name of ["shop://orders/{id}", "shop://orders/1"]) {
      expect(targetOf(BY_URI, name, {})).toMatchObject({ code: "tool_unmapped" });
      expect(() => checkMapped(BY_URI, name)).toThrow(/it is a URI/);
    }
  });
});

describe("a URI that a server reads, too", () => {
  const uri = "shop://orders/7";
  const { "shop://{kind}/{id}": _, ...tools } = BY_URI;
  const reading = { template: "shop://orders/{id}", values: { id: "7" } };

  it("is the same for policies and for its handler, or is refused", () => {
    expect(targetOf(tools, READ, { uri }, reading)).toMatchObject({ arguments: { id: "7" }, uri: reading });
    for (const other of [
      { ...reading, template: "shop://orders/{order}" },
      { ...reading, values: { id: "8" } },
      { ...reading, values: {} },
      { ...reading, values: { id: "7", more: "8" } },
    ]) {
      expect(targetOf(tools, READ, { uri }, other as never)).toMatchObject({
        code: "tool_unmapped",
        hop: 0,
        message: `the policies would see this resource by "shop://orders/{id}", and its handler would get it by "${other.template}", or with other values; let the first template of the server that fits be the one that the tool map names`,
      });
    }
  });

  it("is compared by readings alone", async () => {
    expect(isSameReading(reading, { ...reading, values: { id: "7" } })).toBe(true);
    expect(isSameReading({ template: "a://b", values: {} }, { template: "a://b", values: {} })).toBe(true);
    for (const [one, other, name] of [
      [undefined, reading, "one"],
      [{ template: "a" }, reading, "one"],
      [reading, "a", "other"],
      [reading, { template: reading.template }, "other"],
    ] as const) {
      expect(await errorOf(() => isSameReading(one as never, other as never))).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/^isSameReading: .*a reading of a URI, \{ template, values \}/),
        pointer: `/${name}`,
      });
    }
  });
});

describe("a URI that policies judge as a text", () => {
  const uri = "file:///a%20b";
  const reading = { template: "file:///{name}", values: { name: "a b" } };
  const entry = { kind: "mcp_resource", action: "read", id: "uri" };
  const judged = { entry, named: READ, arguments: { uri } };

  it("is let through as the one text that gives its server these values, as far as the server can tell", () => {
    for (const readAs of [undefined, reading, { ...reading, written: uri }, { ...reading, written: undefined }]) {
      expect(targetOf({}, READ, { uri }, readAs)).toEqual(judged);
    }
    // Where no server reads values out of it, each text is a resource of its own.
    expect(targetOf({}, READ, { uri: "file:///a/../b" })).toMatchObject({ arguments: { uri: "file:///a/../b" } });
    expect(targetOf({ [READ]: order }, READ, { uri }, reading)).toMatchObject({ entry: order });
  });

  it.each<[string, string, string | undefined]>([
    ["as a URL parser would not write it", "file:///a/../a%20b", undefined],
    ["as RFC 6570 would not", "file:///%61%20b", "file:///%61%20b"],
    ["as its template would not", uri, "file:///a b"],
  ])("is refused in any other text: %s", (_, text, written) => {
    expect(targetOf({}, READ, { uri: text }, { ...reading, written })).toMatchObject({
      code: "tool_unmapped",
      hop: 0,
      message:
        'the policies would judge this resource by its text, and its handler would get it by "file:///{name}", which reads the same values out of another text; the one that is let through is written as a URL parser and RFC 6570 write it: a value in {name} without a "/", "@" or ":" that is not percent-encoded',
    });
  });

  it("is none where there is no text", () => {
    expect(findTarget({}, READ, {}, undefined)).toEqual({ entry, named: READ, arguments: {} });
    const pay = { send_payment: order };
    expect(targetOf(pay, "send_payment", { uri: 7 }, reading)).toMatchObject({ entry: order });
  });
});

it("a call that acts on nothing is refused in words that say what is missing", () => {
  expect(targetOf({}, READ, {})).toMatchObject({
    message: 'the argument "uri" of mcp:resources/read must be a text that is not empty',
  });
  expect(targetOf({}, "mcp:prompts/get", Object.create({ name: "p" }))).toMatchObject({ pointer: "/name" });
  const tools = { ...BY_URI, "policy://all": order };
  for (const uri of [7, ["policy://all"], null]) expect(findTarget(tools, READ, { uri }, undefined)).toBeUndefined();
  expect(findTarget(BY_URI, "get_order", {}, "doc://{name}")).toEqual({
    entry: order,
    named: "get_order",
    arguments: {},
  });
  expect(findTarget(BY_URI, READ, {}, undefined)).toBeUndefined();
  expect(findTarget({}, "toString", {}, undefined)).toBeUndefined();
  expect(read("doc://a/b")).toMatchObject({
    message: "exactly one template of URIs of the tool map must stand for a resource, and for this one does none",
  });
  const target = read("shop://customers/7");
  expect("entry" in target && (target.entry.id as () => string)()).toBe("shop://customers/7");
});
