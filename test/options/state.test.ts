import { generateSigner, memoryState } from "@hopwise/core";
import type * as telemetry from "@hopwise/core/opentelemetry";
import { openTelemetry } from "@hopwise/core/opentelemetry";
import * as state from "@hopwise/core/state";
import { createCompany } from "@hopwise/core/testing";
import type { TokenHash } from "@hopwise/core/tokens";
import { describe } from "vitest";
import {
  type DoorRows,
  NO_COUNT,
  NO_FUNCTION,
  NO_LIST,
  NO_METHODS,
  NO_NUMBER,
  NO_OBJECT,
  NO_TEXT,
  NOT_AT_ONCE,
  optionsRow,
  type Row,
  valueRow,
  walk,
  within,
} from "./row.ts";

const NOW = Math.floor(Date.now() / 1000);
const TOKEN = { token: "t".repeat(43) as TokenHash } as const;
const ANN = { issuer: "https://id.example", subject: "ann" };

const NO_DIGEST = [...NO_TEXT, "k1", "t".repeat(42), `${"t".repeat(43)}=`];
const NO_SECONDS = [Number.NaN, Number.POSITIVE_INFINITY, NOW * 1000, `${NOW}`, new Date(0), null, {}];
const NO_TARGET = [
  ...NO_OBJECT,
  {},
  ...NO_DIGEST.flatMap((digest) => [{ token: digest }, { key: digest }]),
  ...["agent:", " planner", "planner ", "agent:agent:planner", "two words", ...NO_TEXT].map((agent) => ({ agent })),
  ...[...NO_OBJECT, {}, { ...ANN, issuer: "" }, { issuer: ANN.issuer }, { ...ANN, subjcet: "ann" }].map((user) => ({
    user,
    notBefore: NOW,
  })),
  ...[undefined, ...NO_SECONDS].map((notBefore) => ({ user: ANN, notBefore })),
  { user: ANN },
  { user: ANN, notbefore: NOW },
  { ...TOKEN, agent: "planner" },
  { tokn: TOKEN.token },
];

const signer = await generateSigner();
const noFetch = (): Promise<never> => Promise.reject(new Error("down"));
const NO_AUDIENCE = [...NO_LIST, "", "acme", [], [""]];

const KEY = signer.publicJwk;
const FEED = { state: memoryState(), signer, audience: "https://revocations.example", mayRead: () => true };
const createdInbox = (await createCompany()).authorizer().approvals;

