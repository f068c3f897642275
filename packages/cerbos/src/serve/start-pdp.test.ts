import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { findBinary } from "../binary/find-binary.ts";
import { fakeCerbos, PAYMENTS, REPORT_SCHEMA, REPORTS, temporaryFolder } from "../testing/policies.ts";
import { pidsOf, runFolder, untilGone } from "../testing/processes.ts";
import { until } from "../testing/until.ts";
import type { Pdp, StartPdpOptions } from "./start-pdp.ts";
import { startPdp } from "./start-pdp.ts";

async function started(options: StartPdpOptions): Promise<Pdp> {
  const pdp = await startPdp(options);
  onTestFinished(() => pdp.close());
  return pdp;
}

async function refusal(options: StartPdpOptions): Promise<HopwiseError> {
  const outcome = await startPdp(options).then(
    (pdp) => pdp.close().then(() => "it started"),
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(HopwiseError);
  return outcome as HopwiseError;
}

const payments = (): string => temporaryFolder({ "payments.yaml": PAYMENTS });

function pay(client: GRPC, amount: number, attr: Record<string, number>): Promise<boolean> {
  return client.isAllowed({
    principal: { id: "ann", roles: ["user"], attr },
    resource: { kind: "payment", id: "p1", attr: { amount } },
    action: "pay",
  });
}

describe("a running PDP", () => {
  it("decides by the policies of the folder, through its client and through any other on its target", async () => {
    const pdp = await started({ policies: payments() });
    expect(await pay(pdp.client, 5, { cap: 10 })).toBe(true);
    expect(await pay(pdp.client, 50, { cap: 10 })).toBe(false);
    const other = new GRPC(pdp.target, { tls: false });
    expect(await pay(other, 5, { cap: 10 })).toBe(true);
    other.close();
  });

  it("says which version of Cerbos it is", async () => {
    const pdp = await started({ policies: payments() });
    expect(pdp.version).toBe((await pdp.client.serverInfo()).version);
    expect(pdp.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it("denies when a rule that denies cannot be evaluated", async () => {
    const pdp = await started({ policies: payments() });
    expect(await pay(pdp.client, 50, {})).toBe(false);
  });

  it("skips a rule that denies and cannot be evaluated only for somebody who turned strict evaluation off", async () => {
    const pdp = await started({ policies: payments(), strictEvaluation: false });
    expect(await pay(pdp.client, 50, {})).toBe(true);
  });

  it("denies attributes that do not fit their schema, unless told to only warn", async () => {
    const policies = temporaryFolder({ "reports.yaml": REPORTS, "_schemas/report.json": REPORT_SCHEMA });
    const read = (pdp: Pdp, pages: unknown): Promise<boolean> =>
      pdp.client.isAllowed({
        principal: { id: "ann", roles: ["user"] },
        resource: { kind: "report", id: "q3", attr: { pages: pages as number } },
        action: "read",
      });
    const strict = await started({ policies });
    expect([await read(strict, 3), await read(strict, "three")]).toEqual([true, false]);
    const lax = await started({ policies, schemaEnforcement: "warn" });
    expect(await read(lax, "three")).toBe(true);
  });

  it("takes up a policy that is added while it runs", async () => {
    const policies = payments();
    const pdp = await started({ policies });
    const readsReports = (): Promise<boolean> =>
      pdp.client.isAllowed({
        principal: { id: "ann", roles: ["user"] },
        resource: { kind: "invoice", id: "i1" },
        action: "read",
      });
    expect(await readsReports()).toBe(false);
    writeFileSync(join(policies, "invoices.yaml"), PAYMENTS.replace("resource: payment", "resource: invoice"));
    await until(readsReports);
  });

  it("goes on with the last good policies when one breaks while it runs, and logs that", async () => {
    const policies = payments();
    const lines: string[] = [];
    const pdp = await started({ policies, onLog: (line) => lines.push(line) });
    writeFileSync(join(policies, "payments.yaml"), PAYMENTS.replace("P.attr.cap", ""));
    await until(() => lines.some((line) => line.includes("payments.yaml")));
    expect(await pay(pdp.client, 5, { cap: 10 })).toBe(true);
    expect(await pay(pdp.client, 50, { cap: 10 })).toBe(false);
  });

  it("writes the decision log that was asked for, readable by this user alone", async () => {
    const decisionLog = join(temporaryFolder(), "decisions.jsonl");
    const pdp = await started({ policies: payments(), decisionLog });
    await pay(pdp.client, 50, { cap: 10 });
    await pdp.close();
    const entries = readFileSync(decisionLog, "utf8").trim().split("\n");
    expect(entries).toHaveLength(1);
    expect(JSON.parse(entries[0] as string)).toMatchObject({ "log.kind": "decision" });
    expect(statSync(decisionLog).mode & 0o777).toBe(0o600);
  });

  it("makes a decision log private that is there already, and is not started with one that cannot be", async () => {
    const decisionLog = join(temporaryFolder({ log: "" }), "log");
    chmodSync(decisionLog, 0o644);
    const pdp = await started({ policies: payments(), decisionLog });
    expect(statSync(decisionLog).mode & 0o777).toBe(0o600);
    await pay(pdp.client, 50, { cap: 10 });
    await pdp.close();
    expect(readFileSync(decisionLog, "utf8").trim().split("\n")).toHaveLength(1);

    const temporary = temporaryFolder();
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const error = await refusal({ policies: payments(), decisionLog: temporaryFolder() });
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/decisionLog" });
    expect(readdirSync(temporary).filter((name) => name.startsWith("hopwise-pdp"))).toEqual([]);
  });

  it("listens where only this user can connect", async () => {
    const pdp = await started({ policies: payments() });
    const folder = runFolder(pdp.target);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const socket of ["grpc.sock", "http.sock"]) expect(statSync(join(folder, socket)).mode & 0o777).toBe(0o600);
  });

  it("is one of many: two at once do not see each other", async () => {
    const closed = temporaryFolder({ "payments.yaml": PAYMENTS.replaceAll("EFFECT_ALLOW", "EFFECT_DENY") });
    const [open, shut] = await Promise.all([started({ policies: payments() }), started({ policies: closed })]);
    expect(await Promise.all([open, shut].map((pdp) => pay(pdp.client, 5, { cap: 10 })))).toEqual([true, false]);
    await shut.close();
    expect(await pay(open.client, 5, { cap: 10 })).toBe(true);
  });

  it("runs on a folder behind a link and with blanks, quotes and dollars in its name", async () => {
    const parent = temporaryFolder();
    const policies = join(parent, 'a "b" $HOME $x');
    mkdirSync(policies);
    writeFileSync(join(policies, "payments.yaml"), PAYMENTS);
    const link = join(parent, "link");
    symlinkSync(policies, link);
    for (const folder of [policies, link]) {
      const pdp = await started({ policies: folder });
      expect(await pay(pdp.client, 5, { cap: 10 })).toBe(true);
    }
  });

  it("keeps to its folder when the environment names another source of policies", async () => {
    vi.stubEnv("CERBOS_HUB_DEPLOYMENT_ID", "ABCDEFGHIJKL");
    onTestFinished(() => void vi.unstubAllEnvs());
    const pdp = await started({ policies: payments() });
    expect(await pay(pdp.client, 5, { cap: 10 })).toBe(true);
  });
});

describe("what a PDP reads", () => {
  /** It denies ann to pay. */
  const DENY = `apiVersion: api.cerbos.dev/v1
principalPolicy:
  principal: ann
  version: default
  rules: [{ resource: payment, actions: [{ action: pay, effect: EFFECT_DENY }] }]
`;

  it("is what was checked, also where the folder changes between the check and the moment in which Cerbos reads it", async () => {
    const policies = payments();
    const checked = join(temporaryFolder(), "checked");
    const real = await findBinary();
    // Behind such a name Cerbos does not load it: a trap.
    const binary = fakeCerbos(`if [ "$1" = compile ]; then ${real} "$@"; code=$?; touch ${checked}; exit $code; fi
      until [ -e ${checked} ]; do sleep 0.01; done
      mv ${policies}/deny.yaml ${policies}/deny_test.yaml
      exec ${real} "$@"`);
    writeFileSync(join(policies, "deny.yaml"), DENY);
    const pdp = await started({ policies, binary, onLog: () => {} });
    const answers: unknown[] = [];
    while (pdp.health().ok) answers.push(await pay(pdp.client, 5, { cap: 10 }).catch(() => "stopped"));
    expect(answers).not.toContain(true);
    expect(answers).toContain(false);
    expect(pdp.health().problem).toContain("deny_test.yaml");
  });

  it("is in a copy for this user alone, named in Cerbos' decision log with the path of the folder at its end", async () => {
    const [policies, decisionLog] = [payments(), join(temporaryFolder(), "decisions.jsonl")];
    const pdp = await started({ policies, decisionLog });
    await pay(pdp.client, 5, { cap: 10 });
    await until(() => readFileSync(decisionLog, "utf8").includes("\n"));
    const { directory } = JSON.parse(readFileSync(decisionLog, "utf8")).policySource.disk;
    expect(directory).toBe(join(dirname(runFolder(pdp.target)), "policies", policies));
    expect(readdirSync(directory)).toEqual(["payments.yaml"]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, "payments.yaml")).mode & 0o777).toBe(0o600);
  });

  it("is all of it: a policy behind a link that leads nowhere might deny", async () => {
    const policies = payments();
    symlinkSync("nowhere", join(policies, "deny.yaml"));
    const error = await refusal({ policies });
    expect(error.code).toBe("policy_invalid");
    expect(error.message).toContain(`${policies}/deny.yaml: is neither a file nor a folder`);
    expect(error.message).not.toContain("hopwise-pdp");
  });
});

describe("closing", () => {
  it("ends the process and removes its folder, once or twice or three times", async () => {
    const pdp = await started({ policies: payments() });
    const folder = runFolder(pdp.target);
    await Promise.all([pdp.close(), pdp.close()]);
    await pdp.close();
    expect(await pdp.exited).toEqual({ code: 0, signal: null });
    await untilGone(folder);
  });

  it("happens by itself at the end of an await using", async () => {
    let folder = "";
    {
      await using pdp = await startPdp({ policies: payments() });
      folder = runFolder(pdp.target);
    }
    await untilGone(folder);
  });
});

describe("a PDP that dies", () => {
  it("says that it died and stays gone, once: to whoever reads its log, else as a warning of the process", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    const lines: string[] = [];
    const pdps = [
      await started({ policies: payments() }),
      await started({ policies: payments(), onLog: (line) => lines.push(line) }),
    ];
    for (const pdp of pdps) {
      process.kill(pidsOf(runFolder(pdp.target)).pdp, "SIGKILL");
      await pdp.exited;
      await pdp.close();
    }
    const said = expect.stringMatching(/^All calls are denied: the PDP is gone \(SIGKILL\)\. With restart/);
    expect(warned.mock.calls).toEqual([[said, "HopwiseWarning"]]);
    const own = lines.map((line) => JSON.parse(line)).filter((line) => line["log.logger"] === "hopwise");
    expect(own).toEqual([{ "log.level": "error", "log.logger": "hopwise", message: said }]);
    const closed = await startPdp({ policies: payments() });
    await closed.close();
    await closed.exited;
    expect(warned).toHaveBeenCalledTimes(1);
  });

  it("is reported, leaves no folder, and every call after it fails as unavailable", async () => {
    const pdp = await started({ policies: payments() });
    const folder = runFolder(pdp.target);
    expect(await pay(pdp.client, 5, { cap: 10 })).toBe(true);
    process.kill(pidsOf(folder).pdp, "SIGKILL");
    expect(await pdp.exited).toEqual({ code: null, signal: "SIGKILL" });
    await untilGone(folder);
    await expect(pay(pdp.client, 5, { cap: 10 })).rejects.toMatchObject({ code: 14 });
    await pdp.close();
  });

  it("does not stay behind when the shell that watches it is killed", async () => {
    const pdp = await started({ policies: payments() });
    const folder = runFolder(pdp.target);
    process.kill(pidsOf(folder).supervisor, "SIGKILL");
    expect(await pdp.exited).toEqual({ code: null, signal: "SIGKILL" });
    await untilGone(folder);
  });
});

