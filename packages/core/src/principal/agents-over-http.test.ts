import { describe, expect, it } from "vitest";
import { generateSigner } from "../token/index.ts";
import { errorOf } from "../world.fixture.ts";
import { agentsOverHttp, type HttpAgentsOptions } from "./agents-over-http.ts";
import type { Agent } from "./sources.ts";

const PLANNER: Agent = { roles: ["finance_agent"], keys: [(await generateSigner()).publicJwk] };

function registry(answer: (url: string) => Response, own: Partial<HttpAgentsOptions> = {}) {
  const seen: string[] = [];
  const agents = agentsOverHttp({
    name: "registry",
    url: (name) => `https://agents.example/${encodeURIComponent(name)}`,
    parse: (body) => body as Agent,
    fetch: async (input) => {
      seen.push(new Request(input).url);
      return answer(new Request(input).url);
    },
    ...own,
  });
  return { agents, seen };
}

describe("an agent registry behind HTTP", () => {
  it("finds an agent by the name that its chain gives it, whatever stands in that", async () => {
    const { agents, seen } = registry(() => Response.json(PLANNER));
    expect(await agents.find("planner")).toEqual(PLANNER);
    await agents.find("planner/reader/x..y");
    expect(seen).toEqual(["https://agents.example/planner", "https://agents.example/planner%2Freader%2Fx..y"]);
  });

  it("is tried at the door with the name of some agent", () => {
    const asked: string[] = [];
    registry(() => Response.json(PLANNER), {
      url: (name) => {
        asked.push(name);
        return "https://agents.example/";
      },
    });
    expect(asked[0]).toMatch(/^\w+$/);
  });

  it("knows no such agent where the service says so, and none by a name that leads elsewhere", async () => {
    const { agents, seen } = registry(() => new Response(null, { status: 404 }));
    expect(await agents.find("planner")).toBeUndefined();
    expect(await agents.find("..")).toBeUndefined();
    expect(seen).toHaveLength(1);
  });

  it.each<[string, () => Response, string]>([
    ["an error", () => new Response("hunter2", { status: 503 }), "it answered 503"],
    ["no JSON", () => new Response("<html>"), "its answer is no JSON"],
    ["nothing", () => Response.json(null), "parse made no agent of its answer"],
    ["too much", () => new Response("x".repeat(2000)), "its answer is longer than 1000 bytes (maxBytes)"],
  ])("cannot tell where the answer is %s", async (_, answer, says) => {
    const { agents } = registry(answer, { maxBytes: 1000 });
    const { message } = await errorOf(Promise.resolve(agents.find("planner")));
    expect(message).toBe(says);
  });

  it("remembers for as long as it is told to", async () => {
    const { agents, seen } = registry(() => Response.json(PLANNER), { ttlMs: 60_000 });
    await agents.find("planner");
    await agents.find("planner");
    expect(seen).toHaveLength(1);
  });

  it.each<[string, unknown, string]>([
    ["of a variable that is not set", "undefined/planner", 'an agent begins with "undefined": is an environment'],
    ["with one in its host", "https://undefined/planner", 'an agent has "undefined" in its host: is an environment'],
    [
      "with a user",
      "https://reader@agents.example/planner",
      "an agent has a password in it, which belongs into headers",
    ],
    [
      "with a password",
      "https://:hunter2@agents.example/",
      "an agent has a password in it, which belongs into headers",
    ],
    ["of a file", "file:///planner", "an agent is no https address, such as https://hr.example/agents/x"],
    ["of plain http", "http://agents.example/planner", "an agent is one of plain http, and whoever stands on the way"],
    ["that is none", "agents.example", "an agent is no https address"],
    ["that is no text", 5, "an agent is no https address"],
    ["that only looks like one", { toString: () => "https://agents.example/" }, "an agent is no https address"],
  ])("is refused at the door with an address %s, and where one agent's alone is", async (_, url, says) => {
    const error = await errorOf(() => registry(() => Response.json(PLANNER), { url: () => url as string }));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/url" });
    expect(error.message.startsWith(`agentsOverHttp: url: the address of ${says}`), error.message).toBe(true);
    const own = registry(() => Response.json(PLANNER), {
      url: (name) => (name === "planner" ? (url as string) : "https://agents.example/"),
    });
    const asked = await errorOf(Promise.resolve(own.agents.find("planner")));
    expect(asked).toMatchObject({ code: "context_unavailable" });
    expect(asked.message.startsWith(`the address of ${says}`), asked.message).toBe(true);
    expect(asked.message).not.toContain("hunter2");
  });

  it("says which of its functions failed, with a word of the failure where it has one", async () => {
    const fails = (error: unknown) => () => {
      throw error;
    };
    const refused = Object.assign(new Error("hunter2"), { code: "ECONNREFUSED" });
    const asked = async (own: Partial<HttpAgentsOptions>) =>
      errorOf(Promise.resolve(registry(() => Response.json(PLANNER), own).agents.find("planner")));
    const ofUrl = (name: string): string => (name === "planner" ? fails(refused)() : "https://agents.example/");
    expect(await asked({ url: ofUrl })).toMatchObject({ message: "url failed (ECONNREFUSED)", cause: refused });
    const silent = new (class extends Error {
      override name = "not a word";
    })("hunter2");
    expect((await asked({ parse: fails(silent) })).message).toBe("parse failed");
  });

  it("leaves an answer that it does not read", async () => {
    let left = false;
    const body = new ReadableStream({
      cancel: () => {
        left = true;
      },
    });
    await errorOf(Promise.resolve(registry(() => new Response(body, { status: 500 })).agents.find("planner")));
    expect(left).toBe(true);
  });
});
