import { describe, expect, it } from "vitest";
import { fulfilAnswer } from "./fulfil-answer.ts";

const redact = { redact: ["/iban"], limit: {} };
const json = '{"iban":"DE02","id":1}';
const safe = '{"iban":"[redacted]","id":1}';
const _meta = { "dev.hopwise/redacted": ["/iban"] };
const shown = (result: object) => fulfilAnswer(result as never, redact).result;

describe("an answer that policies oblige to change", () => {
  it("is changed in every text, and the places are told once", () => {
    const content = [
      { type: "text", text: json },
      { type: "resource", resource: { uri: "x:DE02", mimeType: "application/json", text: json } },
    ];
    expect(fulfilAnswer({ content }, redact)).toEqual({
      result: {
        content: [
          { type: "text", text: safe },
          { type: "text", text: safe },
        ],
        _meta,
      },
      redacted: ["/iban"],
    });
  });

  it.each([json, '{"summary":"paid from DE02"}', '[{"iban":"DE02"}]', "paid from DE02", ""])(
    "is its structured content where it has any, and nothing of the text beside it, announced or not: %j",
    (text) => {
      expect(shown({ content: [{ type: "text", text }], structuredContent: { iban: "DE02", id: 1 } })).toEqual({
        content: [{ type: "text", text: '{"iban":"[redacted]","id":1}' }],
        structuredContent: { iban: "[redacted]", id: 1 },
        _meta,
      });
    },
  );

  it("keeps nothing that stands beside the texts: no notes, no links, no unknown members", () => {
    const beside = { _meta: { iban: "DE02" }, annotations: { title: "DE02" } };
    expect(shown({ content: [{ type: "text", text: json, ...beside }], ...beside, later: "DE02" })).toEqual({
      content: [{ type: "text", text: safe }],
      _meta,
    });
  });

  it("is withheld where it is a question to the client, or of another type that is not all of it", () => {
    for (const resultType of ["input_required", "task", null]) {
      expect(() => shown({ resultType, inputRequests: { a: "DE02" } })).toThrow(/withheld/);
    }
    expect(shown({ resultType: "complete", content: [{ type: "text", text: json }] })).toMatchObject({ _meta });
  });

  it("names a resource as it was asked for, and not as the server does, which may say what was to be taken out", () => {
    const contents = [1, 2].map((n) => ({
      uri: `x:DE02/${n}`,
      mimeType: "application/json",
      text: json,
      name: "DE02",
    }));
    expect(fulfilAnswer({ contents }, redact, undefined, "x:1").result).toEqual({
      contents: contents.map(({ mimeType }) => ({ uri: "x:1", mimeType, text: safe })),
      _meta,
    });
  });

  it("is changed in the messages of a prompt", () => {
    const contents = [
      { type: "text", text: json },
      { type: "resource", resource: { uri: "x:DE02", text: json } },
    ];
    const messages = contents.map((content) => ({ role: "user", content }));
    expect(shown({ messages, description: "DE02" })).toEqual({
      messages: messages.map(({ role }) => ({ role, content: { type: "text", text: safe } })),
      _meta,
    });
  });

  it("keeps to the output schema that the server lists; its text says the same, whatever the tool wrote there", () => {
    const outputSchema = { type: "object", properties: { iban: { type: "string" }, id: { type: "number" } } };
    const structuredContent = { iban: "DE02", id: 1, lines: [1, 2] };
    const obligations = { redact: ["/iban", "/none"], limit: { "/lines": 1, "/none": 1 } };
    for (const text of [json, "paid from DE02", "{}"]) {
      const result = { content: [{ type: "text", text }], structuredContent };
      expect(fulfilAnswer(result, obligations, outputSchema)).toEqual({
        result: {
          content: [{ type: "text", text: '{"id":1,"lines":[1]}' }],
          structuredContent: { id: 1, lines: [1] },
          _meta: { ..._meta, "dev.hopwise/limited": ["/lines"] },
        },
        redacted: ["/iban"],
      });
    }
    expect(() => fulfilAnswer({ content: [], structuredContent }, obligations, null)).toThrow("could not be read");
  });

  it("says nothing beside it where nothing was found", () => {
    expect(shown({ content: [{ type: "text", text: "{}" }] })).toEqual({ content: [{ type: "text", text: "{}" }] });
  });

  it("says of a failure no more than that", () => {
    const content = [{ type: "text", text: "no money on DE02" }];
    expect(shown({ content, structuredContent: { iban: "DE02" }, isError: true })).toEqual({
      content: [{ type: "text", text: "The tool failed." }],
      isError: true,
    });
  });

  it.each<[string, object]>([
    ["a text that is no JSON", { content: [{ type: "text", text: "DE02" }] }],
    ["a picture", { content: [{ type: "image", data: "RE0y" }] }],
    ["a sound", { content: [{ type: "audio", data: "RE0y" }] }],
    ["a link", { content: [{ type: "resource_link", uri: "x:DE02" }] }],
    ["a block without a kind", { content: [{ text: json }] }],
    ["a resource of no kind", { content: [{ type: "resource", resource: null }] }],
    ["a resource of bytes", { contents: [{ uri: "x:1", blob: "RE0y" }] }],
    ["an embedded resource of bytes", { content: [{ type: "resource", resource: { uri: "x:1", blob: "RE0y" } }] }],
    ["content that is no list", { content: { text: json } }],
    ["a prompt with a picture", { messages: [{ role: "user", content: { type: "image", data: "RE0y" } }] }],
  ])("is withheld as a whole where it has %s", (_, result) => {
    expect(() => shown(result)).toThrow(expect.objectContaining({ code: "result_withheld" }));
  });
});
