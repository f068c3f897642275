import { optionsOf } from "../options/index.ts";
import { agentsFrom } from "./directories.ts";
import { askedOverHttp, checkAddress, HTTP_ROWS, type HttpSourceOptions } from "./over-http.ts";
import type { Agent, AgentRegistry } from "./sources.ts";

export interface HttpAgentsOptions extends HttpSourceOptions<string, Agent> {}

const readHttpAgents = optionsOf<HttpAgentsOptions>("agentsOverHttp", HTTP_ROWS);

/**
 * An agent registry behind HTTP, which answers as a directory of users does: see `usersOverHttp`. Which keys an agent has
 * is its word alone, so let nobody else answer in its place: ask it by `https`.
 *
 * ```ts
 * agentsOverHttp({ name: "registry", url: (name) => `https://agents.acme.example/${encodeURIComponent(name)}`, parse: (body) => body as Agent, ttlMs: 10_000 })
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for times that cannot be right, and for a `url` that gives no address whichever the
 *   agent is, as where an environment variable is not set
 */
export function agentsOverHttp(options: HttpAgentsOptions): AgentRegistry {
  const read = readHttpAgents(options);
  checkAddress("agentsOverHttp", "agent", (name) => read.url(name));
  return agentsFrom(askedOverHttp(read, { one: "agent", nameOf: (name: string) => name }));
}
