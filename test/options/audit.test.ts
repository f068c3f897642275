import * as audit from "@hopwise/audit";
import { generateSigner, HopwiseError } from "@hopwise/core";
import { sampleDecision, sampleOutcome } from "@hopwise/core/testing";
import { describe } from "vitest";
import {
  type DoorRows,
  NO_COUNT,
  NO_FUNCTION,
  NO_LIST,
  NO_OBJECT,
  NO_TEXT,
  optionsRow,
  type Row,
  valueRow,
  walk,
  within,
} from "./row.ts";

/** No log can be in it: what is right gets as far as that, and nothing is left behind. */
const folder = "/dev/null/audit";
const signer = await generateSigner();
const { publicJwk } = signer;

const NO_FOLDER = [...NO_TEXT, undefined, new URL("file:///audit")];
/** Where several may be read. */
const NO_FOLDERS = [...NO_FOLDER, ["audit", ""], [5], [["audit"]]];
const NO_SIZE = [...NO_COUNT, 0];
const NO_ROTATE = [
  ...NO_OBJECT,
  ...within<NonNullable<audit.AuditLogOptions["rotate"]>>({}, { bytes: NO_SIZE, ms: NO_SIZE }),
];
const NO_CHECKPOINT = [
  ...NO_OBJECT,
  ...within<NonNullable<audit.AuditLogOptions["checkpoint"]>>({}, { records: NO_SIZE, ms: NO_SIZE }),
];
const HEAD: audit.Head = { writer: "w", seq: 3, hash: "0".repeat(64) };
const NO_HEAD = [
  null,
  5,
  "text",
  {},
  ...within<audit.Head>(HEAD, { writer: NO_TEXT, seq: NO_COUNT, hash: [...NO_TEXT, "0".repeat(63)] }),
];
const NO_KEY = [...NO_OBJECT, {}, signer, { ...publicJwk, d: "A".repeat(43) }, { kty: "OKP", crv: "Ed25519", x: "AA" }];
const NO_TIME = [
  ...["yesterday", "", "5", null, {}, [], Number.NaN, Number.POSITIVE_INFINITY, new Date("never")],
  Math.floor(Date.now() / 1000),
];
const NO_FILTER = {
  chain: NO_TEXT,
  token: [...NO_TEXT, "h".repeat(42)],
  key: [...NO_TEXT, "k".repeat(44)],
  user: [
    ...NO_OBJECT,
    {},
    "alice",
    ...within<NonNullable<audit.AuditFilter["user"]>>({ issuer: "i", id: "alice" }, { issuer: NO_TEXT, id: NO_TEXT }),
  ],
  agent: [...NO_TEXT, "agent:planner"],
  tool: NO_TEXT,
  hidden: NO_TEXT,
  code: [...NO_TEXT, "policy_denyed", "config_invalid"],
  invocation: NO_TEXT,
  since: NO_TIME,
  until: NO_TIME,
} satisfies { readonly [Name in keyof Required<audit.AuditFilter>]: readonly unknown[] };
const STORY = { decision: sampleDecision(), place: {}, before: [], after: [] };

/** As a generator it asks for the folder only when its first record is asked for. */
async function firstOf(filter: audit.AuditFilter): Promise<unknown> {
  return (await audit.readAuditLog(folder, filter).next().catch(notThere)).value;
}

function notThere(error: unknown): IteratorResult<never> {
  if (error instanceof HopwiseError && error.message.includes("cannot be read"))
    return { done: true, value: undefined as never };
  throw error;
}

