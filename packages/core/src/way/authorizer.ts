import type { Outcome } from "../audit/index.ts";
import type { Allowed, Decision, Denied, Fulfilment } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { copyOf, strayMember } from "../lib/index.ts";
import { checkNames, isObject } from "../options/index.ts";
import { checkMapped, hasOwnEntry } from "../resource/index.ts";
import { type Credential, type DelegationSource, isNameOfUser, type Subject, standOn } from "../token/index.ts";
import { type Admission, admit, admitAndDecide } from "./admission.ts";
import { type ApprovalInbox, createInbox } from "./approvals/inbox.ts";
import { madeHere } from "./behaved-authorizer.ts";
import type { Call, IncomingCall, IncomingCaller } from "./call.ts";
import { beginLog } from "./call-log.ts";
import { changesOf } from "./changes.ts";
import { type AuthorizerHealth, closeAll, healthOf } from "./health.ts";
import { type AuthorizerOptions, readOptions } from "./options.ts";
import { checkName, isOutputSchema, refusalIn } from "./passed-in.ts";
import { pointOf } from "./point-of.ts";
import { reporter } from "./report.ts";
import { openSession, type Session } from "./session.ts";
import { trustCheck, warnOfElsewhere } from "./trusted.ts";

/** The refusals of a call that is nobody's. */
const STRANGER_REFUSALS = ["arguments_malformed", "authentication_failed", "guard_failed", "method_unguarded"] as const;

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
  /**
   * Denies a call that cannot be put to {@link admit} at all. It is counted as that of a stranger.
   *
   * @throws {HopwiseError} `config_invalid` for another code, or no message
   */
  refuse(
    call: Pick<Call, "tool" | "traceparent">,
    refusal: { readonly code: (typeof STRANGER_REFUSALS)[number]; readonly message: string },
  ): Promise<Denied>;
  /**
   * Opens a session for calls within this process: possession is proven once, everything else at each call.
   *
   * @throws {HopwiseError} where the chain does not verify here, or its key is not at hand
   */
  openSession(delegation: DelegationSource): Promise<Session>;
  /**
   * Says what came of an allowed call, for the record, once: what is said of it a second time is not written. What the call took
   * from a budget is given back where nothing happened. It does not reject where that cannot be written: the tool has run, so there
   * is nothing to deny any more.
   *
   * @throws {HopwiseError} `config_invalid` for what is no such decision, also for a copy of one, as by a spread or JSON; for
   *   what is no outcome
   */
  report(decision: Allowed, outcome: Outcome): Promise<void>;
  /** The requests that wait for people, and their answers. See docs/approvals.md. */
  readonly approvals: ApprovalInbox;
  /**
   * Told whenever something was revoked or lifted, in whatever process, where the state can tell, and whenever the trust
   * anchors were replaced: for adapters, whose callers may see other lists then.
   *
   * @returns what ends it
   * @throws {HopwiseError} `config_invalid`
   */
  onChange(listener: () => void): () => void;
  /** Whether every part that could deny each call could do its work just now, and why not. Never rejects. */
  health(): Promise<AuthorizerHealth>;
  /**
   * Ends its state, and the policy decision point where that can be ended: once, for all authorizers that share them. What
   * fails or hangs does not keep the other from its end.
   *
   * @throws {HopwiseError} `state_unavailable` where the state did not end within the deadline, `policy_unavailable` where
   *   the policy decision point did not within ten seconds; the first where neither did, and its message tells of both
   */
  close(): Promise<void>;
}

