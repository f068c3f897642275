/**
 * Where do policies learn who a user or an agent is? Directories, registries and sources of attributes.
 *
 * @packageDocumentation
 */

export type { AuxData, AuxDataQuery, AuxDataSupplier } from "../decision/index.ts";
export {
  type Agent,
  type AgentClass,
  type AgentRegistry,
  agentAttributesFrom,
  agentsFrom,
  agentsOverHttp,
  type HttpAgentsOptions,
  type HttpUsersOptions,
  type OidcUsers,
  type OidcUsersOptions,
  oidcUsers,
  type SourceOptions,
  type User,
  type UserDirectory,
  type UserDirectoryTraits,
  userAttributesFrom,
  usersFrom,
  usersOverHttp,
  type VerifiedClaims,
} from "../principal/index.ts";
export {
  type ResourceKey,
  type ResourceQuery,
  type ResourceSourceOptions,
  resourceAttributesFrom,
} from "../resource/index.ts";
export type { AttributeSource, AttributeSources, ContextOrigin, Found, PolicyPlace, Source } from "../source/index.ts";
export type { PrincipalSources } from "../way/index.ts";
