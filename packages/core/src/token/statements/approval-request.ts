import { sha256 } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, freezeJson, type JsonObject } from "../../json/index.ts";
import {
  isObject,
  jsonObject,
  list,
  members,
  type Rows,
  readerOf,
  type Shape,
  such,
  text,
  unless,
  WHOLE_SECONDS,
  whole,
} from "../../options/index.ts";
import { AGENT_NAMED, AUDIENCE, isSha256, PROFILE_VERSION, type Subject, THUMBPRINT } from "../claims/index.ts";
import { DEFAULT_LIMITS, operationProblem, type Thumbprint } from "../keys/index.ts";

declare const brand: unique symbol;

/** SHA-256 of the canonical request for an approval, base64url: what an approval is of. */
export type RequestHash = string & { readonly [brand]: "RequestHash" };

/**
 * A call that somebody is asked to approve: all that they are shown, and all that must still be so when the call is made
 * again.
 */
export interface ApprovalRequest {
  /** The enforcement point that asks. */
  readonly audience: string;
  /** The tool's own name, or an operation of MCP. */
  readonly tool: string;
  /** SHA-256 of the canonical JSON of the arguments as received, and as parsed by the tool's schema: as records have it. */
  readonly argumentsHash: { readonly received: string; readonly parsed: string };
  /** The resource as policies see it, with those attributes that the approver is shown. */
  readonly resource: { readonly kind: string; readonly id: string; readonly attributes: JsonObject };
  readonly user: Subject;
  /** The agents of the chain, first to last, each with its key: none where the user calls alone. */
  readonly agents: readonly { readonly name: string; readonly key: Thumbprint }[];
  /** Why an approval is asked for. */
  readonly reason: string;
  /** How many different people must approve. */
  readonly approvers: number;
  /** Until when the approved call may be made, in seconds since the epoch. */
  readonly untilSeconds: number;
}

const HASH = such("a SHA-256 in base64url", isSha256);
const HASHES = "hashes of the arguments, { received, parsed }";
const RESOURCE = "a resource, { kind, id, attributes }";

const ROWS: Rows<ApprovalRequest> = {
  audience: AUDIENCE,
  tool: text(
    "a tool's own name or an operation of MCP, such as send_payment",
    (name) => operationProblem(name) === undefined,
  ),
  argumentsHash: members<ApprovalRequest["argumentsHash"]>({ received: HASH, parsed: HASH }, HASHES),
  resource: members<ApprovalRequest["resource"]>(
    {
      kind: text("a kind of resource, such as payment"),
      id: text("a resource's id"),
      attributes: jsonObject("an object of attributes, such as {}"),
    },
    RESOURCE,
  ),
  user: members<Subject>(
    { issuer: text("an issuer, such as https://id.example"), subject: text("a user there, such as alice") },
    "a user, { issuer, subject }",
  ),
  agents: list(
    members<ApprovalRequest["agents"][number]>({ name: AGENT_NAMED, key: THUMBPRINT }, "an agent, { name, key }"),
    "a list of agents",
  ),
  reason: text("why an approval is asked for"),
  approvers: whole({ min: 1, max: 64, example: 1 }),
  untilSeconds: WHOLE_SECONDS,
};

/** A request within what somebody passes in. */
export const REQUEST: Shape = unless(
  "the request itself: of what an inbox shows, pass shown.request",
  isShown,
  members(ROWS, "a request for an approval"),
);

/** An inbox shows a request with more around it. */
function isShown(value: unknown): boolean {
  return isObject(value) && isObject(value["request"]);
}

const readRequest = readerOf<ApprovalRequest>("hashOfRequest", REQUEST);

/**
 * The hash of a request: over the canonical text (RFC 8785) of an object with exactly these members. An enforcement point
 * makes it anew from the call as it is now, and takes it from nobody.
 *
 * @throws {HopwiseError} `config_invalid` for what cannot be right
 */
export async function hashOfRequest(request: ApprovalRequest): Promise<RequestHash> {
  return hashOfRead(readRequest(request));
}

/** The same of a request that {@link REQUEST} let through. */
export async function hashOfRead(request: ApprovalRequest): Promise<RequestHash> {
  const { audience, tool, argumentsHash, resource, user, agents, reason, approvers, untilSeconds } = request;
  const text = canonicalOf({
    agents: agents.map(({ name, key }) => ({ jkt: key, sub: name })),
    approvers,
    aud: audience,
    hw: PROFILE_VERSION,
    read: argumentsHash.parsed,
    reason,
    resource: { attr: resource.attributes, id: resource.id, kind: resource.kind },
    sent: argumentsHash.received,
    tool,
    until: untilSeconds,
    user: { iss: user.issuer, sub: user.subject },
  });
  return (await sha256(text)) as RequestHash;
}

/** The bounds are those of a call's arguments, and of what stands around the attributes. */
const BOUNDS = { maxDepth: DEFAULT_LIMITS.argumentsDepth + 2, maxSize: DEFAULT_LIMITS.argumentsSize };

function canonicalOf(request: object): string {
  try {
    return canonicalJson(freezeJson(request, BOUNDS));
  } catch (cause) {
    const { pointer = "" } = cause as HopwiseError;
    const message = `the request for an approval is not plain JSON within bounds at "${pointer}"`;
    throw new HopwiseError("config_invalid", message, { pointer, cause });
  }
}
