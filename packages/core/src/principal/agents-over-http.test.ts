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
    await agents.find("planner/reader/../x");
    expect(seen).toEqual(["https://agents.example/planner", "https://agents.example/planner%2Freader%2F..%2Fx"]);
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

  it("is refused at the door without an address", async () => {
    const base: string | undefined = undefined;
    const error = await errorOf(() => registry(() => Response.json(PLANNER), { url: (name) => `${base}/${name}` }));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/url" });
    expect(error.message).toMatch(/^agentsOverHttp: url: the address of an agent begins with "undefined"/);
  });
});
