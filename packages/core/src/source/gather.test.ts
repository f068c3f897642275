import { describe, expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import { checkSourceNames, gather } from "./gather.ts";

const down = {
  find: async () => {
    throw new Error("down: password hunter2");
  },
};

describe("further sources of attributes", () => {
  it("are asked at once, and each is found under its own name, with where it came from", async () => {
    const sources = {
      risk: { find: (key: string) => ({ score: key.length }) },
      hr: { name: "hr database", find: async () => ({ grade: 7 }), look: () => ({ value: { grade: 7 }, ageMs: 40 }) },
    };
    expect(await gather(sources, "alice", "alice")).toEqual({
      attributes: { risk: { score: 5 }, hr: { grade: 7 } },
      origins: [
        { of: "alice", source: "risk", ageMs: 0 },
        { of: "alice", source: "hr database", ageMs: 40 },
      ],
    });
  });

  it.each<[string, { find(): unknown }]>([
    ["fails", down],
    ["has nothing", { find: () => undefined }],
    ["gives no object", { find: () => ["admin"] }],
    ["gives what is no data", { find: () => ({ at: new Date(0) }) }],
  ])("are required: where one %s, it cannot be told", async (_, source) => {
    const error = await errorOf(gather({ risk: source as never }, "alice", "alice", 0));
    expect(error).toMatchObject({ code: "context_unavailable", hop: 0 });
    expect(error.message).toContain('"risk"');
    expect(error.message).not.toContain("hunter2");
  });

  it("are left out where they are optional by name, and the record says so", async () => {
    const sources = { risk: { ...down, optional: true }, hr: { find: () => undefined, optional: true } };
    expect(await gather(sources, "alice", "alice")).toEqual({
      attributes: {},
      origins: [
        { of: "alice", source: "risk", ageMs: 0, missing: true },
        { of: "alice", source: "hr", ageMs: 0, missing: true },
      ],
    });
  });

  it("are not left out where one that is optional fails and another does not say so", async () => {
    const sources = { hr: { ...down, optional: true }, risk: down };
    expect((await errorOf(gather(sources, "alice", "alice"))).code).toBe("context_unavailable");
  });

  it("are frozen copies: a source that changes its answer afterwards moves nothing", async () => {
    const own = { score: 1 };
    const { attributes } = await gather({ risk: { find: () => own } }, "alice", "alice");
    own.score = 9;
    expect(attributes).toEqual({ risk: { score: 1 } });
  });

  it("may not have a name that Hopwise uses", async () => {
    expect((await errorOf(() => checkSourceNames("sources.user", { delegation: down }, "delegation"))).code).toBe(
      "config_invalid",
    );
    expect(checkSourceNames("sources.user", { risk: down }, "delegation")).toBeUndefined();
  });
});
