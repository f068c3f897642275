import type { Outcome } from "../audit/index.ts";
import type { Allowed, Decision, Denied } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { having, type Shape } from "../options/index.ts";
import { checkMapped, hasOwnEntry } from "../resource/index.ts";
import type { Credential, DelegationSource, Subject } from "../token/index.ts";
import { type Admission, admit, admitAndDecide } from "./admission.ts";
import type { Call, IncomingCall, IncomingCaller } from "./call.ts";
import { beginLog } from "./call-log.ts";
import { type AuthorizerOptions, readOptions } from "./options.ts";
import { reporter } from "./report.ts";
import { openSession, type Session } from "./session.ts";

/** Judges calls. Keeps nothing that another instance would need, but for what `state` holds. */
export interface Authorizer {
  readonly audience: readonly string[];
  /** How long an adapter waits for what it asks itself, in milliseconds. */
  readonly deadlineMs: number;
  /**
   * Whether a tool of this name can be guarded; for adapters, when a tool is added.
   *
   * @throws {HopwiseError} `config_invalid` for a name that no tool may have, or that the tool map does not know
   */
  checkTool(name: string): void;
  /**
   * Whether the tool map itself says what an operation of MCP is, such as `mcp:resources/read`: by an entry of that name, or
   * by templates of URIs. For adapters; where it does not, policies are asked about `mcp_resource` or `mcp_prompt`.
   */
  hasEntry(operation: string): boolean;
  /** The whole way in one step, for calls whose arguments need no further parsing. */
  authorize(call: Call): Promise<Decision>;
  /**
   * The first half: who calls, is it their chain, does every grant cover the arguments as received. What a server does
   * before it lets the tool's own schema see them.
   */
  admit(call: Call): Promise<Admission | Denied>;
  /** Denies a call that cannot be put to {@link admit} at all. It is counted as that of a stranger. */
  refuse(
    call: Pick<Call, "tool" | "traceparent">,
    refusal: {
      readonly code: "arguments_malformed" | "authentication_failed" | "guard_failed" | "method_unguarded";
      readonly message: string;
    },
  ): Promise<Denied>;
  /**
   * Opens a session for calls within this process: possession is proven once, everything else at each call.
   *
   * @throws {HopwiseError} where the chain does not verify here, or its key is not at hand
   */
  openSession(delegation: DelegationSource): Promise<Session>;
  /**
   * Says what came of an allowed call, for the record. Never rejects: the tool has run, so there is nothing to deny any
   * more.
   */
  report(decision: Allowed, outcome: Outcome): Promise<void>;
}

/** For adapters, which get one. */
export const AUTHORIZER: Shape = having(
  "an authorizer, such as createAuthorizer({ … })",
  ...(["checkTool", "authorize", "admit", "refuse", "openSession", "report"] satisfies (keyof Authorizer)[]),
);

/**
 * Makes the one place where calls are judged, by the law of `decide-call.ts`.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const point = readOptions(options);
  return {
    audience: point.audience,
    deadlineMs: point.deadlineMs,
    checkTool: (name) => checkMapped(point.tools, name),
    hasEntry: (operation) => hasOwnEntry(point.tools, operation),
    authorize: async (call) => {
      const { fulfils, outputSchema } = Object(call) as Call;
      return admitAndDecide(incoming(call), point, { fulfils: fulfils === true, outputSchema });
    },
    admit: async (call) => admit(incoming(call), point),
    refuse: async ({ tool, traceparent }, { code, message }) =>
      beginLog(incoming({ tool, traceparent, credential: undefined }), point).deny(new HopwiseError(code, message)),
    openSession: async (delegation) => openSession(delegation, point),
    report: reporter(point),
  };
}

/** What comes with a call may come from anywhere: what is no user of an issuer is none, and what is no name is no tool's. */
function incoming(call: Call): IncomingCall {
  const { tool, arguments: args, traceparent } = Object(call) as Partial<Call>;
  return { tool: typeof tool === "string" ? tool : "", arguments: args, traceparent, caller: callerOf(call) };
}

/** Read once, as a copy: what is changed later, or says something else when it is asked again, changes nothing. */
function callerOf(call: Call): IncomingCaller {
  try {
    const { credential, transportUser } = Object(call) as Partial<Call>;
    const { user, chain, proof } = Object(credential) as { user?: unknown; chain?: string; proof?: string };
    const own = subjectOf(user);
    if (own !== undefined) return { via: "user", user: own };
    const other = transportUser === undefined ? undefined : (subjectOf(transportUser) ?? NOBODY);
    return { via: "proof", credential: { chain, proof } as Credential, transportUser: other };
  } catch {
    // A getter of it failed: nothing came that could be read.
    return { via: "proof", credential: undefined, transportUser: undefined };
  }
}

/** The transport knows somebody, and does not say whom: no chain is theirs. */
const NOBODY: Subject = Object.freeze({ issuer: "", subject: "" });

function subjectOf(value: unknown): Subject | undefined {
  const { issuer, subject } = Object(value) as Partial<Subject>;
  if (typeof issuer !== "string" || typeof subject !== "string" || subject === "") return undefined;
  return Object.freeze({ issuer, subject });
}
