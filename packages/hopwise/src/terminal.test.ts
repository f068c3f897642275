import { readdirSync, readFileSync } from "node:fs";
import { createIssuer, generateSigner, serialize } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";
import { jsonText, paint, type Terminal, tokenless } from "./terminal.ts";

describe("a terminal", () => {
  it("has colours only where they are shown", () => {
    expect(paint({ colors: true }, "red", "no")).toBe("\u001b[31mno\u001b[0m");
    expect(paint({ colors: false }, "red", "no")).toBe("no");
  });

  it("shows no token, and no beginning of one, whatever a command quotes; and leaves all else", () => {
    const seen: string[] = [];
    const write = (text: string): void => void seen.push(text);
    const terminal = tokenless({ out: write, err: write, colors: false } as unknown as Terminal);
    const token = "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiYWF0K2p3dCJ9.eyJqdGkiOiJBQUFBIn0.c2lnbmF0dXJl";
    terminal.out(`a ${token}~${token} b`);
    terminal.err(`cut: ${token.slice(0, 60)}`);
    terminal.out('{"crv":"Ed25519","d":"eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiYWF0K2p3dCJ9","kty":"OKP"} eyJ.a');
    const compact = "*hw1*AFNAg*AKkAI11QzyJsB*AJVALwaI9zBnKg%22:{*APdARid.acme.example";
    terminal.out(`{"chain":"${compact}"} ${compact.slice(0, 20)}`);
    terminal.out("the chain is not in the compact form that *hw1 begins");
    expect(seen).toEqual([
      "a (a token)~(a token) b",
      "cut: (a token)",
      '{"crv":"Ed25519","d":"eyJhbGciOiJFZDI1NTE5IiwidHlwIjoiYWF0K2p3dCJ9","kty":"OKP"} eyJ.a',
      '{"chain":"(a token)"} (a token)',
      "the chain is not in the compact form that *hw1 begins",
    ]);
  });

  it("gets JSON with nothing in it that it would obey, or that nobody would see, and which means the same", () => {
    const hostile = { "\u009b2J": ["\u202egnp", "a\u2028b", "\u001b[31m", "\ud800", "😀 é \n", "ali\u200bce"] };
    for (const text of [jsonText(hostile), jsonText(hostile, 2)]) {
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(text)).toEqual(hostile);
    }
    expect(jsonText({ a: [1] }, 2)).toBe('{\n  "a": [\n    1\n  ]\n}');
  });

  it("is shown a chain of hostile names in JSON that it does not obey", async () => {
    const signer = await generateSigner();
    const issuer = await createIssuer({
      issuer: "https://id.example",
      signer,
      audiences: ["https://pay.example"],
      subjects: "any",
      tools: "any",
    });
    const subject = "alice\u009b2J\u202e";
    const order = {
      subject,
      agent: "planner",
      holder: await generateSigner(),
      grant: grant({ pay: { to: wildcard() } }),
    };
    const chain = serialize(await issuer.issue(order));
    const out: string[] = [];
    const terminal = { err: () => {}, colors: true, input: async () => chain, now: Date.now, folder: "/nowhere" };
    await run(["token", "show", "--json"], { ...terminal, out: (text) => void out.push(text) });
    expect(out.join("")).toContain("alice\\u009b2J\\u202e");
    expect(JSON.parse(out.join(""))).toMatchObject({ user: { subject } });
  });

  it("gets its JSON of no command in another way", () => {
    const folder = new URL("commands/", import.meta.url);
    const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
    expect(texts.filter((text) => text.includes("jsonText(")).length).toBeGreaterThan(8);
    expect(texts.filter((text) => /(?:out\(|\? ?)JSON\.stringify/.test(text))).toEqual([]);
  });
});