/**
 * Makes the one place where calls are judged, by the law of `decide-call.ts`.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export function createAuthorizer(given: AuthorizerOptions): Authorizer {
  const options = readOptions(given);
  const point = pointOf(options);
  warnOfElsewhere(options);
  // Last: options that were refused stand on nothing.
  standOn(options.trust, point, trustCheck(options));
  return madeHere({
    audience: point.audience,
    deadlineMs: point.deadlineMs,
    checkTool: (name) => {
      checkName("checkTool", name);
      checkMapped(point.tools, name);
    },
    hasEntry: (operation) => {
      checkName("hasEntry", operation);
      return hasOwnEntry(point.tools, operation);
    },
    authorize: async (given) => {
      checkCall("authorize", given);
      const { call, ...read } = incoming(given);
      return admitAndDecide(call, point, read);
    },
    admit: async (call) => {
      checkCall("admit", call);
      return admit(incoming(call).call, point);
    },
    refuse: async (given, refusal) => {
      checkCall("refuse", given);
      const { code, message } = refusalIn("refuse", refusal, STRANGER_REFUSALS);
      const call = { ...incoming(given).call, arguments: undefined, caller: NOTHING };
      return beginLog(call, point).deny(new HopwiseError(code, message));
    },
    openSession: async (delegation) => openSession(delegation, point),
    report: reporter(point),
    approvals: createInbox(point),
    onChange: (listener) => changesOf(options, listener),
    health: () => healthOf(point),
    close: () => closeAll(point, options.cerbos),
  });
}

const CALL: { readonly [Name in keyof Call]-?: true } = {
  tool: true,
  arguments: true,
  credential: true,
  user: true,
  fulfils: true,
  filters: true,
  outputSchema: true,
  approval: true,
  transportUser: true,
  traceparent: true,
};

/**
 * A misspelt `transportUser` would let a chain pass that is another user's. What a schema made goes by {@link Admission.decide}:
 * here it would be run, and nobody would have looked at it.
 *
 * @throws {HopwiseError} `config_invalid`
 */
function checkCall(called: string, given: object): void {
  // What is no call at all ends as the denial of one.
  if (!isObject(given)) return;
  let unknown: string | undefined;
  let isParsed = false;
  try {
    unknown = Object.keys(given).find((name) => !Object.hasOwn(CALL, name));
    isParsed = called === "authorize" && "parsed" in given;
  } catch {
    // What fails when it is read is nothing that came.
  }
  if (isParsed) {
    const message = "call.parsed is not decided here; admit the call, and give what was parsed to decide";
    throw new HopwiseError("config_invalid", `${called}: ${message}`);
  }
  if (unknown !== undefined) checkNames<object>(called, { [unknown]: true }, CALL);
}

/** Nothing came that could be read. */
const NOTHING: IncomingCaller = { via: "proof", credential: undefined, transportUser: undefined };
const NO_CALL = { call: { tool: "", arguments: undefined, traceparent: undefined, caller: NOTHING } } as const;

/**
 * What comes with a call may come from anywhere, and ends as a denial: what is no user of an issuer is none, what is no
 * name is no tool's, and of what fails when it is read, nothing came.
 */
function incoming(
  given: Pick<Call, "tool" | "traceparent"> & Partial<Call>,
): { readonly call: IncomingCall } & Fulfilment {
  // What a call leaves out would be read from the prototype, and the first stage says so.
  if (strayMember() !== undefined) return NO_CALL;
  try {
    const { tool, arguments: args, traceparent, approval, ...read } = Object(given) as Partial<Call>;
    const { fulfils, filters, outputSchema } = read;
    return {
      call: {
        tool: typeof tool === "string" ? tool : "",
        arguments: args,
        traceparent: typeof traceparent === "string" ? traceparent : undefined,
        caller: callerOf(given),
        approval,
      },
      fulfils: fulfils === true,
      filters: filters === true,
      // One that is none could not be read.
      outputSchema: isOutputSchema(outputSchema) ? outputSchema : null,
    };
  } catch {
    return NO_CALL;
  }
}

/** Read once, as a copy: what is changed later, or says something else when it is asked again, changes nothing. */
function callerOf(call: Partial<Call>): IncomingCaller {
  try {
    const { credential, user, transportUser = user } = Object(call) as Partial<Call>;
    const known = transportUser === undefined ? undefined : (subjectOf(transportUser) ?? NOBODY);
    const own = credential === undefined ? subjectOf(user) : undefined;
    if (own !== undefined) return { via: "user", user: own };
    const { chain, proof } = Object(credential) as Partial<Credential>;
    return { via: "proof", credential: { chain, proof } as Credential, transportUser: known };
  } catch {
    // A getter of it failed.
    return NOTHING;
  }
}

/** The transport knows somebody, and does not say whom: no chain is theirs. */
const NOBODY: Subject = Object.freeze({ issuer: "", subject: "" });

function subjectOf(value: unknown): Subject | undefined {
  const { issuer, subject } = Object(value) as Partial<Subject>;
  if (!isNameOfUser(issuer) || !isNameOfUser(subject)) return undefined;
  return copyOf(Object(value), Object.freeze({ issuer, subject }));
}
