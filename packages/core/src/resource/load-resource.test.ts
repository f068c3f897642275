import { describe, expect, it } from "vitest";
import { errorOf, ISSUER } from "../testing.fixture.ts";
import { loadResource } from "./load-resource.ts";
import { type ResourceSourceOptions, resourceAttributesFrom } from "./resource-sources.ts";
import type { ToolEntry } from "./tool-map.ts";

const entry: ToolEntry = { kind: "payment", action: "send" };

describe("the resource of a call", () => {
  const args = { id: "INV-7", n: 0, flag: true, amount: 900 };
  const query = { tool: "pay", arguments: args, tenant: ISSUER };
  const failed = async (changed: Partial<ToolEntry>) =>
    (await errorOf(loadResource({ ...entry, ...changed }, query))).code;

  it("has the arguments, what the loader knows, and where its policy stands", async () => {
    const attributes = async () => ({ owner: "alice" });
    const whole = { ...entry, id: "id", scope: "acme", policyVersion: "2", attributes };
    expect((await loadResource(whole, query)).resource).toEqual({
      kind: "payment",
      id: "INV-7",
      attr: { owner: "alice", args },
      scope: "acme",
      policyVersion: "2",
    });
  });

  it("has the tool's name for an id, an argument, or what a function makes of them", async () => {
    expect((await loadResource(entry, query)).resource.id).toBe("pay");
    expect((await loadResource({ ...entry, id: "n" }, query)).resource.id).toBe("0");
    expect((await loadResource({ ...entry, id: ({ id }) => `x-${String(id)}` }, query)).resource.id).toBe("x-INV-7");
  });

  it.each<[string, Partial<ToolEntry>]>([
    ["an argument that is not there", { id: "nope" }],
    ["an argument that is inherited", { id: "toString" }],
    ["an argument that is no text and no number", { id: "flag" }],
    ["a function that gives nothing", { id: () => "" }],
    ["a function that gives undefined", { id: () => undefined as never }],
  ])("cannot be told where its id is %s", async (_, changed) => {
    expect(await failed(changed)).toBe("context_unavailable");
  });

  it("cannot be told where the function that makes its id throws", async () => {
    expect(
      await failed({
        id: () => {
          throw new Error("down");
        },
      }),
    ).toBe("context_unavailable");
  });

  it.each<[string, ToolEntry["attributes"], string?]>([
    ["rejects", async () => Promise.reject(new Error("down")), "context_unavailable"],
    [
      "throws",
      () => {
        throw new Error("down");
      },
      "context_unavailable",
    ],
    ["gives nothing", () => undefined as never],
    ["gives a list", () => [] as never],
    ["gives a text", () => "x" as never],
    ["gives what is no data", () => ({ at: new Date(0) }) as never],
    ["gives an attribute of our name", () => ({ args: { amount: 1 } })],
    [
      "gives what throws when it is read",
      () =>
        new Proxy(
          { a: 1 },
          {
            get: () => {
              throw new Error("x");
            },
          },
        ),
      "context_unavailable",
    ],
  ])("cannot be told where its loader %s", async (_, attributes, code = "attributes_invalid") => {
    expect(await failed(attributes === undefined ? {} : { attributes })).toBe(code);
  });

  it("is asked for with the tool, the arguments and whose data it is, never with who asks", async () => {
    const seen: unknown[][] = [];
    const attributes = (...given: unknown[]) => {
      seen.push(given);
      return {};
    };
    await loadResource({ ...entry, attributes }, query);
    expect(seen).toEqual([[args, query]]);
    expect(Object.keys(query)).toEqual(["tool", "arguments", "tenant"]);
  });

  it("is not moved by a loader that changes its answer afterwards", async () => {
    const known = { owner: "alice" };
    const { resource } = await loadResource({ ...entry, attributes: () => known }, query);
    known.owner = "mallory";
    expect(resource.attr).toMatchObject({ owner: "alice" });
  });

  it("has what further sources say under their names, and tells where that came from", async () => {
    const invoice = { find: () => ({ region: "EMEA" }) };
    const owner = { name: "crm", find: () => undefined, optional: true };
    const { resource, origins } = await loadResource({ ...entry, sources: { invoice, owner } }, query);
    expect(resource.attr).toEqual({ invoice: { region: "EMEA" }, args });
    expect(origins).toEqual([
      { of: "resource", source: "invoice", ageMs: 0 },
      { of: "resource", source: "crm", ageMs: 0, missing: true },
    ]);
  });

  it("cannot be told where a required source has nothing, or where the loader gives an attribute of a source's name", async () => {
    expect(await failed({ sources: { invoice: { find: () => undefined } } })).toBe("context_unavailable");
    const sources = { invoice: { find: () => ({}) } };
    expect(await failed({ sources, attributes: () => ({ invoice: {} }) })).toBe("attributes_invalid");
  });

  it.each<[string, ResourceSourceOptions["key"], string]>([
    ["an argument that is not there", "nope", 'the argument "nope" is neither a text nor a number'],
    ["an argument that is neither text nor number", "flag", 'the argument "flag" is neither a text nor a number'],
    [
      "a function that gives nothing",
      () => undefined as never,
      "what its key function gave is neither a text nor a number",
    ],
  ])("cannot be told where a source goes by %s, and the denial says which", async (_, key, why) => {
    const invoice = resourceAttributesFrom({ name: "invoices", key, find: () => ({}) });
    const error = await errorOf(loadResource({ ...entry, sources: { invoice } }, query));
    expect(error).toMatchObject({ code: "context_unavailable" });
    expect(error.message).toContain(why);
  });

  it("does not show policies what an entry hides from them", async () => {
    const { resource } = await loadResource({ ...entry, hideFromPolicies: ["n", "flag"] }, query);
    expect(resource.attr).toEqual({ args: { id: "INV-7", amount: 900 } });
  });

  it("has the arguments under another name where the entry says so", async () => {
    const { resource } = await loadResource({ ...entry, argumentsAs: "arguments" }, query);
    expect(resource.attr).toEqual({ arguments: args });
  });
});

