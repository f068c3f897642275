import { CODES, isDenialCode } from "../codes.ts";
import type { Decision, Denied } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { isListOf } from "../lib/index.ts";
import { hasMethods, madeOf, type Shape, such } from "../options/index.ts";
import type { Admission } from "./admission.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Listing } from "./call.ts";
import type { Session } from "./session.ts";

/** What adapters ask of an authorizer. They do without `onChange`. */
const METHODS = ["checkTool", "hasEntry", "authorize", "admit", "refuse", "openSession", "report"] as const;

/**
 * For adapters, which get one: of this package, or one that a program wrapped, which may have left out what is no method. It comes
 * out as one that behaves.
 */
export const AUTHORIZER: Shape = madeOf(
  such("an authorizer, such as createAuthorizer({ … })", (value) => {
    if (!hasMethods(value, METHODS)) return false;
    const { audience, deadlineMs } = value as Partial<Authorizer>;
    return isListOf(audience, (name) => typeof name === "string") && typeof deadlineMs === "number" && deadlineMs > 0;
  }),
  behavedAuthorizer,
);

const madeFunctions = new WeakSet<object>();

/** What this package's own functions answer an adapter need not look at: a call would go through one file more, twice. */
export function madeHere(authorizer: Authorizer): Authorizer {
  for (const own of Object.values(authorizer)) if (typeof own === "function") madeFunctions.add(own);
  return authorizer;
}

/**
 * The same authorizer for an adapter, whose answers are what their types say. What a program wraps round one (a span, a count)
 * may forget to give its answer on: whoever went on with nothing would fail somewhere else, in words that name no place.
 *
 * @returns one whose functions reject with `config_invalid` for another answer, and with whatever the wrapped ones throw
 */
function behavedAuthorizer(own: Authorizer): Authorizer {
  if (METHODS.every((name) => madeFunctions.has(own[name]))) return own;
  return {
    audience: own.audience,
    deadlineMs: own.deadlineMs,
    checkTool: (name) => own.checkTool(name),
    hasEntry: (operation) => own.hasEntry(operation),
    authorize: async (call) => decisionOf("authorizer.authorize", await own.authorize(call)),
    admit: async (call) => admissionOf(await own.admit(call)),
    refuse: async (call, refusal) => denialOf("authorizer.refuse", await own.refuse(call, refusal)),
    openSession: async (delegation) => sessionOf(await own.openSession(delegation)),
    report: async (decision, outcome) => own.report(decision, outcome),
    get approvals() {
      return own.approvals;
    },
    // Adapters do without it where a program left it out.
    ...(typeof own.onChange === "function" && { onChange: (listener: () => void) => own.onChange(listener) }),
    health: async () => own.health(),
    close: async () => own.close(),
  } as Authorizer;
}

function admissionOf(given: Admission | Denied): Admission | Denied {
  const at = "authorizer.admit";
  if (isDenied(given)) return given;
  if (!hasMethods(given, METHODS_OF_ADMISSION)) return wrong(at, "neither an admission nor a denial");
  return {
    outcome: "admitted",
    invocation: given.invocation,
    arguments: given.arguments,
    get user() {
      return given.user;
    },
    decide: async (call) => decisionOf(`${at}.decide`, await given.decide(call)),
    filter: async (call) => decisionOf(`${at}.filter`, await given.filter(call)),
    list: async (items) => listingOf(`${at}.list`, await given.list(items), items.length),
    refuse: async (refusal) => denialOf(`${at}.refuse`, await given.refuse(refusal)),
  };
}

function sessionOf(given: Session): Session {
  const at = "authorizer.openSession";
  if (!hasMethods(given, METHODS_OF_SESSION)) return wrong(at, "no session");
  return {
    delegation: given.delegation,
    authorize: async (call) => decisionOf(`${at}.authorize`, await given.authorize(call)),
    filter: async (call) => decisionOf(`${at}.filter`, await given.filter(call)),
    list: async (items) => listingOf(`${at}.list`, await given.list(items), items.length),
    refuse: async (call) => denialOf(`${at}.refuse`, await given.refuse(call)),
    budgetLeft: async () => given.budgetLeft(),
  };
}

/** What adapters ask of each. */
const METHODS_OF_ADMISSION: readonly (keyof Admission)[] = ["decide", "list", "refuse"];
const METHODS_OF_SESSION: readonly (keyof Session)[] = ["authorize", "list", "refuse"];

function decisionOf(at: string, given: Decision): Decision {
  const { outcome, approval } = Object(given) as { outcome?: unknown; approval?: unknown };
  const isPending = outcome === "pending" && typeof Object(approval).request === "string";
  return outcome === "allowed" || isPending || isDenied(given) ? given : wrong(at, "no decision");
}

function denialOf(at: string, given: Denied): Denied {
  return isDenied(given) ? given : wrong(at, "no denial");
}

function listingOf(at: string, given: Listing | Denied, length: number): Listing | Denied {
  if (isDenied(given)) return given;
  const { outcome, shown } = Object(given) as Partial<Listing>;
  const isWhole = isListOf(shown, (one) => typeof one === "boolean") && shown.length === length;
  return outcome === "listed" && isWhole ? given : wrong(at, "no list of what may be shown");
}

function isDenied(given: unknown): given is Denied {
  const { outcome, code, message } = Object(given) as Partial<Denied>;
  const isCode = typeof code === "string" && Object.hasOwn(CODES, code) && isDenialCode(code);
  return outcome === "denied" && isCode && typeof message === "string";
}

function wrong(at: string, what: string): never {
  const message = `${at} gave ${what}; where it is a function of yours, give what the authorizer's own gives`;
  throw new HopwiseError("config_invalid", message, { pointer: `/${at.replaceAll(".", "/")}` });
}
