/**
 * An option that instances share, or that says whom they trust, as a text, and whose environment variable is not set: it is
 * there, and undefined. One instance that took the default in silence would be alone with it. Each optional member of the options has its
 * row: a new one does not compile without saying which kind it is.
 */
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { openAuditLog, verifyAuditLog } from "@hopwise/audit";
import { type ConnectPdpOptions, connectPdp, type StartPdpOptions, startPdp } from "@hopwise/cerbos";
import {
  type AuthorizerOptions,
  createAuthorizer,
  generateSigner,
  HopwiseError,
  inMemoryAgents,
  inMemoryUsers,
  memoryAudit,
  memoryState,
  remoteJwks,
} from "@hopwise/core";
import { type OidcUsersOptions, oidcUsers, usersOverHttp } from "@hopwise/core/sources";
import {
  type AcceptOptions,
  type ApprovalOptions,
  acceptRevocations,
  createNonces,
  type FeedReaderOptions,
  type NoncesOptions,
  revocationsOverHttp,
} from "@hopwise/core/state";
import { answeringPdp } from "@hopwise/core/testing";
import { clientOptions, type RedisStateOptions, redisState } from "@hopwise/redis";
import { type SqliteStateOptions, sqliteState } from "@hopwise/sqlite";
import { createClient, createCluster } from "@redis/client";
import { describe, expect, it, vi } from "vitest";

/** `shared`: it must be set, or left out. `own`: undefined is its default, since no other instance notices, or a program made it. */
type Kind = "shared" | "own";
type OptionalOf<T> = { [Name in keyof T]-?: object extends Pick<T, Name> ? Name : never }[keyof T];
type Kinds<T> = { readonly [Name in OptionalOf<T>]: Kind };

interface Row {
  readonly called: string;
  readonly kinds: Readonly<Record<string, Kind>>;
  readonly ask: (unset: object) => unknown;
}

function row<T>(called: string, kinds: Kinds<T>, ask: (unset: Partial<T>) => unknown): Row {
  return { called, kinds, ask: ask as Row["ask"] };
}

const { publicJwk } = await generateSigner();
const anchor = {
  issuer: "https://id.acme.example",
  keys: [{ kid: "k", jwk: publicJwk }],
  audiences: ["https://pay.acme.example/mcp"],
  subjects: ["alice"],
  tools: "any",
} as const;
const authorizer: AuthorizerOptions = {
  cerbos: answeringPdp(),
  audience: "https://pay.acme.example/mcp",
  trust: [anchor],
  users: inMemoryUsers({}),
  agents: inMemoryAgents({}),
  tools: { pay: { kind: "payment", action: "pay" } },
  audit: memoryAudit(),
};
const redis = (options: object) =>
  createClient({ url: "redis://127.0.0.1:1", ...clientOptions(), ...options }) as never;