describe("a resource that cannot be told, and where one came from", () => {
  const query = { tool: "pay", arguments: { id: "INV-7" }, tenant: ISSUER };
  const fault = new Error("down: password hunter2");
  const fail = () => {
    throw fault;
  };

  it.each<[string, Partial<ToolEntry>, string, unknown]>([
    ["the loader fails", { attributes: fail }, "its loader failed", fault],
    ["the loader gives a list", { attributes: () => [] as never }, "what it gave is not an object", expect.anything()],
    [
      "the loader gives our own name",
      { attributes: () => ({ args: {} }) },
      'its loader gave an attribute "args", which is the name of the arguments or of a source',
      undefined,
    ],
    ["the function of the id fails", { id: fail }, "the function that makes its id failed", fault],
    ["there is no id", { id: "nope" }, "it has no id", undefined],
  ])("are a denial that says why where %s, with the cause for operators alone", async (_, changed, why, cause) => {
    const error = await errorOf(loadResource({ ...entry, ...changed }, query));
    expect(error.message).toBe(`the resource of "pay" could not be told: ${why}`);
    expect(error.cause).toEqual(cause);
  });

  it("have no scope and no version where the entry has none", async () => {
    expect((await loadResource(entry, query)).resource).toStrictEqual({
      kind: "payment",
      id: "pay",
      attr: { args: { id: "INV-7" } },
    });
  });

  it("are the tool map, where it has a loader, before further sources; else these alone", async () => {
    const sources = { crm: { find: () => ({}) } };
    const crm = { of: "resource", source: "crm", ageMs: 0 };
    expect((await loadResource({ ...entry, attributes: () => ({}), sources }, query)).origins).toEqual([
      { of: "resource", source: "tool map", ageMs: 0 },
      crm,
    ]);
    expect((await loadResource({ ...entry, sources }, query)).origins).toEqual([crm]);
    expect((await loadResource(entry, query)).origins).toEqual([]);
  });
});
