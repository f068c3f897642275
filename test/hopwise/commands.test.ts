/**
 * Every command: what it prints, how it ends, and what it never shows. Each is started once as a process, as people start
 * it; whatever else is typed goes to the function that the process calls.
 */
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditFilter, openAuditLog } from "@hopwise/audit";
import {
  createIssuer,
  delegate,
  generateSigner,
  type HeldDelegation,
  jsonLinesAudit,
  memoryAudit,
  type PublicJwk,
  parseDelegation,
  serialize,
  signerFromJwk,
} from "@hopwise/core";
import { auditTo, type DecisionRecord } from "@hopwise/core/audit";
import { exact, grant, int, wildcard } from "@hopwise/core/grant";
import { answeringPdp, createCompany, sampleDecision, sampleDenied, sampleOutcome } from "@hopwise/core/testing";
import { kidOf, serializeCompact, thumbprintOf } from "@hopwise/core/tokens";
import { describe, expect, it, vi } from "vitest";
import { COMMANDS } from "../../packages/hopwise/src/commands/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { webServer } from "../support/web-server.ts";
import { testApprovalsApprove, testApprovalsDeny, testApprovalsList, testApprovalsShow } from "./approvals.ts";
import { type Answer, BIN, hopwise, hopwiseProcess } from "./hopwise.ts";
import { testRevoke } from "./revoke.ts";

/** What holds for every answer, whatever was asked. */
function expectQuiet({ out, err }: Answer): void {
  expect(out + err).not.toMatch(TOKEN_TEXT);
  expect(out + err).not.toMatch(/"d":/);
  expect(out + err).not.toContain("\u001b");
}

const file = (folder: string, name: string, content: unknown): string => {
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  return name;
};

const POLICY = `
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: room
  version: default
  rules:
    - { actions: [book], effect: EFFECT_ALLOW, roles: [employee] }
`;
const TESTS = (effect: string) => `
name: rooms
principals: { ann: { id: ann, roles: [employee] } }
resources: { oak: { id: oak, kind: room } }
tests:
  - name: booking
    input: { principals: [ann], resources: [oak], actions: [book] }
    expected: [{ principal: ann, resource: oak, actions: { book: ${effect} } }]
`;
const LAX = `
    - { name: small_only, actions: [book], effect: EFFECT_DENY, roles: [employee], condition: { match: { expr: R.attr.seats > 9 } } }
`;

function policies(parts: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "policies"));
  for (const [name, text] of Object.entries(parts)) file(join(folder, "policies"), name, text);
  return folder;
}

async function chain(): Promise<{
  readonly root: HeldDelegation;
  readonly held: HeldDelegation;
  readonly text: string;
}> {
  const company = await createCompany();
  company.clock.set(new Date());
  const wide = grant({
    send_payment: { to: wildcard(), amount: int({ max: 5000 }) },
    read_invoice: { id: wildcard() },
  });
  const less = grant({ send_payment: { to: exact("Globex"), amount: int({ max: 100 }) } });
  const root = await company.chain("alice", { to: "planner", grant: wide });
  const held = await company.delegate(root, { to: "researcher", grant: less });
  return { root, held, text: serialize(held) };
}

const CHAIN = {
  id: "chain-1" as never,
  issuer: "https://id.acme.example",
  hops: [
    { kind: "user", id: "alice" },
    { kind: "agent", id: "agent:planner" },
  ],
} as const;
const ALLOWED = sampleDecision({ invocation: "call-1", time: "2026-05-01T10:00:00.000Z", chain: CHAIN });
const REFUSED: DecisionRecord = sampleDecision({
  invocation: "call-2",
  time: "2026-05-02T10:00:00.000Z",
  chain: CHAIN,
  tool: "read_invoice",
  outcome: "denied",
  code: "grant_argument_refused",
  stage: "grant",
  message: "not covered",
  hop: 1,
  pointer: "/id",
  wouldPass: { accepts: 'one of "INV-7"' },
});

/** A project with a log of three records, and its keys. */
async function auditLog(): Promise<{ readonly folder: string; readonly segment: string }> {
  const folder = temporaryFolder();
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const signer = await signerFromJwk(jwk);
  file(folder, "log.key.json", jwk);
  file(folder, "log.json", signer.publicJwk);
  const audit = await openAuditLog({ folder: join(folder, "audit"), signer });
  await audit.record(ALLOWED);
  await audit.outcome(sampleOutcome({ invocation: "call-1", time: "2026-05-01T10:00:01.000Z" }));
  await audit.record(REFUSED);
  await audit.close();
  const [segment = ""] = readdirSync(join(folder, "audit"));
  return { folder, segment: join(folder, "audit", segment) };
}

it("says under Node's --permission which flag is missing, of what is read and of what is written", async () => {
  const folder = temporaryFolder();
  file(folder, "there", "");
  const env = { NODE_OPTIONS: `--permission --allow-fs-read=${join(import.meta.dirname, "../..")}` };
  for (const [args, flag] of [
    [["keys", "new", "k.json"], "--allow-fs-write"],
    [["token", "show", "there"], "--allow-fs-read"],
  ] as const) {
    const { code, err } = await hopwiseProcess(args, { folder, env });
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(`Node.js runs with --permission, and has no ${flag} for it`),
    ]);
  }
});

