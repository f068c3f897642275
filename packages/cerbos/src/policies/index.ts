/** What does a folder of policies say? */

export {
  ASKED_TOOL,
  type AskedAction,
  type AskedDelegation,
  type AskedTool,
  actionOf,
  actionsOf,
  listingOf,
} from "./asked-tool.ts";
export { type AttributePath, attributeText, readExpression } from "./attribute-paths.ts";
export { agree, type ConditionTree, evaluate, leavesOf, type Truth } from "./condition-tree.ts";
export { type FiledRule, filedRules } from "./filed-rules.ts";
export { type FolderCopy, readWhole, writeCopy } from "./folder-copy.ts";
export {
  at,
  covers,
  list,
  members,
  overlap,
  sameKind,
  scopeOf,
  spellingsOf,
  texts,
  versionOf,
  withinScope,
} from "./policy-fields.ts";
export { bytelessFiles, checkPolicyFolder, contentOf, noPolicy } from "./policy-folder.ts";
export type { PolicyParameters } from "./policy-parameters.ts";
export {
  type PolicyRule,
  policyRules,
  type SchemaUse,
  schemasOf,
} from "./policy-rules.ts";
export {
  type BrokenFile,
  type PolicyPlace,
  type PolicySource,
  readPolicySource,
  type SourceDocument,
} from "./policy-source.ts";
export {
  branchesWithout,
  conjuncts,
  isBoolean,
  isSchema,
  optionalSteps,
  type Place,
  placesIn,
  propertyOf,
  resolve,
  type Schema,
} from "./required-attributes.ts";
export { scopeConflicts } from "./scope-permissions.ts";
export {
  expressionsIn,
  memberOf,
  namesIn,
  type PlacedExpression,
  type PlacedText,
  placeOf,
  textsIn,
} from "./texts-in.ts";
export { resourceKinds } from "./written-rules.ts";
