import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS, lacksRights } from "./rights.ts";

const folder = new URL("./", import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));

describe("the rights that the client's user needs", () => {
  it("are those to all commands of the scripts, and of what runs them", () => {
    const text = sources.map((name) => readFileSync(new URL(name, folder), "utf8")).join();
    const called = [...text.matchAll(/redis\.call\('([A-Z]+)'/g)].map(([, command]) => command as string);
    const sent = ["EVAL", "WAIT"];
    for (const command of sent) expect(text).toContain(`["${command}", `);
    expect(new Set(COMMANDS)).toEqual(new Set([...called, ...sent]));
  });

  it.each([
    ["NOPERM this user has no permissions to run the 'evalsha' command", true],
    ["ERR The user executing the script can't run this command or subcommand script: 1f, on @user_script:3.", true],
    ["NOPERM ACL failure in script: User alice has no permissions to run the 'zadd' command", true],
    ["ERR whatever", false],
    ["WRONGPASS invalid username-password pair", false],
  ])("are missing where Redis says: %s", (text, lacks) => {
    expect(lacksRights(new Error(text))).toBe(lacks);
  });
});
