/** Who is each hop of a chain, completely? From the user directory and the agent registry, never from a token. */
export { agentsOverHttp, type HttpAgentsOptions } from "./agents-over-http.ts";
export { type ConfirmedAgents, confirmAgents } from "./confirm-agents.ts";
export {
  AGENT_REGISTRY,
  agentAttributesFrom,
  agentsFrom,
  type SourceOptions,
  USER_DIRECTORY,
  userAttributesFrom,
  usersFrom,
} from "./directories.ts";
export { type FoundUser, findUser } from "./find-user.ts";
export { type Hop, hopsOf } from "./hop.ts";
export { hopWithoutTool } from "./hop-without-tool.ts";
export { inMemoryAgents, inMemoryUsers } from "./in-memory.ts";
export { type OidcUsers, type OidcUsersOptions, oidcUsers, type VerifiedClaims } from "./oidc-users.ts";
export { delegationSchema, principalSchema } from "./principal-schema.ts";
export { DELEGATION, principalsOf } from "./principals.ts";
export type { Agent, AgentClass, AgentRegistry, User, UserDirectory, UserDirectoryTraits } from "./sources.ts";
export { checkLaterIssuers, createUserIds, type UserIds } from "./user-ids.ts";
export { type HttpUsersOptions, usersOverHttp } from "./users-over-http.ts";
