/** Who is each hop of a chain, completely? From the user directory and the agent registry, never from a token. */
export { confirmAgents, findUser, type Hop, hopsOf, principalsOf } from "./hops.ts";
export {
  type Agent,
  type AgentClass,
  type AgentRegistry,
  inMemoryAgents,
  inMemoryUsers,
  type User,
  type UserDirectory,
} from "./sources.ts";