/** The tests of each command: one without does not compile. */
const TESTED: Readonly<Record<string, () => void>> = {
  "keys new": () => {
    it("writes a key that only its owner can read, and prints the public part alone", async () => {
      const folder = temporaryFolder();
      const answer = await hopwiseProcess(["keys", "new", "k.json", "--public", "p.json", "--json"], { folder });
      expectQuiet(answer);
      const { file: path, thumbprint, publicJwk } = JSON.parse(answer.out);
      expect([answer.code, path]).toEqual([0, join(folder, "k.json")]);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const signer = await signerFromJwk(JSON.parse(readFileSync(path, "utf8")));
      expect(signer.publicJwk).toEqual(publicJwk);
      expect(JSON.parse(readFileSync(join(folder, "p.json"), "utf8"))).toEqual(publicJwk);
      expect((await hopwise(["keys", "new", "es.json", "--algorithm", "ES256"], { folder })).out).toMatch(
        /P-256[\s\S]*thumbprint/,
      );
      expect(thumbprint).toMatch(/^[\w-]{43}$/);
    });

    it("never touches a file that is there, and leaves no half of a pair", async () => {
      const folder = temporaryFolder();
      file(folder, "there.json", "mine");
      const over = await hopwise(["keys", "new", "there.json"], { folder });
      expect(over).toMatchObject({ code: 2, out: "", err: expect.stringContaining("never overwritten") });
      const half = await hopwise(["keys", "new", "new.json", "--public", "there.json"], { folder });
      expect(half.code).toBe(2);
      expect([readFileSync(join(folder, "there.json"), "utf8"), existsSync(join(folder, "new.json"))]).toEqual([
        "mine",
        false,
      ]);
      expect((await hopwise(["keys", "new", "k", "--algorithm", "RS256"], { folder })).err).toContain(
        "Ed25519 or ES256",
      );
    });

    it("says the kid that createIssuer gives the key, in words and in JSON", async () => {
      const folder = temporaryFolder();
      const json = await hopwise(["keys", "new", "issuer.json", "--json"], { folder });
      const signer = await signerFromJwk(JSON.parse(readFileSync(join(folder, "issuer.json"), "utf8")));
      const { trustAnchor } = await createIssuer({
        issuer: "https://id.example",
        signer,
        audiences: ["https://pay.example"],
        subjects: "any",
        tools: "any",
      });
      expect(JSON.parse(json.out).kid).toBe(trustAnchor.keys[0]?.kid);
      const words = await hopwise(["keys", "new", "other.json"], { folder });
      const { publicJwk } = await signerFromJwk(JSON.parse(readFileSync(join(folder, "other.json"), "utf8")));
      expect(words.out).toContain(`\nkid          ${await kidOf(publicJwk)} `);
    });

    it("says what to do where the file cannot be written", async () => {
      const folder = temporaryFolder();
      file(folder, "there.json", "mine");
      for (const [name, why] of [
        ["keys/a.json", "there is no such folder; make it first (mkdir -p)"],
        ["there.json/a.json", "what should be its folder is a file"],
        [folder, "it is a folder; name a file in it"],
      ] as const) {
        const answer = await hopwise(["keys", "new", name], { folder });
        expect(answer).toMatchObject({ code: 2, out: "", err: expect.stringContaining(`${name}: ${why}`) });
      }
    });

    it("prints the private key, and nothing else, where it is asked to by -", async () => {
      const { code, out, err } = await hopwise(["keys", "new", "-"]);
      expect([code, err]).toEqual([0, ""]);
      expect((await signerFromJwk(JSON.parse(out))).publicJwk.x).toBe(JSON.parse(out).x);
    });
  },

  "token show": () => {
    it("shows a chain from a file, standard input or an argument, and says which of these others can see", async () => {
      const folder = temporaryFolder();
      const { text } = await chain();
      const answers = [
        await hopwise(["token", "show", file(folder, "chain.txt", `${text}\n`)], { folder }),
        await hopwiseProcess(["token", "show"], { input: text }),
        await hopwise(["token", "show", "-"], { input: `"${text}"` }),
        await hopwise(["token", "show"], { input: serializeCompact(await parseDelegation(text)) }),
        await hopwise(["token", "show", text]),
        await hopwise(["token", "show", serializeCompact(await parseDelegation(text))]),
      ];
      for (const answer of answers) {
        expectQuiet(answer);
        // A minute may end between two of them.
        const untimed = (out: string | undefined) => out?.replace(/\d+ minutes left/g, "… left");
        expect([answer.code, untimed(answer.out)]).toEqual([0, untimed(answers[0]?.out)]);
      }
      expect(answers.map(({ err }) => err.includes("a chain on the command line is seen"))).toEqual([
        false,
        false,
        false,
        false,
        true,
        true,
      ]);
      expect(answers[0]?.out).toContain("└─ agent:planner\n");
      expect(answers[0]?.out).toContain('      · narrowed: send_payment, to: any value → "Globex"\n');
      expect(answers[0]?.out).toContain("narrowed: read_invoice was not handed on");
    });

    it("reads what begins with a byte order mark, as does every command that reads a text", async () => {
      const folder = temporaryFolder();
      const marked = (text: string) => file(folder, "marked", `\uFEFF${text}\r\n`);
      expect((await hopwise(["token", "show", marked((await chain()).text)], { folder })).code).toBe(0);
      expect((await hopwise(["explain", marked(JSON.stringify(REFUSED))], { folder })).code).toBe(0);
      expect((await hopwise(["explain"], { input: `\uFEFF${JSON.stringify(REFUSED)}` })).code).toBe(0);
    });

    it("says in words why a file cannot be read", async () => {
      const folder = temporaryFolder();
      file(folder, "there", "");
      for (const [name, why] of [
        [".", "it is a folder; name a file in it"],
        ["none", "there is no such file"],
        ["there/none", "there is no such file"],
      ] as const) {
        const answer = await hopwise(["token", "show", name], { folder });
        expect(answer).toMatchObject({ code: 2, out: "", err: expect.stringContaining(`from ${name}: ${why}`) });
      }
    });

    it("gives programs the same, and no token", async () => {
      const { text, held } = await chain();
      const answer = await hopwise(["token", "show", "--json"], { input: text });
      expectQuiet(answer);
      const { id, user, tokens } = JSON.parse(answer.out);
      expect([id, user.subject]).toEqual([held.id, "alice"]);
      expect(tokens[1]).toMatchObject({
        agent: "researcher",
        expiresAt: held.expiresAt,
        words: ['send_payment: to is "Globex"; amount is a whole number of at most 100'],
        narrowed: [{ pointer: "/send_payment/to" }, { pointer: "/send_payment/amount" }, { pointer: "/read_invoice" }],
      });
    });

    it("ends with 1 for a chain that a verifier would refuse, and with 2 for what is no chain", async () => {
      const { text, root, held } = await chain();
      const other = await delegate(root, { to: "x", holder: await generateSigner(), grant: root.grant });
      const spliced = `${text}~${serialize(other).split("~").at(-1)}`;
      const refused = await hopwise(["token", "show"], { input: spliced });
      expectQuiet(refused);
      expect(refused).toMatchObject({ code: 1, out: expect.stringContaining("REFUSED: token_signature_invalid") });
      const compact = serializeCompact(held);
      for (const input of ["", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.", "not a chain", `${text}~`, "{}", `${compact}"`]) {
        const answer = await hopwise(["token", "show"], { input });
        expectQuiet(answer);
        expect(answer).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^error: token_/) });
      }
      expect(await hopwiseProcess(["token", "show", "missing.txt"])).toMatchObject({
        code: 2,
        err: expect.stringContaining("no such file"),
      });
    });
  },

  explain: () => {
    it("explains a decision, a record, a list and lines among others", async () => {
      const folder = temporaryFolder();
      const whole = await hopwise(["explain", file(folder, "d.json", JSON.stringify(REFUSED, null, 2))], { folder });
      expectQuiet(whole);
      expect(whole.code).toBe(0);
      expect(whole.out).toContain("denied read_invoice: grant_argument_refused: not covered");
      expect(whole.out).toContain('· would pass: one of "INV-7"');
      const decision = await hopwiseProcess(["explain"], { input: JSON.stringify(sampleDenied()) });
      expect(decision.out).toMatch(/^denied send_payment: policy_denied/);
      const lines = [
        "listening",
        JSON.stringify(ALLOWED),
        "{",
        JSON.stringify(REFUSED),
        JSON.stringify(sampleOutcome()),
      ];
      const all = await hopwise(["explain"], { input: lines.join("\n") });
      expect(all.out.match(/^(allowed|denied) /gm)).toEqual(["allowed ", "denied "]);
      const { folder: logged, segment } = await auditLog();
      const raw = await hopwise(["explain", segment], { folder: logged });
      expect(raw.out.match(/^(allowed|denied) /gm)).toEqual(["allowed ", "denied "]);
      const list = await hopwise(["explain", "--json"], { input: JSON.stringify([ALLOWED, REFUSED]) });
      expect(
        list.out
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line).text),
      ).toEqual(["allowed send_payment", "denied read_invoice: grant_argument_refused: not covered"]);
    });

    it("explains attempts before a proof held, as sinks write them, in the operator's words", async () => {
      const lines: string[] = [];
      const stream = {
        write: (text: string, done: () => void) => {
          lines.push(text);
          done();
        },
      };
      const kept = memoryAudit();
      const company = await createCompany();
      const authorizer = company.authorizer({ audit: auditTo(jsonLinesAudit(stream), kept) });
      const call = { tool: "read_invoice", arguments: { id: "INV-7" } };
      await authorizer.authorize({ ...call, credential: { chain: "eyJ.x", proof: "y" } as never });
      await authorizer.authorize(call as never);
      const samples = kept.unverifiedSamples;
      const views = ["token_malformed", "proof_missing"].map((code, i) => {
        const { invocation = "", time = "", message = "" } = samples[i] ?? {};
        expect(message).not.toBe("");
        return `denied read_invoice: ${code}: ${message}\n· call ${invocation} at ${time}\n· before any proof held: attempt 1 with this code\n`;
      });
      for (const input of [
        lines.join(""),
        JSON.stringify(samples),
        samples.map((it) => JSON.stringify(it)).join("\n"),
      ]) {
        const answer = await hopwise(["explain"], { input });
        expectQuiet(answer);
        expect(answer).toMatchObject({ code: 0, err: "" });
        const [decisions, help] = answer.out.replace(/^· rule: .*\n/gm, "").split("What to do:\n");
        expect(decisions).toBe(views.join(""));
        expect(help?.match(/^· \w+: /gm)).toEqual(samples.map(({ code }) => `· ${code}: `));
      }
      const let_ = { unverified: "proof_missing", count: 7, message: "m", tool: "t\u001b[2J", enforced: false };
      expect((await hopwise(["explain"], { input: JSON.stringify(let_) })).out).toEqual(
        expect.stringMatching(
          /^allowed t \[2J, in shadow mode alone: would be denied: proof_missing: m\n· before any proof held: attempt 7 with this code\nWhat to do:\n· proof_missing: /,
        ),
      );
      const second = samples[1]?.invocation ?? "";
      const one = await hopwise(["explain", "--json", "--invocation", second], { input: lines.join("") });
      expect(JSON.parse(one.out)).toMatchObject({ invocation: second, time: samples[1]?.time });
    });

    it("names the call and its time, so that --invocation can be typed from what it prints", async () => {
      const input = [ALLOWED, REFUSED].map((record) => JSON.stringify(record)).join("\n");
      const { out } = await hopwise(["explain"], { input });
      const calls = Array.from(out.matchAll(/^· call (\S+) at (\S+)$/gm), ([, ...call]) => call);
      expect(calls).toEqual([ALLOWED, REFUSED].map(({ invocation, time }) => [invocation, time]));
      const [, [second = ""] = []] = calls;
      expect((await hopwise(["explain", "--invocation", second], { input })).out).toMatch(/^denied read_invoice/);
    });

    it("says how many warnings of the server's start stand among the records, where nobody saw them", async () => {
      const lines = ["hopwise: the server has prompts", "(node:7) HopwiseWarning: Cerbos died", "another line"];
      const input = [...lines, JSON.stringify(ALLOWED)].join("\n");
      const { code, err, out } = await hopwise(["explain"], { input });
      expect([code, out]).toEqual([0, (await hopwise(["explain"], { input: JSON.stringify(ALLOWED) })).out]);
      expect(err).toMatch(/^warnings of Hopwise among its lines: 2; grep -E .* shows them\n$/);
      expect((await hopwise(["explain"], { input: `x\n${JSON.stringify(ALLOWED)}` })).err).toBe("");
    });

    it("says what came of an allowed call, and at which pointers nothing was found, from a file and from an audit log", async () => {
      const owed = { ...ALLOWED, obligations: { redact: ["/iban", "/customer/iban"], limit: {} } };
      const came = { ...sampleOutcome(), invocation: owed.invocation, redacted: ["/iban"] };
      const input = [owed, REFUSED, came].map((record) => JSON.stringify(record)).join("\n");
      const { out } = await hopwise(["explain"], { input });
      expect(out.match(/^· outcome: .*$/gm)).toEqual([
        expect.stringMatching(
          /^· outcome: returned after .*, taken out of it: \/iban, nothing was found in it at: \/customer\/iban$/,
        ),
      ]);
      const asJson = await hopwise(["explain", "--json"], { input });
      const [first, second] = asJson.out.trim().split("\n");
      expect([JSON.parse(`${first}`).came, JSON.parse(`${second}`)]).toEqual([
        came,
        expect.not.objectContaining({ came }),
      ]);
      const torn = JSON.stringify({ ...came, redacted: 5 });
      const told = await hopwise(["explain"], { input: [JSON.stringify(owed), torn].join("\n") });
      expect(told.out).toMatch(/^allowed [\s\S]*\n· outcome: on record, and not in a form that can be read\n/);
      const failed = JSON.stringify({ ...came, redacted: undefined, outcome: "failed" });
      expect((await hopwise(["explain"], { input: [JSON.stringify(owed), failed].join("\n") })).out).toMatch(
        /^· outcome: failed after \d+ ms at \S+$/m,
      );
      const folder = temporaryFolder();
      const log = await openAuditLog({ folder: join(folder, "audit"), signer: await generateSigner() });
      await log.record(owed as never);
      await log.outcome(came as never);
      await log.close();
      const logged = await hopwise(["explain", "--audit", "audit", "--invocation", owed.invocation as string], {
        folder,
      });
      expect(logged.out).toContain("nothing was found in it at: /customer/iban");
    });

    it("counts whatever an authorizer warns of by itself", async () => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
      const company = await createCompany();
      const elsewhere = {
        ...company.issuer.trustAnchor,
        issuer: "https://id.other.example",
        audiences: ["https://x.example"],
      };
      const cerbos = answeringPdp(() => ({ effect: "allow", outputs: [{ approval: "people must say yes" }] }));
      const onRequest = () => Promise.reject(new Error("the chat is down"));
      const trust = [company.issuer.trustAnchor, elsewhere];
      const authorizer = company.authorizer({ cerbos, trust, shadow: ["send_payment"], approvals: { onRequest } });
      await authorizer.call(await company.chain("alice", "planner"), "read_invoice", { id: "INV-7" });
      await vi.waitFor(() => expect(warn.mock.calls.length).toBe(4));
      const input = [...warn.mock.calls.flat(), JSON.stringify(ALLOWED)].join("\n");
      warn.mockRestore();
      expect((await hopwise(["explain"], { input })).err).toMatch(/^warnings of Hopwise among its lines: 4;/);
    });

    it("says once what to do about each code, behind all decisions, and nothing of a code of another version", async () => {
      const old = { ...REFUSED, code: "no_such_code" };
      const input = [REFUSED, ALLOWED, old, REFUSED].map((record) => JSON.stringify(record)).join("\n");
      const { out } = await hopwise(["explain"], { input });
      expect(out.split("What to do:\n")[1]).toMatch(/^· grant_argument_refused: .+\n$/);
      expect((await hopwise(["explain"], { input: JSON.stringify(ALLOWED) })).out).not.toContain("What to do");
    });

    it("takes one call out of its input, or out of an audit log", async () => {
      const input = [ALLOWED, REFUSED].map((record) => JSON.stringify(record)).join("\n");
      const one = await hopwise(["explain", "--invocation", "call-2"], { input });
      expect([one.code, one.out.match(/^denied/gm)?.length, one.out.includes("allowed")]).toEqual([0, 1, false]);
      expect(await hopwise(["explain", "--invocation", "call-9"], { input })).toMatchObject({ code: 1, out: "" });
      const { folder } = await auditLog();
      const logged = await hopwise(["explain", "--audit", "audit", "--invocation", "call-2"], { folder });
      expect(logged).toEqual(one);
      expect((await hopwise(["explain", "--audit", "audit", "--invocation", "x"], { folder })).code).toBe(1);
      expect((await hopwise(["explain", "--audit", "audit"], { folder })).err).toContain("--audit needs --invocation");
    });

    it("takes one call out of the logs of several instances, and says out of which", async () => {
      const [{ folder }, other] = [await auditLog(), temporaryFolder()];
      await (await openAuditLog({ folder: join(other, "audit"), signer: await generateSigner() })).close();
      const logs = ["--audit", join(other, "audit"), "--audit", "audit"];
      const one = await hopwise(["explain", "--audit", "audit", "--invocation", "call-2"], { folder });
      const found = await hopwise(["explain", ...logs, "--invocation", "call-2"], { folder });
      expect(found).toEqual({ ...one, out: `audit:\n${one.out}` });
      const twice = ["--audit", "audit", "--audit", "./audit"];
      expect((await hopwise(["explain", ...twice, "--invocation", "x"], { folder })).err).toContain("named twice");
    });

    it("says where to look for what a program died of that wrote no decision", async () => {
      const died = await hopwise(["explain"], { input: "file:///server.ts:3\nError: secret\n" });
      expect(died).toMatchObject({
        code: 2,
        err: expect.stringMatching(/no decision in it.*; where a program wrote this, its last lines/),
      });
      expect(died.err).not.toContain("secret");
      expect((await hopwise(["explain"], { input: "{}" })).err).not.toContain("last lines");
    });

    it("refuses what is no decision, and quotes nothing of it", async () => {
      const secret = '{"d": "secret", "kty": "OKP"}';
      const broken = JSON.stringify({
        outcome: "denied",
        tool: "t",
        verdicts: [{ roles: 5, effect: "deny", rules: 7 }],
        chain: { hops: [{}] },
      });
      for (const input of ["", "secret", secret, "[1]", broken]) {
        const answer = await hopwise(["explain"], { input });
        expect([answer.code, answer.out]).toEqual([2, ""]);
        expect(answer.err).not.toMatch(/secret|undefined/);
      }
    });
  },

  test: () => {
    it("compiles, runs Cerbos' own tests, and says so in words and in JSON", async () => {
      const folder = policies({ "room.yaml": POLICY, "room_test.yaml": TESTS("EFFECT_ALLOW") });
      const answer = await hopwiseProcess(["test"], { folder });
      expectQuiet(answer);
      expect(answer).toMatchObject({ code: 0, out: "compiles: yes\ntests:    1 passed, 0 failed\nwarnings: 0\nok\n" });
      const json = await hopwise(["test", "policies", "--json"], { folder });
      expect(JSON.parse(json.out)).toMatchObject({
        ok: true,
        errors: [],
        tests: { passed: 1, failed: 0 },
        warnings: [],
      });
    });

    it("names a test that fails, a place that does not compile, and a rule that may not hold", async () => {
      const failing = policies({ "room.yaml": POLICY, "room_test.yaml": TESTS("EFFECT_DENY") });
      expect(await hopwise(["test"], { folder: failing })).toMatchObject({
        code: 1,
        out: expect.stringMatching(
          /^failed {3}.*room_test\.yaml: rooms > booking[\s\S]*0 passed, 1 failed[\s\S]*not ok\n$/,
        ),
      });
      const broken = policies({ "room.yaml": POLICY.replace("EFFECT_ALLOW", "EFFECT_MAYBE") });
      expect(await hopwise(["test"], { folder: broken })).toMatchObject({
        code: 1,
        out: expect.stringMatching(/^error {4}.*room\.yaml:\d+:\d+: [\s\S]*compiles: no\ntests: {4}not run/),
      });
      const lax = policies({ "room.yaml": POLICY.trimEnd() + LAX });
      const warned = await hopwise(["test"], { folder: lax });
      expect(warned).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^warning {2}.*room\.yaml:\d+: DENY rule "small_only"/),
      });
      expect(warned.out).toContain("tests:    none: add *_test.yaml files");
      expect((await hopwise(["test", "--fail-on-warnings"], { folder: lax })).code).toBe(1);
    });

    it("warns of auxData, unless it is said that the server supplies it", async () => {
      const when = "condition: { match: { expr: request.auxData.jwt.sub == P.id } }";
      const folder = policies({
        "room.yaml": `${POLICY.trimEnd()}\n    - { actions: [enter], effect: EFFECT_ALLOW, roles: [guest], ${when} }\n`,
      });
      const warned = await hopwise(["test", "--fail-on-warnings"], { folder });
      expect(warned).toMatchObject({ code: 1, out: expect.stringContaining("hopwise test --aux-data") });
      expect(await hopwise(["test", "--fail-on-warnings", "--aux-data"], { folder })).toMatchObject({ code: 0 });
    });

    it("ends with 2 where there is nothing to test", async () => {
      expect(await hopwise(["test"], { folder: temporaryFolder() })).toMatchObject({
        code: 2,
        err: expect.stringContaining("Name the folder that holds the Cerbos policies"),
      });
    });
  },

  revoke: testRevoke,
  "approvals list": testApprovalsList,
  "approvals show": testApprovalsShow,
  "approvals approve": testApprovalsApprove,
  "approvals deny": testApprovalsDeny,

  "audit find": () => {
    it("prints a line for each record that matches all that is given", async () => {
      const { folder } = await auditLog();
      const find = async (...filter: string[]) => hopwise(["audit", "find", "audit", ...filter], { folder });
      const all = await hopwiseProcess(["audit", "find", "audit"], { folder });
      expectQuiet(all);
      expect(all.out).toBe(
        [
          "2026-05-01T10:00:00.000Z send_payment allowed, alice → planner, call call-1",
          "2026-05-01T10:00:01.000Z send_payment returned, call call-1",
          "2026-05-02T10:00:00.000Z read_invoice denied (grant_argument_refused), alice → planner, call call-2",
          "",
        ].join("\n"),
      );
      const lines = async (...filter: string[]) => (await find(...filter)).out.split("\n").length - 1;
      expect(await lines("--tool", "read_invoice", "--agent", "planner")).toBe(1);
      expect(await lines("--user", "alice", "--issuer", "https://id.acme.example")).toBe(2);
      expect(await lines("--since", "2026-05-02", "--until", "2026-05-03")).toBe(1);
      expect(await lines("--chain", "chain-1", "--code", "grant_argument_refused")).toBe(1);
      expect(await lines("--invocation", "call-1")).toBe(2);
      expect(await lines("--limit", "2")).toBe(2);
      expect(JSON.parse((await find("--tool", "read_invoice", "--json")).out)).toEqual(REFUSED);
      expect(await find("--code", "revoked")).toMatchObject({ code: 1, out: "" });
    });

    it("takes all that a filter of programs takes, and finds by what a revocation names", async () => {
      const { folder } = await auditLog();
      const { out } = await hopwise(["audit", "find", "--help"], { folder });
      const names: { readonly [Name in keyof Required<AuditFilter>]: string } = {
        ...{ chain: "ID", token: "HASH", key: "THUMBPRINT|FILE", user: "ID", agent: "NAME", tool: "NAME" },
        ...{ hidden: "NAME", code: "CODE", invocation: "ID", since: "TIME", until: "TIME" },
      };
      for (const [name, value] of Object.entries(names)) expect(out).toContain(`--${name} ${value}`);
      const [jwk, own] = [generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }), "h".repeat(43)];
      file(folder, "agent.json", jwk);
      const key = await thumbprintOf(jwk as PublicJwk);
      const signer = await signerFromJwk(JSON.parse(readFileSync(join(folder, "log.key.json"), "utf8")));
      const audit = await openAuditLog({ folder: join(folder, "audit"), signer });
      const token = { jti: "", agent: "planner", key, hash: own as never, issuedAt: 0, expiresAt: 1, tools: [] };
      const hidden = [{ code: "policy_denied", stage: "policy", items: ["delete_ledger"] }] as const;
      await audit.record(sampleDecision({ invocation: "call-3", tokens: [token], hidden }));
      await audit.close();
      for (const filter of [
        ["--key", key],
        ["--key", "agent.json"],
        ["--token", own],
        ["--hidden", "delete_ledger"],
      ]) {
        const found = await hopwise(["audit", "find", "audit", ...filter], { folder });
        expect(found.out).toMatch(/^[^\n]* call call-3\n$/);
      }
      const other = await hopwise(["audit", "find", "audit", "--token", key], { folder });
      expect([other.code, other.err]).toEqual([1, `no record names the token ${key}\n`]);
    });

    it("says, where it finds nothing, which name no record has, and what may have been meant", async () => {
      const { folder } = await auditLog();
      const said = async (...filter: string[]) => {
        const { code, out, err } = await hopwise(["audit", "find", "audit", ...filter], { folder });
        expect([code, out]).toEqual([1, ""]);
        return err;
      };
      expect(await said("--tool", "read_invoices", "--until", "2026-05-03")).toBe(
        "no record names the tool read_invoices; nearest: read_invoice\n",
      );
      expect(await said("--user", "alice", "--issuer", "https://login.acme.example")).toBe(
        "no record names the user alice of https://login.acme.example; nearest: alice of https://id.acme.example\n",
      );
      expect(await said("--agent", "nobody")).toBe("no record names the agent nobody\n");
      expect(await said("--tool", "read_invoice", "--until", "2026-01-01")).toBe("no record matches\n");
    });

    it("reads the logs of several instances as one, and says of which each record is", async () => {
      const [{ folder }, other] = [await auditLog(), await auditLog()];
      const there = join(other.folder, "audit");
      const all = await hopwise(["audit", "find", "audit", there, "--tool", "read_invoice"], { folder });
      expect(all.out.split("\n").map((line) => line.split(": ")[0])).toEqual(["audit", there, ""]);
      const json = await hopwise(["audit", "find", "audit", there, "--tool", "read_invoice", "--json"], { folder });
      const told = json.out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(told).toEqual([
        { folder: "audit", ...REFUSED },
        { folder: there, ...REFUSED },
      ]);
      const story = await hopwise(["audit", "story", "audit", there, "call-1"], { folder });
      expect(story.out).toMatch(/^audit:\nallowed send_payment\n/);
      const shadow = await hopwise(["audit", "shadow", "audit", there], { folder });
      expect(shadow.out).toMatch(/^send_payment: 2 calls would run as before/m);
      const verify = ["audit", "verify", "audit", there, "--key", "log.json"];
      file(
        folder,
        "both.json",
        [folder, other.folder].map((of) => JSON.parse(readFileSync(join(of, "log.json"), "utf8"))),
      );
      expect(await hopwise(verify, { folder })).toMatchObject({ code: 1, out: expect.stringContaining(`${there}: `) });
      const sound = await hopwise([...verify.slice(0, -1), "both.json"], { folder });
      expect(sound.out.split("\n").map((line) => line.trim().split(": ")[0])).toEqual(["sound", "audit", there, ""]);
      const twice = await hopwise(["audit", "find", "audit", join(folder, "audit")], { folder });
      expect(twice).toMatchObject({ code: 2, err: expect.stringContaining("named twice") });
    });

    it.each([
      ["--user without --issuer", ["--user", "alice"], /--user and --issuer go together/],
      ["a time that is none", ["--since", "yesterday"], /since must be a time/],
      ["a limit that is none", ["--limit", "0"], /at least 1/],
      ["a code that is none", ["--code", "policy_denyed"], /did you mean "policy_denied"\?/],
    ])("refuses %s", async (_, args, message) => {
      const { folder } = await auditLog();
      const answer = await hopwise(["audit", "find", "audit", ...args], { folder });
      expect(answer).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
    });
  },

  "audit story": () => {
    it("tells a call's story, in words and in JSON, and knows where there is none", async () => {
      const { folder } = await auditLog();
      const story = async (...args: string[]) => hopwise(["audit", "story", "audit", ...args], { folder });
      const told = await hopwiseProcess(["audit", "story", "audit", "call-1"], { folder });
      expectQuiet(told);
      expect(told.out).toMatch(/^allowed send_payment\n {3}call call-1 [\s\S]*outcome: returned after 12 ms/);
      expect(JSON.parse((await story("call-2", "--json")).out)).toMatchObject({ decision: REFUSED, before: [ALLOWED] });
      expect(await story("call-9")).toMatchObject({
        code: 1,
        out: "",
        err: expect.stringContaining("no decision about the call call-9"),
      });
      expect(await hopwise(["audit", "story", "nowhere", "call-1"], { folder })).toMatchObject({ code: 2, out: "" });
      writeFileSync(join(folder, "records.ndjson"), JSON.stringify(ALLOWED));
      expect(await hopwise(["audit", "story", "records.ndjson", "call-1"], { folder })).toMatchObject({
        code: 2,
        err: expect.stringMatching(/it is a file: name the folder .* `hopwise explain` reads them/),
      });
      const forgotten = await hopwise(["audit", "story", "audit", "./audit"], { folder });
      expect(forgotten).toMatchObject({
        code: 2,
        err: expect.stringContaining("the call's id comes last, and ./audit is a folder"),
      });
    });

    it("says of a call whose decision could not be written that it did not run", async () => {
      const folder = temporaryFolder();
      const audit = await openAuditLog({ folder: join(folder, "audit"), signer: await generateSigner() });
      await audit.outcome(sampleOutcome({ invocation: "call-1", outcome: "refused" }));
      await audit.close();
      const { code, out, err } = await hopwise(["audit", "story", "audit", "call-1"], { folder });
      expect([code, out]).toEqual([1, ""]);
      expect(err).toMatch(
        /no decision about the call call-1\nwhat came of it: .* refused, call call-1: it did not run, since/,
      );
    });
  },

  "audit shadow": () => {
    it("reports by tool and code what shadow mode let run, and gives programs the same", async () => {
      const folder = temporaryFolder();
      const signer = await generateSigner();
      const log = await openAuditLog({ folder: join(folder, "audit"), signer });
      const would = {
        code: "policy_denied",
        stage: "policy",
        message: "no",
        hop: 1,
        reason: "over the limit",
      } as const;
      await log.record(ALLOWED);
      const shadowed = { ...ALLOWED, enforced: false, shadow: would } as const;
      await log.record({ ...REFUSED, time: "2026-05-02T10:00:00.000Z" });
      await log.record({ ...shadowed, invocation: "call-3", time: "2026-05-03T10:00:00.000Z" });
      await log.close();
      const answer = await hopwiseProcess(["audit", "shadow", "audit"], { folder });
      expectQuiet(answer);
      expect(answer).toMatchObject({ code: 0, err: "" });
      expect(answer.out).toContain("send_payment: 1 call would run as before, 1 call would be denied\n");
      expect(answer.out).toContain(`   ${REFUSED.code} (${REFUSED.stage}), refused all the same: 1 call`);
      expect(answer.out).toContain("   policy_denied (policy): 1 call, 2026-05-03T10:00:00.000Z\n");
      expect(answer.out).toContain(
        "Of calls from 2026-05-01T10:00:00.000Z to 2026-05-03T10:00:00.000Z. No record says since when",
      );
      const json = await hopwise(["audit", "shadow", "audit", "--tool", "send_payment", "--json"], { folder });
      expect(JSON.parse(json.out).tools).toMatchObject([{ tool: "send_payment", denials: [{ count: 1 }] }]);
      const none = await hopwise(["audit", "shadow", "audit", "--since", "2026-06-01"], { folder });
      expect(none).toMatchObject({ code: 0, out: expect.stringMatching(/^no call is on record/) });
      const mistyped = await hopwise(["audit", "shadow", "audit", "--tool", "send_paymnt"], { folder });
      expect(mistyped).toMatchObject({ code: 1, err: "no record names the tool send_paymnt; nearest: send_payment\n" });
      expect((await hopwise(["audit", "shadow", "audit", "--since", "soon"], { folder })).code).toBe(2);
      const turned = ["--since", "2026-06-01", "--until", "2026-05-01"];
      for (const command of ["shadow", "find"]) {
        const { code, err } = await hopwise(["audit", command, "audit", ...turned], { folder });
        expect([code, err]).toEqual([2, expect.stringContaining("since must lie before until")]);
      }
    });
  },

  "audit verify": () => {
    it("finds a log sound by its public key, and by the heads of an earlier look", async () => {
      const { folder } = await auditLog();
      const verify = async (...args: string[]) => hopwise(["audit", "verify", "audit", ...args], { folder });
      const sound = await verify("--key", "log.json");
      expectQuiet(sound);
      expect(sound.out).toMatch(/^sound: 3 records in 1 stream, as they were written\n {3}\S+: 3 records, closed\n$/);
      const json = await verify("--key", "log.key.json", "--json"); // its public part is enough
      expectQuiet(json);
      expect(json.err).toMatch(/^log\.key\.json holds a private key/);
      expect(sound.err).toBe("");
      file(folder, "heads.json", json.out);
      expect((await verify("--key", "log.json", "--heads", "heads.json")).code).toBe(0);
      file(folder, "more.json", [{ ...JSON.parse(json.out).streams[0].head, seq: 99 }]);
      expect(await verify("--key", "log.json", "--heads", "more.json")).toMatchObject({
        code: 1,
        out: expect.stringContaining("rolled_back"),
      });
    });

    it("says what a stream that was never closed stands on, and which attempts have no record", async () => {
      const { folder } = await auditLog();
      const of = (path: string) => JSON.stringify(new URL(`../../packages/${path}`, import.meta.url).href);
      const dies = `
        import { readFileSync } from "node:fs";
        const [{ openAuditLog }, { signerFromJwk }, { sampleDecision }] = await Promise.all([
          import(${of("audit/src/index.ts")}), import(${of("core/src/index.ts")}), import(${of("core/src/testing/index.ts")})]);
        const signer = await signerFromJwk(JSON.parse(readFileSync("log.key.json", "utf8")));
        const log = await openAuditLog({ folder: "audit", signer, checkpoint: { records: 1000, ms: 60000 } });
        await log.record(sampleDecision());
        process.kill(process.pid, "SIGKILL");`;
      const args = ["--input-type=module", "-e", dies];
      expect(spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" })).toMatchObject({
        signal: "SIGKILL",
        stderr: "",
      });
      const jwk = JSON.parse(readFileSync(join(folder, "log.key.json"), "utf8"));
      const log = await openAuditLog({ folder: join(folder, "audit"), signer: await signerFromJwk(jwk) });
      const { invocation, time, audience, tool } = ALLOWED;
      for (const code of ["proof_missing", "proof_missing", "token_malformed"] as const)
        log.unverified({ invocation, time, audience, tool, code, message: "m" });
      await log.close();
      const { out, err } = await hopwise(["audit", "verify", "audit", "--key", "log.json"], { folder });
      expect([out.split("\n").slice(2, 4), err]).toEqual([
        [
          expect.stringMatching(
            /: 1 record, ended; its process died without closing it, and a later stream noted where; its last line is vouched for by that note alone$/,
          ),
          expect.stringMatching(
            /: 0 records, closed; callers who proved nothing, counted and not recorded: proof_missing 2, token_malformed 1$/,
          ),
        ],
        "",
      ]);
    });

    it("finds nothing sound in a folder that holds no log, and nor does any other of these commands", async () => {
      const { folder } = await auditLog();
      mkdirSync(join(folder, "empty"));
      for (const args of [
        ["verify", "empty", "--key", "log.json"],
        ["find", "empty"],
        ["shadow", "empty"],
        ["story", "empty", "x"],
      ]) {
        const answer = await hopwise(["audit", ...args], { folder });
        expect(answer).toMatchObject({
          code: 2,
          out: "",
          err: expect.stringContaining("holds no file of an audit log"),
        });
      }
    });

    it("names the place that was changed, and ends with 1", async () => {
      const { folder, segment } = await auditLog();
      writeFileSync(segment, readFileSync(segment, "utf8").replace("read_invoice", "read_INVOICE"));
      const broken = await hopwiseProcess(["audit", "verify", "audit", "--key", "log.json"], { folder });
      expect(broken).toMatchObject({ code: 1, out: expect.stringMatching(/^broken: .*\.ndjson:\d+: changed: /) });
      const json = await hopwise(["audit", "verify", "audit", "--key", "log.json", "--json"], { folder });
      expect([json.code, JSON.parse(json.out).broken.reason]).toEqual([1, "changed"]);
      appendFileSync(segment, "{}\n");
      expect(await hopwise(["audit", "find", "audit"], { folder })).toMatchObject({
        code: 2,
        err: expect.stringContaining("is not a line of an audit log; verify the log"),
      });
    });

    it.each([
      ["no key", [], /--key FILE/],
      ["a key that is none", ["--key", "not.json"], /is not JSON/],
      ["a key of another kind", ["--key", "rsa.json"], /config_invalid/],
      [
        "a key of PEM",
        ["--key", "key.pem"],
        /key\.pem is PEM, and is wanted as a JWK: node -p .*createPublicKey.* makes one/,
      ],
      ["a key that is not written yet", ["--key", "empty.json"], /empty\.json is empty/],
      ["heads that are none", ["--key", "log.json", "--heads", "rsa.json"], /holds no heads/],
    ])("refuses %s, and quotes nothing of it", async (_, args, message) => {
      const { folder } = await auditLog();
      file(folder, "not.json", "secret");
      writeFileSync(join(folder, "key.pem"), "-----BEGIN PRIVATE KEY-----\nsecret\n");
      writeFileSync(join(folder, "empty.json"), "\n");
      file(folder, "rsa.json", { kty: "RSA", n: "secret", d: "secret" });
      const answer = await hopwise(["audit", "verify", "audit", ...args], { folder });
      expect(answer).toMatchObject({ code: 2, out: "", err: expect.stringMatching(message) });
      expect(answer.err).not.toContain("secret");
    });
  },

  doctor: () => {
    it("starts the PDP, looks at policies, packages and the clock, and leaves nothing behind", async () => {
      const folder = policies({ "room.yaml": POLICY, "room_test.yaml": TESTS("EFFECT_ALLOW") });
      const { url } = await webServer((_, response) => response.end());
      const env = { TMPDIR: temporaryFolder() };
      const answer = await hopwiseProcess(["doctor", "--server", `${url}/mcp`, "--json"], { folder, env });
      expectQuiet(answer);
      expect(answer.code).toBe(0);
      const { ok, findings } = JSON.parse(answer.out);
      expect([ok, findings.map(({ check, state }: Record<string, string>) => `${check}: ${state}`)]).toEqual([
        true,
        ["node: ok", "packages: warning", "cerbos: ok", "pdp: ok", "policies: ok", "clock: ok"],
      ]);
      expect(readdirSync(env.TMPDIR)).toEqual([]);
    });

    it("ends with 1 where something is wrong, and says what to do", async () => {
      const folder = policies({ "room.yaml": POLICY.replace("EFFECT_ALLOW", "EFFECT_MAYBE") });
      const env = { HOPWISE_CERBOS_BINARY: "/nowhere/cerbos" };
      const sick = await hopwiseProcess(["doctor"], { folder, env });
      expect(sick.code).toBe(1);
      expect(sick.out).toMatch(/^fault {4}cerbos {4}No Cerbos executable was found\. .*HOPWISE_CERBOS_BINARY/m);
      const broken = await hopwise(["doctor"], { folder });
      expect([broken.code, /^fault {4}policies {2}.*1 errors; see hopwise test$/m.test(broken.out)]).toEqual([1, true]);
      const nowhere = await hopwise(["doctor", "--policies", "nowhere", "--server", "http://127.0.0.1:9/"], { folder });
      expect(nowhere.out).toMatch(/^fault {4}policies {2}The policy folder .*nowhere does not exist/m);
      expect(nowhere.out).toMatch(/^fault {4}clock {5}the server does not answer/m);
    });
  },
};

for (const [name, register] of Object.entries(TESTED)) describe(`hopwise ${name}`, register);

it("has tests above for each of its commands", () => {
  expect(Object.keys(TESTED).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
});

describe("hopwise as a process", () => {
  it("says so in a folder that was taken away", async () => {
    const { folder } = await auditLog();
    const call = `mkdir gone && cd gone && rmdir ../gone && "${process.execPath}" "${BIN}" doctor`;
    const { status, stderr, stdout } = spawnSync("sh", ["-c", call], { cwd: folder, encoding: "utf8" });
    const told = "error: the folder in which this was called is not there any more; go to another one\n";
    expect([status, stderr, stdout]).toEqual([2, told, ""]);
  });

  it("ends quietly where nobody reads on", async () => {
    const { folder } = await auditLog();
    const { stderr, stdout } = spawnSync("sh", ["-c", `"${process.execPath}" "${BIN}" audit find audit | head -n 1`], {
      cwd: folder,
      encoding: "utf8",
    });
    expect([stdout.split("\n").length, stderr]).toEqual([2, ""]);
  });
});