const doors: DoorRows<typeof state> = {
  checkClocks: "takes numbers that a driver has read",
  createForgetting: "takes nothing",
  mayBeForgotten: "takes times that a driver has read",
  firstTooMuch: "takes charges that a driver has read",
  revocationEndpoint: optionsRow<state.RevocationEndpointOptions>(
    {},
    {
      accept: NO_FUNCTION,
      feed: [
        ...NO_OBJECT,
        ...within<state.FeedOptions>(FEED, {
          state: [...NO_METHODS, { revocations: { find: () => undefined } }],
          signer: [...NO_METHODS, KEY],
          audience: NO_TEXT,
          mayRead: NO_FUNCTION,
          clock: NOT_AT_ONCE,
        }),
      ],
      maxBytes: [...NO_COUNT, 0],
      deadlineMs: [...NO_COUNT, 0],
    },
    state.revocationEndpoint,
  ),
  revocationsOverHttp: optionsRow<state.FeedReaderOptions>(
    { url: "https://id.example/revocations", keys: [KEY], audience: "https://revocations.example", fetch: noFetch },
    {
      url: [...NO_TEXT, "http://id.example/revocations", "https://ann:hunter2@id.example/revocations", "revocations"],
      keys: [...NO_LIST, [], [null], [signer]],
      audience: NO_TEXT,
      everySeconds: [...NO_NUMBER, 0],
      maxStalenessSeconds: [...NO_NUMBER, 0],
      timeoutMs: [...NO_COUNT, 0],
      maxBytes: [...NO_COUNT, 0],
      epoch: NO_TEXT,
      headers: NO_FUNCTION,
      fetch: NO_FUNCTION,
      clock: NOT_AT_ONCE,
    },
    (options) => state.revocationsOverHttp(options).close(),
  ),
  acceptRevocations: optionsRow<state.AcceptOptions>(
    { trust: [], audience: "https://revocations.example", state: memoryState() },
    {
      trust: [...NO_LIST, [null], [{}]],
      audience: NO_AUDIENCE,
      state: [...NO_METHODS, { replay: memoryState().replay, revocations: { find: () => undefined } }],
      mostBelowOne: [...NO_COUNT, 0],
      mostOfIssuer: [...NO_COUNT, 0],
      onAnswer: NO_FUNCTION,
      limits: [...NO_OBJECT, { skewSeconds: -1 }],
      deadlineMs: [...NO_COUNT, 0],
      clock: NOT_AT_ONCE,
    },
    state.acceptRevocations,
  ),
  memoryDriver: optionsRow<state.MemoryReplayOptions>(
    {},
    {
      maxProofs: [...NO_COUNT, 0],
      maxProofsOfRoot: [...NO_COUNT, 0],
      maxProofsOfUser: [...NO_COUNT, 0],
      since: NO_NUMBER,
      clock: NOT_AT_ONCE,
    },
    state.memoryDriver,
  ),
  memoryReplay: optionsRow<state.MemoryReplayOptions>(
    {},
    {
      maxProofs: [...NO_COUNT, 0],
      maxProofsOfRoot: [...NO_COUNT, 0],
      maxProofsOfUser: [...NO_COUNT, 0],
      since: NO_NUMBER,
      clock: NOT_AT_ONCE,
    },
    state.memoryReplay,
  ),
  openedState: optionsRow<state.StateOptions>(
    { repairSeconds: 0 },
    {
      maxStalenessSeconds: [...NO_NUMBER, 0, 4000],
      repairSeconds: [...NO_NUMBER, 4000],
      clock: NOT_AT_ONCE,
    },
    async (options) => (await state.openedState(state.memoryDriver(), options)).close(),
  ),
  approvalEndpoint: optionsRow<state.ApprovalEndpointOptions>(
    { approvals: createdInbox, mayRead: () => true },
    {
      approvals: [...NO_METHODS, undefined, { ...createdInbox, answer: undefined }],
      mayRead: [...NO_FUNCTION, undefined],
      maxBytes: [...NO_COUNT, 0, 2 ** 30],
      deadlineMs: [...NO_COUNT, 0, 1_000_000],
    },
    state.approvalEndpoint,
  ),
  memoryRevocations: valueRow(Date.now, NOT_AT_ONCE, state.memoryRevocations),
  createNonces: optionsRow<state.NoncesOptions>(
    {},
    { secret: ["", "text", 5, null, {}, [], new Uint8Array(31)], lifetimeSeconds: [...NO_COUNT, 0, 60_000] },
    state.createNonces,
  ),
  readRevocation: valueRow<unknown>(TOKEN, NO_TARGET, (target) => state.readRevocation(target, undefined, NOW)),
  isRevoked: "takes what readRevocation gave",
  stricterOf: "takes what readRevocation gave",
  revocationKey: "takes the target that readRevocation gave",
  revocationKeys: "takes the query of an authorizer",
};

const telemetryDoors: DoorRows<typeof telemetry> = {
  openTelemetry: optionsRow<telemetry.OpenTelemetryOptions>(
    {},
    { tracerProvider: NO_METHODS, meterProvider: [...NO_METHODS, { getTracer: () => ({}) }] },
    openTelemetry,
  ),
};

const rows: [string, Row | string][] = Object.entries({ ...doors, ...telemetryDoors });
describe.each(rows.filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

describe("what is revoked", () => {
  walk(
    "readRevocation's nowSeconds",
    valueRow<number>(NOW, NO_SECONDS, (now) => state.readRevocation(TOKEN, undefined, now)),
  );
  walk(
    "isRevoked's nowSeconds",
    valueRow<number>(NOW, [Number.NaN, undefined, null, "5"], (now) =>
      state.isRevoked({ target: TOKEN }, { issuedAt: NOW }, now),
    ),
  );
  const { revoke, lift } = state.memoryRevocations();
  walk("revoke a target", valueRow<never>(TOKEN as never, NO_TARGET, revoke));
  walk(
    "revoke until",
    valueRow<number>(
      NOW + 60,
      [...NO_SECONDS.filter((value) => typeof value !== "object" || value instanceof Date), null, NOW - 1],
      (end) => revoke(TOKEN, end),
    ),
  );
  walk(
    "revoke how",
    optionsRow<state.RevocationHow>(
      {},
      { untilSeconds: [...NO_SECONDS, NOW - 1], by: [...NO_OBJECT, {}, { operator: "" }], reason: NO_TEXT },
      (how) => revoke(TOKEN, how),
    ),
  );
  walk("lift a target", valueRow<never>(TOKEN as never, NO_TARGET, lift));
  walk(
    "lift how",
    optionsRow<Pick<state.RevocationHow, "by" | "reason">>(
      {},
      { by: [...NO_OBJECT, {}, { operator: "" }], reason: NO_TEXT },
      (how) => lift(TOKEN, how),
    ),
  );
});
