import { generateKeyPairSync, sign } from "node:crypto";
import {
  createAuthorizer,
  type Decision,
  explain,
  HopwiseError,
  memoryAudit,
  operatorView,
  type Signer,
} from "@hopwise/core";
import { type Listing, modelView } from "@hopwise/core/adapter";
import type { MemoryAudit } from "@hopwise/core/audit";
import { createCompany } from "@hopwise/core/testing";
import { prove } from "@hopwise/core/tokens";
import { beforeAll, describe, expect, it } from "vitest";
import { companyOptions } from "./company-options.ts";
import { FAULTS, hangs, NONSENSE, SECRET, together, watchRejections } from "./host-faults.ts";
import { type Options, own, PLACES, type Place, type Way } from "./host-places.ts";

const company = await createCompany({ agents: { planner: {}, researcher: { key: signerAtOnce() } } });
const held = await company.chain("alice", "planner", "researcher");
const { trustAnchor } = company.issuer;
const CALL = { tool: "send_payment", arguments: { to: "ACME", amount: 9 } };
/** Looked for where a policy wants an approval; nobody made such a request. */
const APPROVAL = "A".repeat(22);
const LIST = { tool: "mcp:tools/list" };
/** What never comes is waited for as long; nothing else takes any time, however busy the machine is. */
const SHORT_MS = 250;
const LONG_MS = 20_000;

/** Signs in this turn of the event loop: a key that goes by another thread may be late on a busy machine. */
function signerAtOnce(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return {
    publicJwk: { kty: "OKP", crv: "Ed25519", x },
    sign: async (data) => new Uint8Array(sign(null, data, privateKey)),
  };
}

/** An authorizer of which all is well, but for these options. */
function authorizerWith(options: Options, deadlineMs: number) {
  const audit = memoryAudit();
  const authorizer = createAuthorizer({
    ...companyOptions(company),
    audit,
    deadlineMs,
    ...options,
  });
  return { authorizer, audit };
}

const credentialFor = async (call: typeof CALL | typeof LIST, { nonces }: Options) =>
  prove(held, {
    ...call,
    audience: company.audience,
    // A nonce of ours is shown where it is looked at; where one is made, none is shown.
    ...(nonces?.issue === own.issue && { nonce: await own.issue(Math.floor(Date.now() / 1000)) }),
  });

const allowed = await (await authorizerWith({}, LONG_MS).authorizer.openSession(held)).authorize(CALL);

type Authorizer = ReturnType<typeof authorizerWith>["authorizer"];

interface Asked {
  readonly authorizer: Authorizer;
  /** Opened once for all ways, at the first. */
  readonly session: () => ReturnType<Authorizer["openSession"]>;
  readonly options: Options;
}

const ASK: { readonly [To in Way]: (asked: Asked) => Promise<Decision | Listing> } = {
  wire: async ({ authorizer, options }) =>
    authorizer.authorize({ ...CALL, approval: APPROVAL, credential: await credentialFor(CALL, options) }),
  session: async ({ session }) => (await session()).authorize({ ...CALL, approval: APPROVAL }),
  "wire, a list": async ({ authorizer, options }) => {
    const admitted = await authorizer.admit({ ...LIST, credential: await credentialFor(LIST, options) });
    return admitted.outcome === "admitted" ? admitted.list([{ tool: CALL.tool }]) : admitted;
  },
  "session, a list": async ({ session }) => (await session()).list([{ tool: CALL.tool }]),
  report: async ({ authorizer }) => {
    if (allowed.outcome !== "allowed") throw new Error("no call was allowed");
    await authorizer.report(allowed, { outcome: "returned", result: { paid: true } });
    return allowed;
  },
};

interface Told {
  readonly says: string;
  /** Everything that anybody gets to read of it. */
  readonly all: string;
  readonly onRecord: boolean;
}

