/** Arguments that a tool's own schema reads: what was sent, what it made of that, and what is the tool's own. */

import { accept, type Json, refuse, type Scenario } from "../forge.ts";
import { collect } from "../group.ts";

const c = (constraint_type: string, members: object = {}): Json => ({ constraint_type, ...members });
const wildcard = c("wildcard");
const absent = c("absent");
const exact = (value: Json): Json => c("exact", { value });
const optional = (constraint: Json): Json => c("optional", { constraint });
const any = (...constraints: readonly Json[]): Json => c("any", { constraints });
const length = (max: number): Json => c("length", { max });

/** A schema that announces this default of the argument. */
const announcing = (name: string, value: Json) => ({ type: "object", properties: { [name]: { default: value } } });

export const args = collect("arguments", (add) => {
  const call = (
    slug: string,
    description: string,
    rule: string,
    grant: Json,
    scenario: Omit<Scenario, "rule" | "root" | "tool">,
    expect = accept,
  ): void => add(slug, description, { rule, root: { grant: { t: grant } }, tool: "t", ...scenario }, expect);
  const refused = (pointer: string) => refuse("grant_argument_refused", pointer);
  const missing = (pointer: string) => refuse("grant_argument_missing", pointer);
  const notObject = refuse("arguments_malformed", "");
  const to = { to: "ACME" };
  const EUR = { parsed: { ...to, currency: "EUR" }, inputSchema: announcing("currency", "EUR") };

  call(
    "sent-refused",
    "what was sent does not pass, whatever the schema makes of it",
    "V11.3",
    { s: exact("abc") },
    { arguments: { s: " abc" }, parsed: { s: "abc" } },
    refused("/s"),
  );
  call(
    "sent-unknown",
    "what was sent is not named, though the schema leaves it out",
    "V11.2",
    { to: wildcard },
    { arguments: { ...to, why: "x" }, parsed: to },
    refused("/why"),
  );
  call("read-same", "the schema changes nothing", "V11.4", { to: exact("ACME") }, { arguments: to, parsed: to });
  call(
    "read-refused",
    "what the schema made does not pass",
    "V11.4",
    { n: any(exact("5"), exact(6)) },
    { arguments: { n: "5" }, parsed: { n: 5 } },
    refused("/n"),
  );
  call(
    "read-both",
    "both forms pass",
    "V11.4",
    { n: any(exact("5"), exact(5)) },
    { arguments: { n: "5" }, parsed: { n: 5 } },
  );
  call(
    "read-type",
    "a text that the schema makes an object of",
    "V11.4",
    { body: length(99) },
    { arguments: { body: '{"to":"x"}' }, parsed: { body: { to: "x" } } },
    refused("/body"),
  );
  call(
    "default-passes",
    "a default that passes",
    "V11.4",
    { to: wildcard, currency: exact("EUR") },
    { arguments: to, ...EUR },
  );
  call(
    "default-refused",
    "a default that does not pass",
    "V11.4",
    { to: wildcard, currency: exact("USD") },
    { arguments: to, ...EUR },
    refused("/currency"),
  );
  call(
    "default-wildcard",
    "any default passes wildcard",
    "V11.4",
    { to: wildcard, currency: wildcard },
    { arguments: to, ...EUR },
  );
  call(
    "default-optional",
    "optional takes a default for present",
    "V11.4",
    { to: wildcard, currency: optional(exact("USD")) },
    { arguments: to, ...EUR },
    refused("/currency"),
  );
  call(
    "default-optional-passes",
    "a default that passes inside optional",
    "V11.4",
    { to: wildcard, currency: optional(exact("EUR")) },
    { arguments: to, ...EUR },
  );
  call(
    "own-announced",
    "an announced default that no grant names",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR },
  );
  call(
    "own-absent",
    "an announced default where nothing may be sent",
    "V11.5",
    { to: wildcard, currency: absent },
    { arguments: to, ...EUR },
  );
  call(
    "own-no-arguments",
    "an announced default of a tool that takes no argument",
    "V11.5",
    { "": absent },
    { arguments: {}, parsed: { currency: "EUR" }, inputSchema: announcing("currency", "EUR") },
  );
  call(
    "own-other-value",
    "another value than the announced default",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, parsed: { ...to, currency: "USD" } },
    refused("/currency"),
  );
  call(
    "own-other-type",
    "a default of another type than the announced one",
    "V11.5",
    { to: wildcard },
    { arguments: to, parsed: { ...to, n: "1" }, inputSchema: announcing("n", 1) },
    refused("/n"),
  );
  call(
    "own-canonical",
    "a default that is equal in canonical text",
    "V11.5",
    { to: wildcard },
    {
      arguments: to,
      parsed: { ...to, at: { b: [1, null], a: 2 } },
      inputSchema: announcing("at", { a: 2, b: [1.0, null] }),
    },
  );
  call(
    "own-null",
    "null is no default where none is announced",
    "V11.5",
    { to: wildcard },
    { arguments: to, parsed: { ...to, memo: null }, inputSchema: { type: "object", properties: { memo: {} } } },
    refused("/memo"),
  );
  call(
    "own-list",
    "a list in the place of properties announces nothing",
    "V11.5",
    { to: wildcard },
    { arguments: to, parsed: { ...to, 0: 1 }, inputSchema: { type: "object", properties: [{ default: 1 }] } },
    refused("/0"),
  );
  call(
    "own-elsewhere",
    "a default that is announced elsewhere than in properties",
    "V11.5",
    { to: wildcard },
    { arguments: to, parsed: { ...to, n: 1 }, inputSchema: { allOf: [announcing("n", 1)] } },
    refused("/n"),
  );
  const referring = ($ref: Json, beside: object = {}) => ({
    type: "object",
    properties: { currency: { $ref, ...beside } },
    $defs: { "Cur/rency": { type: "string", default: "EUR" }, Again: { $ref: "#/$defs/Cur~1rency" } },
  });
  call(
    "own-reference",
    "a default to which a reference leads",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: referring("#/$defs/Cur~1rency") },
  );
  call(
    "own-reference-encoded",
    "the same, by signs that are encoded as in a URI",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: referring("#/%24defs/Cur~1rency") },
  );
  call(
    "own-reference-encoded-slash",
    "an encoded slash in a reference: it is decoded first, and parts two names",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: referring("#/$defs/Cur%2Frency") },
    refused("/currency"),
  );
  call(
    "own-reference-twice",
    "a reference that leads to another one",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: referring("#/$defs/Again") },
  );
  const inList = (place: string): object => ({
    properties: {
      to: { anyOf: [{ type: "string" }, { type: "string", default: "EUR" }] },
      currency: { $ref: `#/properties/to/anyOf/${place}` },
    },
  });
  call(
    "own-reference-in-list",
    "a reference that leads to a place of an array",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: inList("1") },
  );
  call(
    "own-reference-in-list-padded",
    "a reference to a place of an array by a number with a zero before it",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: inList("01") },
    refused("/currency"),
  );
  call(
    "own-reference-of-all",
    "a schema that is a reference as a whole",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: { $ref: "#/$defs/All", $defs: { All: announcing("currency", "EUR") } } },
  );
  call(
    "own-reference-beside",
    "a default beside a reference is that of the argument",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: referring("#/$defs/Again", { default: "USD" }) },
    refused("/currency"),
  );
  call(
    "own-reference-elsewhere",
    "a reference to another document",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: referring("https://example.com/#/$defs/Cur~1rency") },
    refused("/currency"),
  );
  call(
    "own-reference-circle",
    "a reference that leads to itself",
    "V11.5",
    { to: wildcard },
    { arguments: to, ...EUR, inputSchema: referring("#/properties/currency") },
    refused("/currency"),
  );
  call(
    "own-unannounced",
    "a default that is not announced",
    "V11.5",
    { to: wildcard },
    { arguments: to, parsed: { ...to, currency: "EUR" } },
    refused("/currency"),
  );
  call(
    "own-absent-unannounced",
    "a default that is not announced, where nothing may be sent",
    "V11.5",
    { to: wildcard, currency: absent },
    { arguments: to, parsed: { ...to, currency: "EUR" } },
    refused("/currency"),
  );
  call(
    "own-adds",
    "an argument that the tool adds by its author's word",
    "V11.5",
    { to: wildcard },
    { arguments: to, parsed: { ...to, key: "7f" }, adds: { t: ["key"] } },
  );
  call(
    "own-adds-absent",
    "the same where nothing may be sent",
    "V11.5",
    { to: wildcard, key: absent },
    { arguments: to, parsed: { ...to, key: "7f" }, adds: { t: ["key"] } },
  );
  call(
    "own-adds-named",
    "what a grant names is held against it, whoever adds it",
    "V11.4",
    { to: wildcard, key: exact("80") },
    { arguments: to, parsed: { ...to, key: "7f" }, adds: { t: ["key"] } },
    refused("/key"),
  );
  call(
    "own-adds-sent",
    "what the author adds may not be sent",
    "V11.2",
    { to: wildcard },
    { arguments: { ...to, key: "7f" }, parsed: { ...to, key: "7f" }, adds: { t: ["key"] } },
    refused("/key"),
  );
  call(
    "own-adds-other",
    "the word of another tool's author",
    "V11.5",
    { to: wildcard },
    { arguments: to, parsed: { ...to, key: "7f" }, adds: { u: ["key"] } },
    refused("/key"),
  );
  call(
    "made-renamed",
    "an argument that the schema renames",
    "V11.5",
    { a: wildcard },
    { arguments: { a: "x" }, parsed: { b: "x" } },
    refused("/b"),
  );
  call(
    "made-renamed-named",
    "a grant that names both",
    "V11.6",
    { a: wildcard, b: exact("x") },
    { arguments: { a: "x" }, parsed: { b: "x" } },
  );
  call(
    "made-of-text",
    "an argument that the schema takes out of a text",
    "V11.5",
    { body: length(99) },
    { arguments: { body: '{"to":"x"}' }, parsed: { body: '{"to":"x"}', to: "x" } },
    refused("/to"),
  );
  call(
    "nested-default",
    "a default inside an object",
    "V11.4",
    { card: c("object", { properties: { holder: wildcard } }) },
    {
      arguments: { card: { holder: "Ann" } },
      parsed: { card: { holder: "Ann", currency: "EUR" } },
      inputSchema: announcing("card", {}),
    },
    refused("/card"),
  );
  call(
    "missing",
    "an argument that is neither sent nor made",
    "V11.6",
    { to: wildcard, currency: exact("EUR") },
    { arguments: to, parsed: to },
    missing("/currency"),
  );
  call(
    "missing-no-schema",
    "an argument that is not sent, and no schema follows",
    "V11.6",
    { to: wildcard, currency: exact("EUR") },
    { arguments: to },
    missing("/currency"),
  );
  call(
    "missing-optional",
    "optional may be missing",
    "V11.6",
    { to: wildcard, currency: optional(exact("EUR")) },
    { arguments: to, parsed: to },
  );
  call(
    "missing-stripped",
    "an argument that was sent and that the schema leaves out is there",
    "V11.6",
    { to: wildcard, why: wildcard },
    { arguments: { ...to, why: "x" }, parsed: to },
  );
  call(
    "any-arguments-made",
    "{} under a tool: whatever the schema makes",
    "V11.5",
    {},
    { arguments: {}, parsed: { a: 1, b: { c: 2 } } },
  );
  call(
    "read-long",
    "what the schema made is longer than arguments may be",
    "V11.8",
    { a: wildcard },
    { arguments: { a: "x" }, parsed: { a: "xxxxxxxxxx" }, limits: { argumentsSize: 14 } },
    refuse("arguments_malformed", "/a"),
  );
  call("read-list", "what the schema made is no object", "V11.8", {}, { arguments: {}, parsed: [] }, notObject);
  call(
    "read-null",
    "what the schema made is null, which stands for none",
    "V11.8",
    {},
    { arguments: {}, parsed: null },
  );
  call(
    "own-odd",
    "the announced default is no JSON by section 1",
    "V11.5",
    { to: wildcard },
    { arguments: to, parsed: { ...to, currency: "EUR" }, inputSchema: announcing("currency", "\ud800") },
    refused("/currency"),
  );
  const operation = (slug: string, about: string, tool: string, args: Json, pointer?: string): void =>
    add(
      `operation-${slug}`,
      about,
      { rule: "V11.7", root: { grant: { [tool]: {} } }, tool, arguments: args },
      pointer === undefined ? accept : refuse("arguments_malformed", pointer),
    );
  const [resource, prompt] = ["mcp:resources/read", "mcp:prompts/get"];
  operation("resource", "a resource", resource, { uri: "a:b" });
  operation("resource-none", "a resource without a URI", resource, {}, "/uri");
  operation("resource-empty", "a resource whose URI is empty", resource, { uri: "" }, "/uri");
  operation("resource-list", "a resource whose URI is no text", resource, { uri: ["a:b"] }, "/uri");
  operation("prompt", "a prompt", prompt, { name: "x" });
  operation("prompt-none", "a prompt without a name", prompt, { arguments: {} }, "/name");
  add(
    "operation-not-granted",
    "a resource without a URI, which the grant asks for, too: what was sent is looked at first, then the URI",
    {
      rule: "V11.2",
      root: { grant: { [resource]: { uri: wildcard } } },
      tool: resource,
      arguments: { url: "a:b" },
    },
    refused("/url"),
  );
  add(
    "missing-late",
    "an argument missing for the root, and one refused for the derived token: what was sent is looked at first",
    {
      rule: "V11.3",
      root: { grant: { t: { to: wildcard, n: wildcard } } },
      links: [{ grant: { t: { to: exact("Globex"), n: wildcard } } }],
      tool: "t",
      arguments: to,
    },
    refused("/to"),
  );
  add(
    "derived-default",
    "a default that the root lets pass and the derived token does not",
    {
      rule: "V11.4",
      root: { grant: { t: { to: wildcard, currency: wildcard } } },
      links: [{ grant: { t: { to: wildcard, currency: exact("USD") } } }],
      tool: "t",
      arguments: to,
      ...EUR,
    },
    refused("/currency"),
  );
});
