import * as cerbos from "@hopwise/cerbos";
import { HopwiseError } from "@hopwise/core";
import { describe, expect, it } from "vitest";
import {
  type DoorRows,
  NO_COUNT,
  NO_FLAG,
  NO_FUNCTION,
  NO_METHODS,
  NO_NUMBER,
  NO_OBJECT,
  NO_TEXT,
  optionsRow,
  type Row,
  valueRow,
  walk,
  within,
} from "./row.ts";

const policies = "policies";
/** What is right gets as far as this: no row starts a process. */
const binary = "/nowhere/cerbos";
const client = {
  serverInfo: () => Promise.reject(new HopwiseError("policy_unavailable", "not now")),
  checkResources: () => Promise.reject(new HopwiseError("policy_unavailable", "not now")),
  planResources: () => Promise.reject(new HopwiseError("policy_unavailable", "not now")),
};

const NO_TIME = [...NO_NUMBER, 0];
const NO_RESTART = [
  null,
  5,
  "yes",
  [],
  ...within<cerbos.RestartOptions>(
    {},
    { firstPauseMs: NO_TIME, longestPauseMs: [...NO_TIME, 10_000_000], onChange: NO_FUNCTION },
  ),
];
const NO_KEY_SET = [
  ...NO_OBJECT,
  {},
  ...["http://id.example/jwks.json", "id.example", "file:///jwks.json", ...NO_TEXT].map((url) => ({ url })),
  ...NO_TEXT.map((file) => ({ file })),
  { url: "https://id.example/jwks.json", file: "jwks.json" },
  { urll: "https://id.example/jwks.json" },
];
const NO_TARGET = [...NO_TEXT, "localhost", "http://localhost:3593", "xds:///pdp", "unix:", "a b:3593"];
const NO_PEM = ["", 5, null, {}, () => "pem", new Uint8Array()];
const NO_CLIENT = [...NO_METHODS, { checkResources: () => {} }];
const RESILIENCE = {
  timeoutMs: [...NO_TIME, 10_000_000],
  patienceMs: [...NO_TIME, 10_000_000],
  faultsInARow: [...NO_COUNT, 0],
  restMs: [...NO_TIME, 10_000_000],
};
const NO_NAMES = [null, "region", 5, [5], [""], {}];
const SHARING = {
  requestsUnderWay: [...NO_COUNT, 0, 1_001],
  questionsInOne: [...NO_COUNT, 0, 51],
  mostWaiting: [...NO_COUNT, 0],
};
const NO_SHARING = [null, 5, "yes", [], true, ...within<cerbos.SharingOptions>({}, SHARING)];
const ENTRY: cerbos.AskedTool = { kind: "payment", action: "send" };
const NO_ENTRY = [
  ...NO_OBJECT,
  {},
  ...Object.entries({
    kind: NO_TEXT,
    action: ["", 5, null, {}, async () => "send"],
    list: ["", 5, null, {}, async () => "list"],
    filter: [
      null,
      5,
      "yes",
      ...NO_FLAG.map((plansSuffice) => ({ plansSuffice })),
      ...NO_NAMES.map((required) => ({ required })),
    ],
    scope: ["", 5, null, {}],
    policyVersion: ["", 5, null, {}],
    argumentsAs: NO_TEXT,
    attributesSchema: [null, 5, "schema", []],
  } satisfies { readonly [Name in keyof Required<cerbos.AskedTool>]: readonly unknown[] }).flatMap(([name, values]) =>
    values.map((value) => ({ ...ENTRY, [name]: value })),
  ),
];
const NO_FOLDER = [...NO_TEXT, undefined, new URL("file:///policies")];

