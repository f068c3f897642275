import type { PublicJwk } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson } from "../../json/index.ts";
import { listed, timeAway } from "../../lib/index.ts";
import { list, maybe, members, optionsOf, type Shape, suchAt, text, type Wrong } from "../../options/index.ts";
import { digestOf, integerOf, PUBLIC_JWK, refuseClaim, type Subject, textOf } from "../claims/index.ts";
import { type KnownKey, keyAmong, type Thumbprint, type TokenHash } from "../keys/index.ts";
import { MAY_NOT_NAME, mayName, mayNotSay } from "../trust/index.ts";
import { type ApprovalRequest, hashOfRead, REQUEST, type RequestHash } from "./approval-request.ts";
import { type ApprovalAnswer, refuseApproval } from "./approve.ts";
import {
  checkRemembered,
  completed,
  type OpenedStatement,
  openStatement,
  READING_ROWS,
  type Reading,
  type ReadingOptions,
  splitStatement,
  untimely,
} from "./statement.ts";

/** Somebody who may be asked to approve, with the keys that they registered. A key is one person's. */
export interface Approver extends Subject {
  readonly keys: readonly PublicJwk[];
}

/** An answer that verified. It counts once: (`signedBy`, `jti`) must not have been used before. */
export interface VerifiedApproval {
  readonly answer: ApprovalAnswer;
  /** Who answered. Whether they may is for policies. */
  readonly approver: Subject;
  readonly request: RequestHash;
  readonly signedBy: Thumbprint;
  readonly jti: string;
  /** In seconds since the epoch, to the millisecond. */
  readonly issuedAt: number;
  /** In seconds since the epoch. */
  readonly expiresAt: number;
  /** H of the statement: its identity on record. */
  readonly hash: TokenHash;
}

/** How an enforcement point reads answers. */
export interface ApprovalReading extends ReadingOptions {
  /** The request that the call makes as it is now, made anew; never what a store or a client says that it was. */
  readonly request: ApprovalRequest;
  /** Those whose own keys may sign. Default: nobody, so that only issuers with `approvals` may. */
  readonly approvers?: readonly Approver[];
}

const APPROVER: Shape = members<Approver>(
  {
    issuer: text("an issuer, such as https://id.example"),
    subject: text("a user there, such as bob"),
    keys: list(PUBLIC_JWK, "a list of public JWKs"),
  },
  "an approver, { issuer, subject, keys }",
);

export const APPROVERS: Shape = suchAt("a list of approvers", sharedKey, list(APPROVER, "a list of approvers"));

/** Where a key stands that somebody before has, too: whose answer one that it signs would be could not be told. */
function sharedKey(approvers: readonly Approver[]): Wrong | undefined {
  const owners = new Map<string, string>();
  for (const [i, { issuer, subject, keys }] of approvers.entries()) {
    const person = JSON.stringify([issuer, subject]);
    for (const [k, jwk] of keys.entries()) {
      const key = canonicalJson({ ...jwk });
      if ((owners.get(key) ?? person) !== person)
        return { path: [i, "keys", k], what: "a key that nobody else in the list has" };
      owners.set(key, person);
    }
  }
  return undefined;
}

const readOptions = optionsOf<ApprovalReading>("verifyApproval", {
  ...READING_ROWS,
  request: REQUEST,
  approvers: maybe(APPROVERS),
});

/**
 * Verifies a signed answer: somebody who is no agent of the chain answered just this request, and the answer is good now.
 * Whether they may approve it is for policies, and whether the answer was used before for whoever remembers.
 *
 * @throws {HopwiseError} `approval_refused`, `audience_mismatch`, `token_untrusted_issuer`, `token_expired`,
 *   `token_not_yet_valid`; for its form or its signature, what a chain is refused with
 */
export async function verifyApproval(text: string, options: ApprovalReading): Promise<VerifiedApproval> {
  const { trust, deadlineMs, request, approvers = [], ...reading } = completed(readOptions(options));
  const wanted = await hashOfRead(request);
  const jws = splitStatement(text, "hw-approval+jwt", reading.limits);
  let registered: Subject | undefined;
  const statement = await openStatement(jws, {
    trust,
    deadlineMs,
    keyOf: async (thumbprint) => {
      const found = await findApprover(approvers, thumbprint);
      registered = found.approver;
      return found.key;
    },
    claimsOf: (signer) => (signer === "issuer" ? [...CLAIMS, "sub"] : CLAIMS),
  });
  const { answer, exp } = readAnswer(statement);
  const { signedBy, jti, issuedAt, hash } = statement;
  if (request.agents.some(({ key }) => key === signedBy))
    refuseApproval("/iss", "an agent of the chain does not approve its own call");
  const approver = registered ?? userOf(statement);
  if (statement.audience !== request.audience) {
    throw new HopwiseError("audience_mismatch", "the approval is meant for another enforcement point", {
      pointer: "/aud",
    });
  }
  if (statement.claims["request"] !== wanted)
    refuseApproval("/request", "it is of another request than this call makes");
  checkTime(statement, exp, request, reading);
  return { answer, approver, request: wanted, signedBy, jti, issuedAt, expiresAt: exp, hash };
}

const CLAIMS = ["answer", "exp", "request"];

async function findApprover(
  approvers: readonly Approver[],
  thumbprint: Thumbprint,
): Promise<{ readonly approver: Subject; readonly key: KnownKey }> {
  for (const { issuer, subject, keys } of approvers) {
    const key = await keyAmong(keys, thumbprint);
    if (key !== undefined) return { approver: { issuer, subject }, key };
  }
  return refuseApproval("/jkt", "no approver has registered the key that signed");
}

function readAnswer({ claims }: OpenedStatement): { readonly answer: ApprovalAnswer; readonly exp: number } {
  const { answer } = claims;
  if (answer !== "yes" && answer !== "no") return refuseClaim("/answer", "yes or no is expected");
  digestOf(claims, "request");
  if (claims["sub"] !== undefined) textOf(claims, "sub", 256);
  return { answer, exp: integerOf(claims, "exp") };
}

function userOf({ anchor, claims }: OpenedStatement): Subject {
  const subject = claims["sub"] as string;
  if (anchor?.approvals !== true) return mayNotSay("/iss", "its anchor does not let it approve (approvals: true)");
  if (!mayName(anchor, subject)) mayNotSay("/sub", MAY_NOT_NAME, `: ${listed([subject])}`);
  return { issuer: anchor.issuer, subject };
}

function checkTime(
  { claims, issuedAt }: OpenedStatement,
  exp: number,
  { untilSeconds }: ApprovalRequest,
  reading: Reading,
): void {
  const { nowSeconds, limits } = reading;
  if (exp <= (claims["iat"] as number)) refuseClaim("/exp", "an approval expires after it was given");
  if (exp > untilSeconds) refuseApproval("/exp", "it outlives the request");
  if (exp <= nowSeconds)
    untimely("token_expired", "/exp", "it has expired; have the call approved anew", timeAway(exp - nowSeconds));
  if (issuedAt > nowSeconds + limits.skewSeconds) {
    const rule = `its time may be ${limits.skewSeconds} seconds ahead; check the clock`;
    untimely("token_not_yet_valid", "/iat", rule, timeAway(issuedAt - nowSeconds));
  }
  checkRemembered(issuedAt, reading);
}