const ROWS: readonly Row[] = [
  row<NoncesOptions>("createNonces", { secret: "shared", lifetimeSeconds: "own" }, createNonces),
  row<RedisStateOptions>(
    "redisState",
    {
      prefix: "shared",
      // Kept in the store: another value is refused there.
      longestWindowSeconds: "own",
      deadlineMs: "own",
      mustExist: "own",
      maxProofsOfUser: "own",
      maxProofsOfRoot: "own",
      durable: "own",
      // Required where the server has replicas.
      failOverMs: "own",
      maxStalenessSeconds: "own",
      repairSeconds: "own",
    },
    (unset) => redisState({ client: redis({}), mustExist: true, deadlineMs: 50, ...unset }),
  ),
  row<SqliteStateOptions>(
    "sqliteState",
    {
      synchronous: "own",
      deadlineMs: "own",
      longestWindowSeconds: "own",
      mustExist: "own",
      maxProofs: "own",
      maxProofsOfRoot: "own",
      maxProofsOfUser: "own",
      clock: "own",
      maxStalenessSeconds: "own",
      repairSeconds: "own",
    },
    (unset) => sqliteState({ file: "/dev/null/state.db", ...unset }),
  ),
  row<AuthorizerOptions>(
    "createAuthorizer",
    {
      state: "own",
      nonces: "own",
      rates: "own",
      sources: "own",
      auxData: "own",
      delegation: "own",
      telemetry: "own",
      approvals: "own",
      shadow: "own",
      onWarning: "own",
      deadlineMs: "own",
      limits: "own",
      clock: "own",
    },
    (unset) => createAuthorizer({ ...authorizer, ...unset }),
  ),
  row<ApprovalOptions>(
    "createAuthorizer: approvals",
    { approvers: "own", withinSeconds: "own", maxWaiting: "own", onRequest: "own", onAnswer: "own" },
    (approvals) => createAuthorizer({ ...authorizer, approvals }),
  ),
  row<FeedReaderOptions>(
    "revocationsOverHttp",
    {
      epoch: "shared",
      everySeconds: "own",
      maxStalenessSeconds: "own",
      timeoutMs: "own",
      maxBytes: "own",
      headers: "own",
      fetch: "own",
      clock: "own",
    },
    (unset) =>
      revocationsOverHttp({
        url: "http://127.0.0.1:1/revocations",
        keys: [publicJwk],
        audience: "https://log.acme.example",
        ...unset,
      }).close(),
  ),
  row<AcceptOptions>(
    "acceptRevocations",
    { mostBelowOne: "own", mostOfIssuer: "own", onAnswer: "own", limits: "own", deadlineMs: "own", clock: "own" },
    (unset) =>
      acceptRevocations({ trust: [anchor], audience: "https://log.acme.example", state: memoryState(), ...unset }),
  ),
  row<OidcUsersOptions>(
    "oidcUsers",
    { issuers: "own", uniqueIds: "own", schema: "own", maxUsers: "own", clock: "own" },
    (unset) => oidcUsers({ user: () => ({ roles: [] }), ...unset }),
  ),
  row<StartPdpOptions>(
    "startPdp",
    {
      jwtKeySets: "own",
      globals: "own",
      binary: "own",
      strictEvaluation: "own",
      schemaEnforcement: "own",
      decisionLog: "own",
      startTimeoutMs: "own",
      restart: "own",
      sharing: "own",
      onLog: "own",
    },
    (unset) => startPdp({ policies: "/dev/null/policies", ...unset }),
  ),
  row<NonNullable<ConnectPdpOptions["tls"]>>(
    "connectPdp: tls",
    { ca: "shared", cert: "own", key: "own", serverName: "own" },
    (tls) => connectPdp({ targets: ["pdp.acme.example:1"], tls, startTimeoutMs: 1 }),
  ),
];

