/** Who says, signed, that something is revoked or that a call is approved? */

export { type ApprovalRequest, hashOfRequest, REQUEST, type RequestHash } from "./approval-request.ts";
export { type ApprovalAnswer, type ApprovalOrder, signApproval } from "./approve.ts";
export {
  FEED_NAME,
  FEED_PAGE,
  type FeedEntry,
  type FeedPage,
  type FeedTarget,
  readFeedPage,
  signFeedPage,
} from "./revocation-feed.ts";
export { type RevocationOf, type RevocationOrder, type SignedRevocation, signRevocation } from "./revoke.ts";
export type { IssuerName, ReadingOptions } from "./statement.ts";
export {
  APPROVERS,
  type ApprovalReading,
  type Approver,
  type VerifiedApproval,
  verifyApproval,
} from "./verify-approval.ts";
export {
  type RevocationReading,
  type RevokedTarget,
  type VerifiedRevocation,
  verifyRevocation,
} from "./verify-revocation.ts";
