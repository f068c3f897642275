/** Judges a revocation, an approval, a page of the feed or the answer of a remote holder with packages/core. */
import type { PublicJwk, TrustAnchor } from "@hopwise/core";
import {
  type ApprovalRequest,
  type Approver,
  type ReadingOptions,
  type Thumbprint,
  verifyApproval,
  verifyRevocation,
} from "@hopwise/core/tokens";
import type { JsonObject } from "../packages/core/src/json/index.ts";
import { readFeedPage } from "../packages/core/src/token/index.ts";
import { holderKey } from "../packages/core/src/token/make/request.ts";
import type { Expect, RequestForm, StatementVector } from "./source/vector.ts";

export async function judgeStatement({ now, config, input }: StatementVector): Promise<Expect> {
  const reading: ReadingOptions = {
    trust: config.trust as unknown as readonly TrustAnchor[],
    nowSeconds: now,
    ...(config.limits && { limits: config.limits }),
  };
  if ("holder" in input) {
    await holderKey({ request: input.holder, challenge: input.challenge });
  } else if ("page" in input) {
    const [audience = ""] = config.audience ?? [];
    await readFeedPage(input.page, {
      keys: (config.feed ?? []) as readonly PublicJwk[],
      audience,
      since: input.since,
      nowSeconds: now,
      maxBytes: config.limits?.["tokenBytes"] ?? 65_536,
    });
  } else if ("revocation" in input) {
    await verifyRevocation(input, { ...reading, audience: config.audience ?? [] });
  } else {
    const approvers = (config.approvers ?? []).map(({ iss, sub, keys }) => ({ issuer: iss, subject: sub, keys }));
    await verifyApproval(input.approval, {
      ...reading,
      request: requestOf(input.request),
      approvers: approvers as unknown as readonly Approver[],
    });
  }
  return { result: "accept" };
}

function requestOf({
  aud,
  tool,
  sent,
  read,
  resource,
  user,
  agents,
  reason,
  approvers,
  until,
}: RequestForm): ApprovalRequest {
  return {
    audience: aud,
    tool,
    argumentsHash: { received: sent, parsed: read },
    resource: { kind: resource.kind, id: resource.id, attributes: resource.attr as JsonObject },
    user: { issuer: user.iss, subject: user.sub },
    agents: agents.map(({ jkt, sub }) => ({ name: sub, key: jkt as Thumbprint })),
    reason,
    approvers,
    untilSeconds: until,
  };
}