const doors: DoorRows<typeof audit> = {
  blastRadius: optionsRow<audit.BlastOptions>(
    {},
    { nowSeconds: ["5", Number.NaN, Date.now(), null, {}], most: [...NO_COUNT, 0] },
    (options) => audit.blastRadius({ agent: "planner" }, [], options),
  ),
  openAuditLog: optionsRow<audit.AuditLogOptions>(
    { folder, signer },
    {
      folder: NO_FOLDER,
      signer: [null, 5, "text", {}, [], publicJwk, { publicJwk }],
      durability: ["Required", "", null, true],
      rotate: NO_ROTATE,
      checkpoint: NO_CHECKPOINT,
      onCheckpoint: NO_FUNCTION,
    },
    audit.openAuditLog,
  ),
  verifyAuditLog: optionsRow<audit.VerifyOptions>(
    { folder, keys: [publicJwk] },
    {
      folder: NO_FOLDERS,
      keys: [...NO_LIST, [], publicJwk, ...NO_KEY.map((key) => [key])],
      expectHead: [...NO_HEAD, ...NO_HEAD.map((head) => [head])],
    },
    (options) => audit.verifyAuditLog(options).catch(notThere),
  ),
  readAuditLog: optionsRow<audit.AuditFilter>({}, NO_FILTER, firstOf),
  unknownNames: optionsRow<audit.AuditFilter>({}, NO_FILTER, (filter) =>
    audit.unknownNames(folder, filter).catch(notThere),
  ),
  lineage: valueRow<string>("i1", [...NO_TEXT, undefined], (invocation) =>
    audit.lineage(folder, invocation).catch(notThere),
  ),
  printLineage: valueRow<never>(
    STORY as never,
    [
      ...NO_OBJECT,
      undefined,
      {},
      ...Object.keys(STORY).map((name) => ({ ...STORY, [name]: 5 })),
      { ...STORY, outcome: "returned" },
      // The files of a log may have been changed.
      { ...STORY, decision: { ...STORY.decision, argumentsHash: undefined } },
      { ...STORY, decision: { ...STORY.decision, chain: { hops: [null] } } },
      { ...STORY, decision: { ...STORY.decision, invocation: 5n } },
      Promise.resolve(STORY),
    ],
    audit.printLineage,
  ),
  shadowReport: optionsRow<audit.ShadowReportOptions>(
    {},
    { tool: NO_TEXT, since: NO_TIME, until: NO_TIME },
    (options) => audit.shadowReport(folder, options).catch(notThere),
  ),
  printShadowReport: valueRow<never>(
    { tools: [], others: 0 } as never,
    [null, undefined, 5, "text", [], {}, { tools: [{}], others: 0 }],
    audit.printShadowReport,
  ),
  printOutcome: valueRow<never>(sampleOutcome() as never, [null, undefined, 5, "text", []], (outcome) =>
    audit.printOutcome(sampleDecision() as never, outcome),
  ),
  printRecord: valueRow<never>(sampleDecision() as never, [null, undefined, 5, "text", []], audit.printRecord),
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

describe("what would end", () => {
  walk(
    "blastRadius of",
    valueRow<never>({ agent: "planner" } as never, [...NO_OBJECT, {}, { tokn: "x" }, { agent: "" }], (target) =>
      audit.blastRadius(target, []),
    ),
  );
  walk(
    "blastRadius over",
    valueRow<never>([] as never, [null, undefined, 5, {}, [5], [null], ["x"], revoked(), revoked([])], (records) =>
      audit.blastRadius({ agent: "planner" }, records),
    ),
  );
});

/** A proxy whose object is gone: even the question whether it is a list fails. */
function revoked(of: object = {}): unknown {
  const { proxy, revoke } = Proxy.revocable(of, {});
  revoke();
  return proxy;
}

describe("a log's folder", () => {
  // At once, and not when the first record is asked for.
  walk(
    "readAuditLog of",
    valueRow<string>(folder, NO_FOLDERS, (it) => void audit.readAuditLog(it)),
  );
  walk(
    "shadowReport of",
    valueRow<string>(folder, NO_FOLDERS, (it) => audit.shadowReport(it).catch(notThere)),
  );
  walk(
    "lineage in",
    valueRow<string>(folder, NO_FOLDERS, (it) => audit.lineage(it, "i1").catch(notThere)),
  );
  walk(
    "unknownNames in",
    valueRow<string>(folder, NO_FOLDERS, (it) => audit.unknownNames(it, {}).catch(notThere)),
  );
});