describe("a start is refused", () => {
  it.each([
    ["does not exist", () => join(temporaryFolder(), "nowhere")],
    ["is a file", () => join(payments(), "payments.yaml")],
    ["is empty", () => temporaryFolder()],
    [
      "holds only what Cerbos does not read as policies",
      () =>
        temporaryFolder({
          "_schemas/report.json": REPORT_SCHEMA,
          "testdata/principals.yaml": "principals: {}",
          "payments_test.yaml": "name: x",
          ".hidden.yaml": PAYMENTS,
          ".git/config.yaml": PAYMENTS,
          "README.md": "# Policies",
        }),
    ],
  ])("when the policy folder %s", async (_, folder) => {
    const policies = folder();
    const error = await refusal({ policies });
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/policies" });
    expect(error.message).toContain(policies);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      "that is no YAML",
      { "broken.yaml": "resourcePolicy: [\n" },
      /broken\.yaml:1:\d+: sequence end token '\]' not found/,
    ],
    [
      "with a word Cerbos does not know",
      { "broken.yaml": PAYMENTS.replace("EFFECT_DENY", "EFFECT_DENIED").replace("payment", "other") },
      /broken\.yaml:8:15: invalid enum value "EFFECT_DENIED"/,
    ],
    [
      "with a condition that does not parse",
      { "broken.yaml": PAYMENTS.replace("P.attr.cap", "").replace("payment", "other") },
      /broken\.yaml:10:\d+: Invalid expression/,
    ],
    [
      "that imports derived roles nobody defines",
      {
        "broken.yaml": PAYMENTS.replace("rules:", "importDerivedRoles: [owners]\n  rules:").replace("payment", "other"),
      },
      /broken\.yaml:5:\d+: cannot find derived roles 'owners'/,
    ],
    [
      "that is there twice",
      { "broken.yaml": PAYMENTS },
      /payments\.yaml:1:\d+: resource\.payment\.vdefault is defined here and in .*broken\.yaml/,
    ],
    [
      "whose scope has no parent",
      {
        "broken.yaml": PAYMENTS.replace("version: default", "version: default\n  scope: acme").replace(
          "payment",
          "other",
        ),
      },
      /resource\.other\.vdefault is missing, and resource\.other\.vdefault\/acme needs it/,
    ],
    ["with a schema that is not there", { "broken.yaml": REPORTS }, /broken\.yaml:7:\d+: .*report\.json doesn't exist/],
    [
      "with a schema that is no JSON",
      { "broken.yaml": REPORTS, "_schemas/report.json": "{" },
      /broken\.yaml:7:\d+: .*report\.json.* unexpected EOF/,
    ],
    [
      "with a schema that is no schema",
      { "broken.yaml": REPORTS, "_schemas/report.json": '{"type": 5}' },
      /broken\.yaml:7:\d+: .*report\.json.*'\/type' does not validate/,
    ],
  ])("for a policy %s, naming file, line and cause", async (_, files, message) => {
    const policies = temporaryFolder({ "payments.yaml": PAYMENTS, ...files });
    const error = await refusal({ policies });
    expect(error.code).toBe("policy_invalid");
    expect(error.message).toMatch(message);
    expect(error.message).toContain(policies);
    expect(error.message).not.toContain("hopwise-pdp");
  });

  it.runIf(existsSync("/proc/self/mem"))("for a file that cannot be read: Cerbos would serve the rest", async () => {
    const policies = payments();
    symlinkSync("/proc/self/mem", join(policies, "z.yaml"));
    const error = await refusal({ policies });
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/policies" });
    expect(error.message).toMatch(/cannot be read: EIO/);
  });

  it("for many broken policies with the first ten of them", async () => {
    const names = Array.from({ length: 13 }, (_, index) => `broken-${index}.yaml`);
    const error = await refusal({ policies: temporaryFolder(Object.fromEntries(names.map((name) => [name, "x: ["]))) });
    expect(error.message.match(/broken-\d+\.yaml:1:/g)).toHaveLength(10);
    expect(error.message).toContain("and 3 more");
  });

  it("but not for a policy test that fails or does not load: tests are for compilePolicies", async () => {
    const policies = temporaryFolder({ "payments.yaml": PAYMENTS, "payments_test.yaml": "tests: 5" });
    await started({ policies });
  });

  it("when Cerbos exits at once, with its last lines", async () => {
    const binary = fakeCerbos('[ "$1" = compile ] && exit 0; echo "no space left on device" >&2; exit 7');
    const error = await refusal({ policies: payments(), binary });
    expect(error.code).toBe("pdp_start_failed");
    expect(error.message).toContain(binary);
    expect(error.message).toContain("stopped before it served (code 7)");
    expect(error.message).toContain("no space left on device");
  });

  it("when Cerbos cannot read a file, by the path of the folder that was given", async () => {
    const read = `sed -n 's/.*"directory": "\\(.*\\)".*/cannot open \\1/p' "\${3#--config=}"`;
    const binary = fakeCerbos(`[ "$1" = compile ] && exit 0; ${read} >&2; exit 7`);
    const policies = payments();
    const error = await refusal({ policies, binary });
    expect(error.message).toContain(`cannot open ${policies}`);
    expect(error.message).not.toContain("hopwise-pdp");
  });

  it("when Cerbos cannot even compile, with its last lines", async () => {
    const binary = fakeCerbos('echo "cannot allocate memory" >&2; exit 1');
    const error = await refusal({ policies: payments(), binary });
    expect(error.code).toBe("pdp_start_failed");
    expect(error.message).toContain("cannot allocate memory");
  });

  it.each([
    ["neither serves nor compiles", "exec sleep 60"],
    ["does not serve", '[ "$1" = compile ] && exit 0; exec sleep 60'],
    ["does not serve and does not listen to signals", '[ "$1" = compile ] && exit 0; trap "" TERM; sleep 60'],
  ])("when Cerbos %s in time, and nothing of it stays", async (_, script) => {
    const temporary = temporaryFolder();
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const error = await refusal({ policies: payments(), binary: fakeCerbos(script), startTimeoutMs: 300 });
    expect(error.code).toBe("pdp_start_failed");
    expect(error.message).toMatch(/within 300 ms.*give it longer: startTimeoutMs/s);
    await untilGone(`${temporary}/hopwise-pdp`);
  });

  it("when Cerbos is too old for strict evaluation, saying so", async () => {
    const binary = fakeCerbos(
      '[ "$1" = compile ] || { echo "line 1: field strictEvaluation not found in type" >&2; exit 1; }',
    );
    const error = await refusal({ policies: payments(), binary });
    expect(error.code).toBe("pdp_start_failed");
    expect(error.message).toContain("older than 0.55.0");
  });

  it("when the binary that was named is not there", async () => {
    const error = await refusal({ policies: payments(), binary: "/nowhere/cerbos" });
    expect(error).toMatchObject({ code: "pdp_missing" });
  });
});

describe("globals", () => {
  it("are what policies read, also with a dollar in them, and as they were when it started", async () => {
    const rule = (action: string, expr: string): string =>
      `    - { actions: [${action}], effect: EFFECT_ALLOW, roles: ["*"], condition: { match: { expr: ${JSON.stringify(expr)} } } }\n`;
    const folder = temporaryFolder({
      "a.yaml": `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: thing
  version: default
  rules:
${rule("name", `G.environment == "$HOME of dev" && globals.limits.max == 5.0`)}${rule("other", "G.other == 1.0")}`,
    });
    const globals = { environment: "$HOME of dev", limits: { max: 5 } };
    const starting = started({ policies: folder, globals });
    globals.limits.max = 6;
    const { client } = await starting;
    const ask = (action: string): Promise<boolean> =>
      client.isAllowed({ principal: { id: "ann", roles: ["user"] }, resource: { kind: "thing", id: "1" }, action });
    expect([await ask("name"), await ask("other")]).toEqual([true, false]);
  });
});
