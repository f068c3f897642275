/**
 * A company for tests: an issuer, users, approvers and agents with their keys, policies that answer as told, authorizers with their
 * records at hand, and what sinks of your own must promise. It needs no test framework, no file and no process.
 *
 * @packageDocumentation
 */
export {
  type AnsweringPdp,
  allowAll,
  answeringPdp,
  denyAll,
  type PolicyAnswer,
  type PolicyRule,
} from "./answering-pdp.ts";
export { type AuditSinkCase, type AuditSinkUnderTest, auditSinkContract } from "./audit-contract.ts";
export type { ChainHop, FirstHop, HopOrder } from "./chains.ts";
export { type Company, type CompanyOptions, type CompanyUser, createCompany } from "./company.ts";
export { sampleDecision, sampleDenied, sampleOutcome } from "./samples.ts";
export type { CompanyAgent } from "./staff.ts";
export type { CallDetails, TestAuthorizer } from "./test-authorizer.ts";
export { type TestClock, testClock } from "./test-clock.ts";
export { type PolicyQuestion, type WatchedPdp, watchedPdp } from "./watched-pdp.ts";
