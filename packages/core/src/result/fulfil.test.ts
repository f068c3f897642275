import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { addUp, fulfil, type Obligations } from "./index.ts";

const redact = (...pointers: string[]): Obligations => ({ redact: pointers, limit: {} });
const limit = (limits: Obligations["limit"]): Obligations => ({ redact: [], limit: limits });
const invoice = {
  id: "INV-7",
  iban: "DE02",
  lines: [
    { price: 1, text: "a" },
    { price: 2, text: "b" },
  ],
};

describe("obligations of several hops", () => {
  it("add up: what one hop asks for is done, whatever the others ask for", () => {
    const hops: (Obligations | undefined)[] = [
      { redact: ["/a"], limit: { "": 3 } },
      undefined,
      { redact: ["/b", "/a"], limit: { "": 5, "/c": 0 }, approval: "second person" },
    ];
    expect(addUp(hops)).toEqual({ redact: ["/a", "/b"], limit: { "": 3, "/c": 0 }, approval: "second person" });
    expect(addUp([])).toEqual({ redact: [], limit: {} });
  });

  it("never show more with one more hop", () => {
    const pointers = fc.constantFrom("/a", "/b", "/b/*", "/b/0", "/c/a", "/*");
    const one = fc.record({
      redact: fc.array(pointers, { maxLength: 3 }),
      limit: fc.dictionary(fc.constantFrom("/b"), fc.nat(3), { maxKeys: 1 }),
    });
    const value = fc.record({ a: fc.nat(), b: fc.array(fc.nat(), { maxLength: 4 }), c: fc.record({ a: fc.nat() }) });
    const shown = (result: unknown): Set<string> => {
      const found = new Set<string>();
      const walk = (at: string, it: unknown): void => {
        if (typeof it === "number") found.add(`${at} ${it}`);
        else if (typeof it === "object" && it !== null) for (const [k, v] of Object.entries(it)) walk(`${at}/${k}`, v);
      };
      walk("", result);
      return found;
    };
    fc.assert(
      fc.property(one, one, value, (first, second, result) => {
        const fewer = shown(fulfil(addUp([first, second]), result).result);
        const more = shown(fulfil(first, result).result);
        expect([...fewer].filter((leaf) => !more.has(leaf))).toEqual([]);
      }),
    );
  });
});

describe("a result that policies oblige to change", () => {
  it("loses what they name, and nothing else; the record can say where", () => {
    const done = fulfil(redact("/iban", "/lines/*/price"), invoice);
    expect(done.result).toEqual({
      id: "INV-7",
      iban: "[redacted]",
      lines: [
        { price: "[redacted]", text: "a" },
        { price: "[redacted]", text: "b" },
      ],
    });
    expect(done.redacted).toEqual(["/iban", "/lines/*/price"]);
    expect(invoice.iban).toBe("DE02");
  });

  it("loses whole objects, members with a slash in their name, and single items", () => {
    expect(fulfil(redact("/lines"), invoice).result).toEqual({ id: "INV-7", iban: "DE02", lines: "[redacted]" });
    expect(fulfil(redact("/a~1b", "/c~0d"), { "a/b": 1, "c~d": 2 }).result).toEqual({
      "a/b": "[redacted]",
      "c~d": "[redacted]",
    });
    expect(fulfil(redact("/1"), ["a", "b"]).result).toEqual(["a", "[redacted]"]);
  });

  it("is not changed by a pointer that finds nothing", () => {
    expect(fulfil(redact("/iban"), { id: 1 })).toEqual({ result: { id: 1 }, redacted: [] });
  });

  it("is read as JSON where it is a text, and written again", () => {
    expect(fulfil(redact("/iban"), '{"id":1, "iban":"DE02"}').result).toBe('{"id":1,"iban":"[redacted]"}');
  });

  it("has its lists cut to the strictest length", () => {
    const done = fulfil(limit({ "/lines": 1 }), invoice);
    expect(done.result).toMatchObject({ lines: [{ text: "a" }] });
    expect(done.limited).toEqual(["/lines"]);
    expect(fulfil(limit({ "/lines": 2 }), invoice)).toEqual({ result: invoice, redacted: [] });
    expect(fulfil(limit({ "": 0 }), [1, 2]).result).toEqual([]);
    expect(fulfil(limit({ "": 5, "/*": 1 }), [[1, 2], [3]]).result).toEqual([[1], [3]]);
  });

  it.each<[string, Obligations, unknown]>([
    ["a text that is no JSON", redact("/iban"), "the account is DE02"],
    ["a sentence that is JSON", redact("/iban"), '"the account is DE02"'],
    ["a bare number in a text", redact("/pin"), "482913"],
    ["a bare number", redact("/pin"), 482913],
    ["a text in which two readers find two values", redact("/iban"), '{"iban":"DE02","iban":"DE03"}'],
    ["a text with a number that would come out as another one", redact("/iban"), '{"account":12345678901234567890}'],
    ["a text that is nested so deeply that nobody gets to its end", redact("/iban"), "[".repeat(1e5) + "]".repeat(1e5)],
    ["what is no data", redact("/iban"), new Date(0)],
    ["a function", redact("/iban"), () => "DE02"],
    [
      "what throws when it is read",
      redact("/iban"),
      {
        get iban() {
          throw new Error("x");
        },
      },
    ],
    ["a text where a pointer leads on", redact("/body/iban"), { body: "the account is DE02" }],
    ["no list where a limit stands", limit({ "/lines": 1 }), { lines: "a, b" }],
    ["an object where a limit on the whole stands", limit({ "": 1 }), {}],
  ])("is withheld where it is %s", async (_, obligations, result) => {
    expect((await errorOf(() => fulfil(obligations, result))).code).toBe("result_withheld");
  });

  it("is the tool's own, untouched, where nothing is asked for", () => {
    const own = new Date(0);
    expect(fulfil({ redact: [], limit: {} }, own).result).toBe(own);
  });
});

