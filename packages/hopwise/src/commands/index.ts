import type { Command } from "../command.ts";
import { approvalsApprove, approvalsDeny, approvalsList, approvalsShow } from "./approvals.ts";
import { auditFind } from "./audit-find.ts";
import { auditShadow } from "./audit-shadow.ts";
import { auditStory } from "./audit-story.ts";
import { auditVerify } from "./audit-verify.ts";
import { doctor } from "./doctor.ts";
import { explainCommand } from "./explain.ts";
import { keysNew } from "./keys-new.ts";
import { revoke } from "./revoke.ts";
import { testCommand } from "./test.ts";
import { tokenShow } from "./token-show.ts";

/** All commands, in the order of help. */
export const COMMANDS: readonly Command[] = [
  doctor,
  keysNew,
  tokenShow,
  explainCommand,
  testCommand,
  revoke,
  approvalsList,
  approvalsShow,
  approvalsApprove,
  approvalsDeny,
  auditFind,
  auditShadow,
  auditStory,
  auditVerify,
];
