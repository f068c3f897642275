import { describe, expect, it } from "vitest";
import { hostHeaders } from "./host-headers.ts";

const LOGIN = { authorization: "Bearer x" };

describe("the headers of a host's function", () => {
  it.each<[string, unknown, object]>([
    ["an object", LOGIN, LOGIN],
    ["a promise of one", Promise.resolve({ Authorization: "Bearer x" }), LOGIN],
    ["Headers", new Headers(LOGIN), LOGIN],
    ["pairs", [["Authorization", "Bearer x"]], LOGIN],
    ["nothing", undefined, {}],
  ])("are taken as %s", async (_, given, headers) => {
    expect(await hostHeaders(() => given)).toEqual(headers);
  });

  it("are none where there is no function", async () => {
    expect(await hostHeaders(undefined)).toEqual({});
  });

  it.each<[string, unknown]>([
    ["a text", "Bearer x"],
    ["a number", 5],
    ["null", null],
    ["a value that no header can have", { authorization: "Bearer x\n" + "y" }],
  ])("are not %s", async (_, given) => {
    await expect(hostHeaders(() => given)).rejects.toThrow(/^what it gave can be no headers$/);
  });
});