describe("a result that is withheld, and one that is let through", () => {
  it("say why, and no value of the result", async () => {
    const messageOf = async (obligations: Obligations, result: unknown): Promise<string> =>
      (await errorOf(() => fulfil(obligations, result))).message;
    for (const [why, message] of [
      ["it is a text that is not JSON", await messageOf(redact("/iban"), "the account is DE02")],
      ["it is not plain data", await messageOf(redact("/iban"), new Map([["iban", "DE02"]]))],
      ["a limit points at a value that is not a list", await messageOf(limit({ "/lines": 1 }), { lines: "DE02" })],
    ] as const) {
      expect(message).toContain("the policies oblige to change the result, and that cannot be done");
      expect(message).toContain(why);
      expect(message).not.toContain("DE02");
    }
  });

  it("have nothing taken out where nothing is asked for, and no approval where nobody asked for one", () => {
    expect(fulfil({ redact: [], limit: {} }, invoice)).toEqual({ result: invoice, redacted: [] });
    expect(addUp([redact("/a"), redact("/b")])).toStrictEqual({ redact: ["/a", "/b"], limit: {} });
  });
});

describe("a text in a result, into which a pointer leads", () => {
  const refusal = async (obligations: Obligations, result: unknown): Promise<string> => {
    const error = await errorOf(() => fulfil(obligations, result));
    expect(error.code).toBe("result_withheld");
    return error.message;
  };
  const text = '{"iban":"DE02"}';

  it("withholds the result: what is meant may stand in it, where nobody can find it", async () => {
    expect(await refusal(redact("/meta/iban"), { meta: text })).toContain("a pointer leads into a text");
    expect(await refusal(redact("/meta/*"), { meta: text })).toContain("a pointer leads into a text");
    expect(await refusal(redact("/*/iban", "/meta/iban"), { meta: text })).toContain("a pointer leads into a text");
  });

  it("withholds it behind a star, too: the one that is meant may be this one", async () => {
    for (const [pointer, result] of [
      ["/*/iban", { note: "none", account: { iban: "DE02" } }],
      ["/lines/*/iban", { lines: [{ iban: "DE02" }, text] }],
      ["/*/*", { meta: text }],
      ["/*/*/iban", { lines: [text] }],
    ] as const) {
      expect(await refusal(redact(pointer), result)).toContain("a pointer leads into a text");
    }
    expect(await refusal(limit({ "/*/lines": 1 }), { meta: text })).toContain("a pointer leads into a text");
  });

  it("is none where a number, or nothing, stands: nothing can be found there", () => {
    expect(fulfil(redact("/meta/iban"), { meta: 7, none: null }).result).toEqual({ meta: 7, none: null });
    expect(fulfil(redact("/*/iban"), { meta: 7, none: null }).result).toEqual({ meta: 7, none: null });
    expect(fulfil(limit({ "/lines": 1 }), { lines: null }).result).toEqual({ lines: null });
  });

  it("lets nothing through as nothing, and null as null, as within a result", () => {
    for (const obligations of [redact("/iban"), redact("/*/iban"), limit({ "/lines": 1 })]) {
      expect(fulfil(obligations, undefined)).toEqual({ result: undefined, redacted: [] });
      expect(fulfil(obligations, null)).toEqual({ result: null, redacted: [] });
      expect(fulfil(obligations, " null ")).toEqual({ result: "null", redacted: [] });
    }
  });

  it("withholds a result that is nothing but a single value, or that is nested too deeply, as it would as data", async () => {
    expect(await refusal(redact("/iban"), 7)).toContain("it is a single value, in which nothing can be found");
    const nested = (levels: number): string => `{"iban":"DE02","deep":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    for (const result of [nested(64), JSON.parse(nested(64))]) {
      expect(await refusal(redact("/iban"), result)).toContain("that cannot be done");
    }
    expect(fulfil(redact("/iban"), nested(3)).result).toBe('{"iban":"[redacted]","deep":[[[]]]}');
  });
});

describe("a result of an MCP client", () => {
  const text = '{"iban":"DE02"}';
  const content = [{ type: "text", text }];
  const contents = [{ uri: "invoice://7", mimeType: "application/json", text }];
  const messages = [{ role: "user", content: { type: "text", text } }];

  it.each<[string, object, Obligations]>([
    ["its texts", { content }, redact("/iban")],
    [
      "its texts beside structured content",
      { content, structuredContent: { iban: "DE02" } },
      redact("/structuredContent/iban"),
    ],
    ["the text of a failure", { content, isError: true, _meta: {} }, limit({ "/lines": 1 })],
    ["a picture", { content: [{ type: "image", data: "RE02" }] }, redact("/iban")],
    ["a part of a kind of tomorrow", { content: [{ type: "film", data: "RE02" }] }, redact("/iban")],
    ["what newer versions of MCP put beside", { resultType: "complete", content }, redact("/iban")],
    ["what its server puts beside", { requestId: 7, content }, redact("/iban", "/*/iban")],
    ["a link", { content: [{ type: "resource_link", uri: "a:b" }], tookMs: 3 }, redact("/iban")],
    ["a resource", { contents, _meta: {} }, redact("/iban")],
    ["a resource in bytes", { contents: [{ uri: "a:b", blob: "RE02" }], ttlMs: 1 }, redact("/contents/*/iban")],
    ["a prompt", { description: "Pays", messages }, redact("/iban")],
    ["one among others", { answers: [{ content }] }, redact("/answers/*/iban")],
    ["one of two lists", { content, contents }, redact("/iban", "/content")],
    [
      "texts of which the policies name a part alone",
      { content: [{ ...content[0], _meta: {} }] },
      redact("/content/*/_meta"),
    ],
  ])("is withheld with %s: no pointer finds anything in there", async (_, result, obligations) => {
    const found = [result, JSON.stringify(result)].map((it) => errorOf(() => fulfil(obligations, it)));
    for (const error of await Promise.all(found)) {
      expect(error).toMatchObject({
        code: "result_withheld",
        message: expect.stringMatching(/one of an MCP client .* take its "\/(content|contents|messages)" out/),
      });
    }
  });

  it.each([
    [{ content, structuredContent: { iban: "DE02", id: 1 } }, "content"],
    [{ contents, structuredContent: { iban: "DE02", id: 1 } }, "contents"],
    [{ messages, structuredContent: { iban: "DE02", id: 1 } }, "messages"],
  ])("is shown without its texts where the policies take them out: %j", (result, list) => {
    expect(fulfil(redact(`/${list}`, "/structuredContent/iban"), result).result).toEqual({
      [list]: "[redacted]",
      structuredContent: { iban: "[redacted]", id: 1 },
    });
  });

  it("is shown as it is where nothing of it is to be changed", () => {
    const result = { content, next: { iban: "DE02" } };
    expect(fulfil(redact("/next/iban"), result).result).toEqual({ content, next: { iban: "[redacted]" } });
    expect(fulfil(redact("/iban"), { answer: result, iban: "DE02" }).result).toMatchObject({ answer: result });
  });

  it.each([
    { content: [{ type: "invoice", iban: "DE02" }, { type: "note" }] },
    {
      content: [
        { type: "text", text: "Dear Sirs", iban: "DE02" },
        { type: "text", text: "Yours" },
      ],
      pages: 2,
    },
    { messages: [{ role: "user", content: { type: "text", text: "Pay" }, iban: "DE02" }] },
    {
      contents: [
        { uri: "a:b", text: "a page" },
        { uri: "a:c", text: "a page", iban: "DE02" },
      ],
    },
  ])("is none of whose items the policies name a member that MCP does not give them: %j", (result) => {
    const obligations = redact(...Object.keys(result).map((list) => `/${list}/*/iban`));
    const changed = JSON.parse(JSON.stringify(result).replace("DE02", "[redacted]"));
    expect(fulfil(obligations, result).result).toEqual(changed);
    expect(fulfil(redact("/page/*/*/iban"), { page: result }).result).toEqual({ page: changed });
  });

  it.each([
    { content: [], iban: "DE02" },
    { iban: "DE02", content },
    { content: [1, "a"], isError: false },
    { content: "text" },
    { title: "a letter", content: [{ type: "paragraph", text: "Dear Sirs" }] },
    { contents: [{ uri: "a:b", text: "a page", words: 2 }] },
    { messages: [{ role: "user", content: "text" }] },
    { messages: [null, { role: "user", content: null }] },
    { content: [{ type: "audio", url: "a:b" }], pages: 2 },
    { contents: [{ uri: "a:b", name: "a page that nobody read yet" }] },
    { role: "user", content },
  ])("is none that has members of its own, or no parts: %j", (result) => {
    expect(fulfil(redact("/iban"), result).result).toEqual({
      ...result,
      ...("iban" in result && { iban: "[redacted]" }),
    });
  });
});