async function said(run: () => unknown): Promise<string> {
  try {
    await run();
    return "taken";
  } catch (error) {
    if (error instanceof HopwiseError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const UNSET = /It is there, and undefined: an environment variable that is not set\?/;

// Together: stores that nobody answers for are waited for.
vi.setConfig({ maxConcurrency: 100 });
describe.each(ROWS)("$called", { concurrent: true }, ({ called, kinds, ask }) => {
  it.each(Object.entries(kinds))("%s, which is there and undefined: %s", async (name, kind) => {
    const refusal = await said(() => ask({ [name]: undefined }));
    if (kind === "own") return expect(refusal).not.toMatch(UNSET);
    expect(refusal).toMatch(UNSET);
    expect(refusal).toMatch(new RegExp(`^config_invalid: ${called.split(":")[0]}: .*\\b${name} is missing; give `));
  });
});

it("says the same of what is required", async () => {
  for (const name of ["audience", "trust"]) {
    const given = { ...authorizer, [name]: undefined };
    expect(await said(() => createAuthorizer(given as never))).toMatch(UNSET);
  }
  const { trust: _, ...rest } = authorizer;
  expect(await said(() => createAuthorizer(rest as never))).not.toMatch(UNSET);
});

it("takes no client of Redis whose address is there and undefined: it would be that of this machine", async () => {
  const cluster = createCluster({ rootNodes: [{ url: undefined as never }], defaults: clientOptions() });
  for (const client of [redis({ url: undefined }), cluster as never]) {
    expect(await said(() => redisState({ client }))).toMatch(
      /the url of the client is undefined, or has "undefined" in it: an environment/,
    );
  }
});

/** What a program puts together of such a variable: `https://${process.env.HOST}/mcp`. */
const composed: readonly (readonly [string, () => unknown])[] = [
  ["createAuthorizer: audience", () => createAuthorizer({ ...authorizer, audience: "https://undefined/mcp" })],
  [
    "createAuthorizer: trust[0].issuer",
    () => createAuthorizer({ ...authorizer, trust: [{ ...anchor, issuer: "https://undefined" }] }),
  ],
  [
    "createAuthorizer: trust[0].audiences[0]",
    () => createAuthorizer({ ...authorizer, trust: [{ ...anchor, audiences: ["https://pay.undefined.example/mcp"] }] }),
  ],
  ["remoteJwks: what it takes", () => remoteJwks("https://undefined/jwks.json")],
  [
    "revocationsOverHttp: url",
    () =>
      revocationsOverHttp({ url: "https://undefined:8080/r", keys: [publicJwk], audience: "https://log.acme.example" }),
  ],
  ["connectPdp: targets[0]", () => connectPdp({ targets: ["undefined:3593"], startTimeoutMs: 1 })],
  ["connectPdp: targets[0]", () => connectPdp({ targets: ["unix:undefined/grpc.sock"], startTimeoutMs: 1 })],
  ["startPdp: policies", () => startPdp({ policies: "undefined/policies" })],
  ["startPdp: decisionLog", () => startPdp({ policies: "./policies", decisionLog: "./undefined.log" })],
  ["sqliteState: file", () => sqliteState({ file: "undefined/state.db" })],
  ["openAuditLog: folder", async () => openAuditLog({ folder: "./audit-undefined", signer: await generateSigner() })],
  ["verifyAuditLog: folder", () => verifyAuditLog({ folder: "undefined/audit", keys: [publicJwk] })],
  [
    "createMcpClient: transport.url",
    () =>
      createMcpClient({
        transport: { type: "http", url: "http://undefined:8080/mcp" },
        delegation: async () => undefined as never,
        audience: "https://pay.acme.example/mcp",
      }),
  ],
];

it.each(composed)("takes no address and no path with a variable in it that is not set: %s", async (where, ask) => {
  const refusal = await said(ask);
  expect(refusal).toContain(`config_invalid: ${where} must be `);
  expect(refusal).toMatch(/; got a text with "undefined" in it: is an environment variable not set\?$/);
});

it.each([" ", "\n", "./a ", "./a\n", "\t./a"])(
  "takes no path with a space around it, as of a file that ends with a line: %j",
  async (path) => {
    for (const open of [
      async () => openAuditLog({ folder: path, signer: await generateSigner() }),
      () => sqliteState({ file: path }),
      () => startPdp({ policies: path }),
    ]) {
      expect(await said(open)).toMatch(/^config_invalid: .*; got a text with a space, or an end of line, at an end$/);
    }
  },
);

it("takes no user's address with one in its host, and any user", async () => {
  const parse = () => ({ id: "x", roles: [] });
  const directory = (base: string) => () =>
    usersOverHttp({ name: "hr", url: ({ subject }) => `${base}/users/${encodeURIComponent(subject)}`, parse });
  expect(await said(directory("https://undefined"))).toMatch(/^config_invalid: .*"undefined" in its host: is an env/);
  expect(await said(directory("https://hr.acme.example/undefined"))).toBe("taken");
});

it("takes a name of which such a word is a part", async () => {
  expect(await said(() => remoteJwks("https://undefinedlabs.example/jwks.json"))).toBe("taken");
});
