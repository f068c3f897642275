import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { errorOf, ISSUER } from "../world.fixture.ts";
import { loadResource } from "./load-resource.ts";
import { placeEntry } from "./place-entry.ts";
import { type ResourceSourceOptions, resourceAttributesFrom } from "./resource-sources.ts";
import type { ToolEntry } from "./tool-entry.ts";

const entry: ToolEntry = { kind: "payment", action: "send" };

describe("the resource of a call", () => {
  const args = { id: "INV-7", n: 0, flag: true, amount: 900, empty: "" };
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

  it("is asked for by one question, which no function changes for the next", async () => {
    const asked: unknown[] = [];
    const change = (question: object): void => void Reflect.set(question, "tenant", "https://other.example");
    const keep = (question: object): void => void asked.push({ ...question });
    const attributes: ToolEntry["attributes"] = (_, question) => {
      change(question);
      return {};
    };
    const find = (question: object): { readonly a: 1 } => {
      keep(question);
      change(question);
      return { a: 1 };
    };
    const scope: ToolEntry["scope"] = (question) => {
      keep(question);
      return change(question) as undefined;
    };
    await loadResource({ ...entry, attributes, sources: { one: { find }, other: { find } }, scope }, { ...query });
    expect(asked).toEqual([query, query, query]);
    await placeEntry({ ...entry, scope, policyVersion: scope }, { ...query });
    expect(asked).toEqual(Array(5).fill(query));
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
    ["an argument that is empty", { id: "empty" }],
    ["a function that gives nothing", { id: () => "" }],
    ["a function that gives undefined", { id: () => undefined as never }],
  ])("is not named by the arguments where its id is %s", async (_, changed) => {
    expect(await failed(changed)).toBe("arguments_malformed");
  });

  it("cannot be told where a function gives something else for an id: that is the tool map's fault", async () => {
    expect(await failed({ id: (() => ({ at: "x" })) as never })).toBe("attributes_invalid");
    expect(await failed({ id: (() => Promise.resolve("x")) as never })).toBe("attributes_invalid");
  });

  it("is asked for by nobody where the arguments do not name it", async () => {
    const seen: unknown[] = [];
    const find = () => void seen.push(1);
    await failed({ id: "nope", attributes: () => ({ seen: seen.push(1) }), sources: { invoice: { find } } });
    expect(seen).toEqual([]);
  });

  it("is not named by the arguments where the function that makes its id throws: for these, it always will", async () => {
    expect(
      await failed({
        id: () => {
          throw new Error("down");
        },
      }),
    ).toBe("arguments_malformed");
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

  it.each<[string, Partial<ToolEntry>, string]>([
    ["its loader", { attributes: () => undefined }, "its loader"],
    ["its loader, by null", { attributes: async () => null }, "its loader"],
    ["a required source", { sources: { invoice: { find: () => undefined } } }, 'the source "invoice"'],
  ])(
    "is not there where %s has nothing of it, which is told beside what policies are asked",
    async (_, changed, who) => {
      const { resource, origins, notThere } = await loadResource({ ...entry, ...changed }, query);
      expect(notThere).toMatchObject({ code: "resource_unknown", hop: 0 });
      expect(notThere?.message).toContain(`${who} knows no such resource`);
      expect(resource).toMatchObject({ kind: "payment", id: "pay", attr: { args } });
      expect(origins).toMatchObject([{ of: "resource", missing: true }]);
    },
  );

  it("is there where an optional source has nothing, and where nobody was to know it", async () => {
    const sources = { invoice: { find: () => undefined, optional: true } };
    expect(await loadResource({ ...entry, sources }, query)).not.toHaveProperty("notThere");
    expect(await loadResource(entry, query)).not.toHaveProperty("notThere");
  });

  it("cannot be told where one source is down, whether or not another knows it", async () => {
    const down = { find: () => new Promise<never>((_, no) => setTimeout(no, 5, new Error("down"))) };
    expect(await failed({ attributes: () => undefined, sources: { crm: down } })).toBe("context_unavailable");
    const own = {
      attributes: async () => Promise.reject(new Error("down")),
      sources: { crm: { find: () => undefined } },
    };
    expect(await failed(own)).toBe("context_unavailable");
  });

  it("cannot be told where the loader gives an attribute of a source's name", async () => {
    const sources = { invoice: { find: () => ({}) } };
    expect(await failed({ sources, attributes: () => ({ invoice: {} }) })).toBe("attributes_invalid");
  });

  it.each<[string, ResourceSourceOptions["key"], string]>([
    ["an argument that is empty", "empty", 'the argument "empty" is empty'],
    [
      "a function that fails",
      () => {
        throw new Error("x");
      },
      "its key function failed on these arguments",
    ],
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
    expect(error).toMatchObject({ code: "arguments_malformed" });
    expect(error.message).toContain(why);
  });

  it("does not show policies what an entry hides from them", async () => {
    const { resource } = await loadResource({ ...entry, hideFromPolicies: ["n", "flag"] }, query);
    expect(resource.attr).toEqual({ args: { id: "INV-7", amount: 900, empty: "" } });
  });

  it("has the arguments under another name where the entry says so", async () => {
    const { resource } = await loadResource({ ...entry, argumentsAs: "arguments" }, query);
    expect(resource.attr).toEqual({ arguments: args });
  });
});

describe("a resource that cannot be told, and where one came from", () => {
  const query = { tool: "pay", arguments: { id: "INV-7", empty: "" }, tenant: ISSUER };
  const fault = new Error("down: password hunter2");
  const fail = () => {
    throw fault;
  };

  it.each<[string, Partial<ToolEntry>, string, unknown]>([
    ["the loader fails", { attributes: fail }, "its loader failed", fault],
    [
      "the loader gives a list",
      { attributes: () => [] as never },
      "what it gave is a list, not an object: of the rows of a query, give the one",
      expect.anything(),
    ],
    [
      "the loader gives our own name",
      { attributes: () => ({ args: {} }) },
      'its loader gave an attribute "args", which is the name of the arguments or of a source',
      undefined,
    ],
    ["the function of the id fails", { id: fail }, "the function that makes its id failed on these arguments", fault],
    ["the id is empty", { id: "empty" }, 'the argument "empty", which has its id, is empty', undefined],
    [
      "a function gives no id",
      { id: () => "" },
      "the function that makes its id gave none for these arguments",
      undefined,
    ],
    ["a function gives no text", { id: () => 7 as never }, "the function that makes its id gave no text", undefined],
    [
      "there is no id",
      { id: "nope" },
      'the argument "nope", which has its id, is neither a text nor a number',
      undefined,
    ],
  ])("are a denial that says why where %s, with the cause for operators alone", async (_, changed, why, cause) => {
    const error = await errorOf(loadResource({ ...entry, ...changed }, query));
    expect(error.message).toBe(`the resource of "pay" could not be told: ${why}`);
    expect(error.cause).toEqual(cause);
  });

  it("have no scope and no version where the entry has none", async () => {
    expect((await loadResource(entry, query)).resource).toStrictEqual({
      kind: "payment",
      id: "pay",
      attr: { args: query.arguments },
    });
  });

  it("name the argument at fault, and tell a map's fault from a call's", async () => {
    expect(await errorOf(loadResource({ ...entry, id: "a/b" }, query))).toMatchObject({
      code: "arguments_malformed",
      pointer: "/a~1b",
    });
    const cause = new HopwiseError("attributes_invalid", "a promise is no answer");
    const id = () => {
      throw cause;
    };
    expect(await errorOf(loadResource({ ...entry, id }, query))).toMatchObject({
      code: "attributes_invalid",
      message: 'the resource of "pay" could not be told: the function that makes its id failed: a promise is no answer',
      cause,
    });
  });

  it("are none where their policies cannot be told, with their map's name for it", async () => {
    const error = await errorOf(loadResource({ ...entry, scope: fail }, query, { named: "shop://{id}" }));
    expect(error).toMatchObject({ code: "context_unavailable", cause: fault });
    expect(error.message).toContain('the policies for "shop://{id}" cannot be told');
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
