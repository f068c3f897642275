/** How do MCP's messages read, and where do chain, proof, denial and changes stand in them? */
export { offerServed } from "./capabilities.ts";
export { META_LEFT, META_LIMITED, META_MAY_CHANGE, META_REDACTED } from "./changes.ts";
export {
  approvalIn,
  credentialIn,
  META_APPROVAL,
  traceparentIn,
  withApproval,
  withCredential,
  withoutCredential,
} from "./credential.ts";
export {
  asksForProof,
  type DenialData,
  errorDenial,
  isUnserved,
  META_DENIAL,
  METHOD_NOT_FOUND,
  type NotRun,
  notRunOf,
  PROOF_REQUIRED,
  refused,
  type ToolDenial,
  toolDenial,
  type WireRefusal,
} from "./denial.ts";
export { inFrontOf } from "./in-front-of.ts";
export { inItsVersion, isComplete, versionIn } from "./in-its-version.ts";
export {
  cameOverHttp,
  headersOf,
  isNotification,
  isPlain,
  isRequest,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type McpTransport,
  type MessageExtra,
  metaOf,
  ownRequest,
  type Plain,
  type SendOptions,
  TRANSPORT,
  withMeta,
} from "./jsonrpc.ts";
export { checkOneLayer, noteLayer } from "./one-layer.ts";
export { type ListRule, OPERATIONS, type Operation, operationOf, PROBE_METHOD } from "./operation.ts";
export { isOurs, withoutOurWords } from "./own-words.ts";
export {
  META_PENDING,
  type PendingData,
  pageShown,
  pendingIn,
  showsPages,
} from "./pending.ts";
export { answersByJson, keepsEvents } from "./sdk-transport.ts";
export { needsTask, withoutTask } from "./task.ts";
