import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { isUriTemplate, readUriTemplate } from "./uri-template.ts";

const ORDER = "shop://orders/{id}";
const valuesIn = (template: string, uri: string): unknown => readUriTemplate(template)(uri)?.values;

describe("a template of URIs", () => {
  it("is a name with :// in it", () => {
    expect([ORDER, "policy://payments", "a:b", "*", "mcp:resources/read", "send_payment"].map(isUriTemplate)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it.each([
    [ORDER, "shop://orders/17", { id: "17" }],
    [ORDER, "shop://orders/a.b_c~d-e", { id: "a.b_c~d-e" }],
    [ORDER, "shop://orders/a%20b", { id: "a b" }],
    [ORDER, "shop://orders/%C3%A9", { id: "é" }],
    [ORDER, "shop://orders/a%2Fb", { id: "a/b" }],
    [ORDER, "shop://orders/%252F", { id: "%2F" }],
    [ORDER, "shop://orders/...", { id: "..." }],
    ["shop://{kind}/{id}.json", "shop://orders/1.json", { kind: "orders", id: "1" }],
    ["shop://{kind}/{id}.json", "shop://orders/1.json.json", { kind: "orders", id: "1.json" }],
    ["shop://orders/{id}?full=yes", "shop://orders/1?full=yes", { id: "1" }],
    ["policy://payments", "policy://payments", {}],
    ["https://example.com", "https://example.com", {}],
  ])("%s reads %s", (template, uri, values) => {
    expect(valuesIn(template, uri)).toEqual(values);
  });

  it.each([
    ["an empty value", "shop://orders/"],
    ["no value", "shop://orders"],
    ["a further segment", "shop://orders/1/lines"],
    ["a query", "shop://orders/1?as=admin"],
    ["a fragment", "shop://orders/1#x"],
    ["a way up", "shop://orders/.."],
    ["a segment that stays", "shop://orders/."],
    ["a way up, encoded", "shop://orders/%2E%2E"],
    ["a way up from elsewhere", "shop://other/../orders/1"],
    ["a letter that needs no code", "shop://orders/%41"],
    ["lower-case codes", "shop://orders/a%2fb"],
    ["a code that is none", "shop://orders/%ZZ"],
    ["a broken code", "shop://orders/1%2"],
    ["bytes that are no text", "shop://orders/%FF"],
    ["an overlong code of a slash", "shop://orders/%C0%AF"],
    ["a space", "shop://orders/a b"],
    ["a letter that must be encoded", "shop://orders/é"],
    ["a comma, which makes two values", "shop://orders/a,b"],
    ["a plus, which some read as a space", "shop://orders/a+b"],
    ["a backslash, which some read as a slash", "shop://orders/a\\b"],
    ["a line break", "shop://orders/1\n"],
    ["a line break that readers of URLs drop", "shop://ord\ners/1"],
    ["a text before it", "xshop://orders/1"],
    ["another case", "Shop://orders/1"],
  ])("does not stand for %s", (_, uri) => {
    expect(readUriTemplate(ORDER)(uri)).toBeUndefined();
  });

  it("does not stand for a host that is no name", () => {
    for (const uri of ["doc://.", "doc://.."]) expect(valuesIn("doc://{name}", uri), uri).toBeUndefined();
    expect(valuesIn("doc://{name}", "doc://...")).toEqual({ name: "..." });
  });

  it.each([
    ["shop://{+id}", 'beside plain text it may have names in braces, such as "shop://orders/{id}"'],
    ["shop://my orders/{id}", 'beside plain text it may have names in braces, such as "shop://orders/{id}"'],
    ["shop://{kind}/{id", 'beside plain text it may have names in braces, such as "shop://orders/{id}"'],
    ["shop://{id}/{id}", "a name stands in it twice"],
    ["shop://{a}-{b}", 'between two names stands something that could be part of a value; put a "/" there'],
    ["shop://{__proto__}", "a name is not allowed"],
    [
      "SHOP://orders/{id}",
      'no URI is written so; write the scheme, the host and the path as a URL has them, as in "shop://orders/x"',
    ],
    [
      "https://Acme.example/../{id}",
      'no URI is written so; write the scheme, the host and the path as a URL has them, as in "https://acme.example/x"',
    ],
    ["shop://(a|b)/{id}", "no URI is written so; write the scheme, the host and the path as a URL has them"],
    ["https://acme.example:{x}y/", "no URI is written so; write the scheme, the host and the path as a URL has them"],
  ])("says what is wrong with %s", (template, why) => {
    const message = `tools: "${template}" cannot be a URI template: ${why}`;
    expect(() => readUriTemplate(template)).toThrow(expect.objectContaining({ message }));
  });

  it("may have a name where a URL has numbers alone", () => {
    expect(valuesIn("shop://host:{port}/x", "shop://host:8080/x")).toEqual({ port: "8080" });
  });

  it("compares plain text to the letter, also what means something in a pattern", () => {
    expect(valuesIn("shop://a.b/(x)+{id}", "shop://a.b/(x)+1")).toEqual({ id: "1" });
    expect(valuesIn("shop://a.b/(x)+{id}", "shop://aXb/(x)+1")).toBeUndefined();
  });

  it("does not read a value in the place of a host that URLs write in another way", () => {
    expect(valuesIn("https://{tenant}/x", "https://acme/x")).toEqual({ tenant: "acme" });
    for (const uri of ["https://ACME/x", "https://0x7f.1/x", "https://%C3%A9/x"]) {
      expect(valuesIn("https://{tenant}/x", uri), uri).toBeUndefined();
    }
  });

  it.each([
    ["an operator of RFC 6570", "shop://orders/{+path}"],
    ["a list of names", "shop://orders/{a,b}"],
    ["a query by RFC 6570", "shop://orders{?page}"],
    ["a prefix", "shop://orders/{id:3}"],
    ["a star", "shop://orders/{id*}"],
    ["braces with nothing in them", "shop://orders/{}"],
    ["a brace that does not close", "shop://orders/{id"],
    ["a brace that does not close after one that does", "shop://{kind}/{id"],
    ["a space", "shop://my orders/{id}"],
    ["a letter beyond ASCII", "shop://commandes-é/{id}"],
    ["a name twice", "shop://{id}/{id}"],
    ["two names side by side", "shop://{a}{b}"],
    ["two names with what a value may have between", "shop://{a}-{b}"],
    ["the name of every object's prototype", "shop://{__proto__}"],
  ])("is refused with %s: two readers could find two values", (_, template) => {
    expect(() => readUriTemplate(template)).toThrow(
      expect.objectContaining({ code: "config_invalid", message: expect.stringContaining(`"${template}"`) }),
    );
    expect(() => readUriTemplate(template)).toThrow(HopwiseError);
  });

  it("finds the values that a URI was made of, and no others", () => {
    const encode = (value: string): string =>
      encodeURIComponent(value).replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`);
    const value = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((it) => it.isWellFormed() && !/^\.\.?$/.test(it));
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(valuesIn("shop://x/{a}/{b}.json", `shop://x/${encode(a)}/${encode(b)}.json`)).toEqual({ a, b });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (rest) => {
        const values = valuesIn(ORDER, `shop://orders/${rest}`) as { id: string } | undefined;
        if (values !== undefined) expect(encode(values.id)).toBe(rest);
      }),
    );
  });
});