const doors: DoorRows<typeof cerbos> = {
  startPdp: optionsRow<cerbos.StartPdpOptions>(
    { policies, binary },
    {
      policies: NO_FOLDER,
      binary: NO_TEXT,
      strictEvaluation: NO_FLAG,
      schemaEnforcement: ["Reject", "", null, true],
      decisionLog: [...NO_TEXT, true],
      globals: [
        ...NO_OBJECT,
        { environment: undefined },
        { limit: Number.NaN },
        { at: 5n },
        { run: () => "dev" },
        new Map(),
      ],
      jwtKeySets: [...NO_OBJECT, ...NO_KEY_SET.map((set) => ({ hr: set }))],
      startTimeoutMs: [...NO_TIME, 10_000_000],
      restart: NO_RESTART,
      sharing: NO_SHARING,
      onLog: NO_FUNCTION,
    },
    cerbos.startPdp,
  ),
  connectPdp: optionsRow<cerbos.ConnectPdpOptions>(
    { targets: "127.0.0.1:1", startTimeoutMs: 1 },
    {
      ...RESILIENCE,
      targets: [undefined, [], ...NO_TARGET, ...NO_TARGET.map((target) => ["localhost:3593", target])],
      tls: [
        ...NO_OBJECT,
        true,
        ...within<cerbos.PdpTls>(
          {},
          { ca: [...NO_PEM, [], [""], [5]], cert: NO_PEM, key: NO_PEM, serverName: NO_TEXT },
        ),
        { cert: "x" },
      ],
      plaintext: [true, "", "yes", null],
      startTimeoutMs: [...NO_TIME, 10_000_000],
      sharing: NO_SHARING,
      onWarning: NO_FUNCTION,
      onChange: NO_FUNCTION,
    },
    cerbos.connectPdp,
  ),
  resilient: optionsRow<cerbos.ResilienceOptions>({}, { ...RESILIENCE, onChange: NO_FUNCTION }, (options) =>
    cerbos.resilient(client, options),
  ),
  shareRequests: optionsRow<cerbos.SharingOptions>({}, SHARING, (options) => cerbos.shareRequests(client, options)),
  compilePolicies: optionsRow<cerbos.CompilePoliciesOptions>(
    { binary },
    { binary: NO_TEXT, strictEvaluation: NO_FLAG },
    (options) => cerbos.compilePolicies(policies, options),
  ),
  lintPolicies: {
    unread: ["/tools/send/more"],
    ...optionsRow<cerbos.LintPoliciesOptions>(
      { tools: { send: { ...ENTRY, more: "of a whole entry" } as never } },
      {
        tools: [...NO_OBJECT, new Map(), ...NO_ENTRY.map((entry) => ({ send: entry }))],
        delegation: ["grants_only", "", null, 5, {}, { kind: "delegation" }, { kind: "a", action: "b", c: 1 }],
        auxData: [...NO_FLAG, () => undefined],
      },
      (options) => cerbos.lintPolicies(policies, options),
    ),
  },
  probePdp: optionsRow<cerbos.ProbePdpOptions>({}, { signal: [null, 5, {}, new AbortController()] }, (options) =>
    cerbos.probePdp(client, options),
  ),
  findBinary: valueRow<string | undefined>(undefined, NO_TEXT, (option) => cerbos.findBinary(option)),
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

describe("what stands before the options", () => {
  walk("resilient's clients", valueRow<never>(client as never, [...NO_CLIENT, [], [client, {}]], cerbos.resilient));
  walk("shareRequests' client", valueRow<never>(client as never, [...NO_CLIENT, [client]], cerbos.shareRequests));
  walk("probePdp's client", valueRow<never>(client as never, NO_CLIENT, cerbos.probePdp));
  walk(
    "compilePolicies' folder",
    valueRow<string>(policies, NO_FOLDER, (it) => cerbos.compilePolicies(it, { binary })),
  );
  walk(
    "lintPolicies' folder",
    valueRow<string>(policies, NO_FOLDER, (folder) => cerbos.lintPolicies(folder)),
  );

  it("is not quoted, for it may be a secret in the wrong place", async () => {
    const given = { targets: "hunter2-hunter2", tls: { cert: "hunter2-hunter2" } };
    await expect(cerbos.connectPdp(given)).rejects.not.toThrow("hunter2");
    await expect(cerbos.connectPdp({ ...given, targets: "localhost:1" })).rejects.not.toThrow("hunter2");
  });
});
