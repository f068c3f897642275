import { describe, expect, it } from "vitest";
import { COMMANDS } from "./commands/index.ts";
import { ownVersion, run } from "./run.ts";
import type { Terminal } from "./terminal.ts";

async function type(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    colors: false,
    input: async () => undefined,
    now: () => 0,
    folder: "/nowhere",
  };
  const code = await run(args, terminal);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const names = COMMANDS.map(({ name }) => name);

describe("the command line", () => {
  it("lists every command, and says which version it is", async () => {
    const { code, out } = await type("--help");
    expect(code).toBe(0);
    for (const name of names) expect(out).toContain(`hopwise ${name}`);
    expect(await type()).toMatchObject({ code: 2, out });
    expect(await type("help")).toMatchObject({ code: 0, out });
    expect(await type("--version")).toMatchObject({ code: 0, out: ownVersion() });
    expect(ownVersion()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it.each(COMMANDS)("has help of $name, with each of its options", async ({ name, summary, options }) => {
    const help = await type(...name.split(" "), "--help");
    expect(help.code).toBe(0);
    expect(help.out).toContain(summary);
    for (const option of Object.keys(options)) expect(help.out).toContain(`--${option}`);
    expect(await type("help", ...name.split(" "))).toEqual(help);
  });

  it.each(names)("names the nearest option of %s", async (name) => {
    const { code, err } = await type(...name.split(" "), "--jsonn");
    expect(code).toBe(2);
    expect(err).toContain("did you mean --json?");
  });

  it.each([
    ["docter", "doctor"],
    ["expalin x", "explain"],
    ["token shwo", "token show"],
    ["tokens", "token show"],
    ["audit lineage", undefined],
    ["audit verfy", "audit verify"],
    ["verify", "audit verify"],
    ["frobnicate", undefined],
  ])("answers %s with %s", async (typed, near) => {
    const { code, out, err } = await type(...typed.split(" "));
    expect([code, out]).toEqual([2, ""]);
    if (near === undefined) expect(err).not.toContain("did you mean");
    else expect(err).toContain(`did you mean hopwise ${near}?`);
  });

  it("lists the commands of a group", async () => {
    const { code, out } = await type("audit");
    expect(code).toBe(2);
    expect(out).toContain("hopwise audit story");
    expect(out).not.toContain("hopwise doctor");
    expect((await type("audit", "--help")).code).toBe(0);
  });

  it("never shows a token that was typed in the wrong place", async () => {
    const token = "eyJhbGciOiJFZDI1NTE5In0.eyJqdGkiOiJBIn0.c2lnbmF0dXJl";
    for (const args of [[token], ["explain", token], ["token", "show", token], ["test", token], ["audit", token]]) {
      const { code, out, err } = await type(...args);
      expect(code).toBe(2);
      expect(out + err).not.toContain("eyJ");
    }
  });

  it("asks for input rather than waiting for a person to type it", async () => {
    expect(await type("token", "show")).toMatchObject({ code: 2, err: expect.stringContaining("Give a chain") });
    expect(await type("explain")).toMatchObject({ code: 2, err: expect.stringContaining("Give a decision") });
  });
});
