import { EVERY_TOOL } from "../../grant/index.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** SHA-256 of a token's signing input, base64url: the token's identity, which a child carries as `par_hash`. */
export type TokenHash = Branded<"TokenHash">;

/** The identity of a chain: the {@link TokenHash} of its root. */
export type ChainId = TokenHash;

/** The text of a chain in its long form: tokens, root first, joined by `~`. The compact form is no such text. */
export type LongForm = Branded<"LongForm">;

/** SHA-256 thumbprint of a key (RFC 7638), base64url. */
export type Thumbprint = Branded<"Thumbprint">;

/** Prefix of the operations of MCP that are not tools. */
const MCP_PREFIX = "mcp:";

/** Operations of MCP other than tool calls, as they stand in a grant and in a proof. */
export const MCP_OPERATIONS = [
  "mcp:tools/list",
  "mcp:resources/list",
  "mcp:resources/templates/list",
  "mcp:resources/read",
  "mcp:prompts/list",
  "mcp:prompts/get",
  "mcp:resources/subscribe",
  "mcp:resources/unsubscribe",
  "mcp:completion/complete",
] as const;

/**
 * Operations that list tools, resources or prompts: grants do not name them; each item that they show must be granted.
 */
export function isListing(operation: string): boolean {
  return operation.startsWith(MCP_PREFIX) && operation.endsWith("/list");
}

const OPERATIONS: ReadonlySet<string> = new Set(MCP_OPERATIONS);

export function isOperation(name: string): boolean {
  return OPERATIONS.has(name);
}

/** Why a text is neither a tool's own name nor an operation of MCP, the two names that a grant may hold. */
export function operationProblem(name: string): string | undefined {
  if (!name.startsWith(MCP_PREFIX)) return toolNameProblem(name);
  return isOperation(name) ? undefined : "it names an operation of MCP that is not known";
}

/** Why a text can be no id of a grant, without its audience: a tool's own name, an operation of MCP, or every tool. */
export function grantedProblem(name: string): string | undefined {
  return name === EVERY_TOOL ? undefined : operationProblem(name);
}

/** Why a name cannot be a tool's own name: it would be taken for an operation of MCP, or for a qualified id. */
export function toolNameProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.startsWith(MCP_PREFIX)) return `it begins with "${MCP_PREFIX}", which names operations of MCP`;
  if (name.includes("#")) return 'it contains "#", which separates an audience from a tool';
  return undefined;
}

/** Whether a text is an absolute URI that can name an enforcement point: compared exactly, so without a fragment. */
export function isAudience(text: string): boolean {
  return URL.canParse(text) && /^[\x21-\x7e]+$/.test(text) && !text.includes("#") && text.length <= 512;
}

/** Whether a text can name an issuer. */
export function isIssuer(text: string): boolean {
  return text.startsWith("https://") && isAudience(text);
}

/**
 * The id of a tool in the tokens of a chain: its bare name if and only if the chain's root has one audience, otherwise
 * `<audience>#<name>`.
 */
export function toolIdOf(name: string, audience: string, rootAudience: readonly string[]): string {
  return rootAudience.length === 1 ? name : `${audience}#${name}`;
}

/** What an id in the tokens of a chain names: the other way round than {@link toolIdOf}. */
export function toolOf(
  id: string,
  rootAudience: readonly string[],
): { readonly tool: string; readonly audience: string } {
  const at = id.lastIndexOf("#");
  const [only = ""] = rootAudience;
  if (rootAudience.length === 1 || at < 0) return { tool: id, audience: only };
  return { tool: id.slice(at + 1), audience: id.slice(0, at) };
}

/** An agent's name in `act.sub`, and its id in the registry. A path of words, so that a class can be part of it. */
export const AGENT_NAME: RegExp = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$/;
