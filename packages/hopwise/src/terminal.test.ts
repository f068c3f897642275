import { describe, expect, it } from "vitest";
import { paint, type Terminal, tokenless } from "./terminal.ts";

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
});