/** What came of one way, or what went wrong: one that does not end, or an exception. */
async function outcomeOf(way: Way, asked: Asked, audit: MemoryAudit): Promise<Told> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the call did not end")), 2 * LONG_MS);
  });
  try {
    const decision = await Promise.race([ASK[way](asked), tooLong]);
    const { records, outcomes, unverifiedSamples } = audit;
    const seen = decision.outcome === "denied" ? [modelView(decision), operatorView(decision)] : [];
    const written = [...records, ...outcomes, ...unverifiedSamples];
    return {
      says: saysOf(decision),
      all: JSON.stringify([decision, written, ...seen, ...records.map(explain)]),
      onRecord:
        asked.options.audit !== undefined ||
        written.some(({ invocation }) => !("invocation" in decision) || invocation === decision.invocation),
    };
  } catch (error) {
    // A session cannot begin: its maker gets the code.
    if (error instanceof HopwiseError && way.startsWith("session")) return atMaker(error);
    return { says: `an exception: ${String(error)}`, all: "", onRecord: false };
  } finally {
    clearTimeout(timer);
  }
}

function atMaker({ code, message, pointer, rule }: HopwiseError): Told {
  return { says: code, all: JSON.stringify({ message, pointer, rule }), onRecord: true };
}

/** What came of all ways of one authorizer, at once. */
async function outcomesOf(options: Options, ways: readonly Way[], deadlineMs: number): Promise<readonly Told[]> {
  let made: ReturnType<typeof authorizerWith>;
  try {
    made = authorizerWith(options, deadlineMs);
  } catch (error) {
    if (error instanceof HopwiseError && error.code === "config_invalid") return ways.map(() => atMaker(error));
    throw error;
  }
  const { authorizer, audit } = made;
  let opened: ReturnType<Authorizer["openSession"]> | undefined;
  const session = () => {
    opened ??= authorizer.openSession(held);
    return opened;
  };
  return Promise.all(ways.map((way) => outcomeOf(way, { authorizer, session, options }, audit)));
}

function saysOf(decision: Decision | Listing): string {
  if (decision.outcome === "denied") return decision.code;
  if (decision.outcome !== "listed") return decision.outcome;
  return decision.shown[0] ? "allowed" : "hidden";
}

const rows = Object.entries(PLACES).flatMap(([name, places]) =>
  places === "is data" ? [] : places.map((one, i) => [places.length > 1 ? `${name} (${i + 1})` : name, one] as const),
);

const BEHAVIOURS = { ...FAULTS, ...NONSENSE };
const told = new Map<string, readonly Told[]>();
const keyOf = (name: string, what: string): string => JSON.stringify([name, what]);
const rejections = watchRejections();

/** All rows at once: a deadline that has to pass is waited for by many. */
beforeAll(async () => {
  const jobs = rows.flatMap(([name, { with: withIt, ways }]) =>
    Object.entries(BEHAVIOURS).map(([what, behave]) => ({
      what,
      run: async () => {
        const options = withIt(behave as () => never, trustAnchor);
        told.set(keyOf(name, what), await outcomesOf(options, ways, hangs(what) ? SHORT_MS : LONG_MS));
      },
    })),
  );
  for (const late of [true, false]) {
    const some = jobs.filter(({ what }) => hangs(what) === late);
    await together(
      some.map(({ run }) => run),
      late ? 12 : 1,
    );
  }
}, 120_000);

/** @param name as its place is called @param may the codes that may come of it */
function expectTold(name: string, what: string, { ways }: Place, may: readonly string[]): void {
  for (const [i, way] of ways.entries()) {
    const { says, all, onRecord } = (told.get(keyOf(name, what)) as readonly Told[])[i] as Told;
    // What a report is told of has run: nothing can be said of it any more.
    const known = way === "report" ? ["allowed", "config_invalid"] : may;
    expect(known, `${way}: ${says}`).toContain(says);
    expect(all, way).not.toContain(SECRET);
    expect(onRecord, `${way} on record`).toBe(true);
  }
}

describe.each(rows)("what a host gives as %s", (name, place) => {
  const { codes, nonsense } = place;

  it.each(Object.keys(FAULTS))(
    "and %s ends in a decision with its code, in time, on record, and quotes nothing",
    (what) => {
      expectTold(name, what, place, [...codes, ...(what.startsWith("answers") ? nonsense : [])]);
    },
  );

  it.each(Object.keys(NONSENSE))("and answers with %s ends in a decision, on record", (what) => {
    expectTold(name, what, place, [...codes, ...nonsense]);
  });
});

it("leaves no rejection behind that nobody handles: Node would end the process", async () => {
  expect(await rejections()).toEqual([]);
});
