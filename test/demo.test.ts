import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { untilGone } from "../packages/cerbos/src/testing/processes.ts";
import { until } from "../packages/cerbos/src/testing/until.ts";
import { TOKEN_TEXT } from "./support/token-text.ts";

const STORY = fileURLToPath(new URL("../examples/finance-team/main.ts", import.meta.url));
const PRINT = new URL("../examples/finance-team/print.ts", import.meta.url).href;

const HEADINGS = [
  "1  The researcher reads an invoice",
  "2  The invoice says: pay 9,000 to a stranger. The researcher obeys",
  "3  The planner pays 9,000, and then in dollars",
  "4  The planner pays 400 to a known supplier",
  "5  The researcher forges a wider token",
  "6  Replayed, stolen, expired",
  "7  The same call on a local tool, without MCP; and bob, a user without agents",
  "8  The researcher searches: alice's invoices, and no more",
  "9  Three payments of 900 under a cap of 1,000",
  "10  Carol's planner pays 5,000, which a manager has to approve",
  "11  The planner is revoked, and its researcher stops at the next call",
  "12  Who did this, on whose behalf, and why was it allowed",
];

/** The story in a process group of its own, with a temporary folder of its own, in which its PDP has its sockets. */
function tell(folder: string): ChildProcess {
  const { HOPWISE_MODEL, NO_COLOR, FORCE_COLOR, ...env } = process.env;
  return spawn(process.execPath, [STORY], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, TMPDIR: folder },
  });
}

/** Nothing of it is left: no PDP and its sockets, no researcher. */
async function nothingLeft(child: ChildProcess, folder: string): Promise<void> {
  await untilGone(`${folder}/hopwise-pdp`);
  expect(readdirSync(folder).filter((name) => name.startsWith("hopwise-pdp"))).toEqual([]);
  await until(() => !groupLives(child.pid as number));
}

function groupLives(leader: number): boolean {
  try {
    return process.kill(-leader, 0);
  } catch {
    return false;
  }
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "hopwise-demo-"));
}

describe("the story, told into a pipe,", () => {
  const run = { code: -1 as number | null, out: "", err: "" };

  beforeAll(async () => {
    const folder = temporaryFolder();
    const child = tell(folder);
    const [out, err, [code]] = await Promise.all([
      text(child.stdout as NonNullable<ChildProcess["stdout"]>),
      text(child.stderr as NonNullable<ChildProcess["stderr"]>),
      once(child, "close"),
    ]);
    Object.assign(run, { code, out, err });
    await nothingLeft(child, folder);
    rmSync(folder, { recursive: true });
  }, 60_000);

  it("ends well, and everything in it happened", () => {
    expect(run.out).toContain("Everything happened as told");
    expect(run.out).not.toContain("✗");
    expect(run.err).toBe("");
    expect(run.code).toBe(0);
  });

  it("has its twelve chapters, in order", () => {
    const lines = run.out.split("\n");
    expect(lines.filter((line) => /^\d+ {2}/.test(line))).toEqual(HEADINGS);
  });

  it("has something to tick off in each of them, and the trail in the last", () => {
    const chapters = run.out.split(/^\d+ {2}.*$/m).slice(1);
    const ticks = chapters.map((chapter) => chapter.split("✓").length - 1);
    expect(ticks.every((count) => count > 0)).toBe(true);
    expect(chapters.at(-1)).toMatch(/alice → planner → researcher +read_invoice +proof +allowed/);
    expect(chapters.at(-1)).toMatch(/alice → planner +send_payment +session +denied: policy_denied at hop 0/);
    expect(chapters.at(-1)).toMatch(/alice → planner → orders +send_payment +proof +denied: budget_exhausted at hop 1/);
    expect(chapters.at(-1)).toMatch(/carol → planner +send_payment +proof +denied: approval_used/);
    expect(chapters.at(-1)).toMatch(/alice → planner → researcher +read_invoice +proof +denied: revoked/);
    expect(chapters.at(-1)).toMatch(/1 × proof_replayed, refused before a key was proven: counted, not kept/);
  });

  it("is plain text: no escape codes, no other control characters", () => {
    expect(run.out.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  it("shows no token, no proof and no private key", () => {
    expect(run.out + run.err).not.toMatch(TOKEN_TEXT);
    expect(run.out + run.err).not.toMatch(/"d"\s*:|PRIVATE KEY/);
    // A lineage names tokens and keys by their hashes, and arguments and results, too.
    const rest = (run.out + run.err).replace(/(sha-256|by token|for key|made them) [A-Za-z0-9_-]{43}\b/g, "$1 …");
    expect(rest, "nor anything of a signature's or a key's length").not.toMatch(/[A-Za-z0-9_-]{43,}/);
  });
});

describe("the story, told to somebody who leaves after the first line,", () => {
  const run = { first: "", sockets: 0, code: -1 as number | null, signal: "" as unknown, err: "" };
  let child: ChildProcess;
  let folder: string;

  beforeAll(async () => {
    folder = temporaryFolder();
    child = tell(folder);
    const stdout = child.stdout as NonNullable<ChildProcess["stdout"]>;
    const closed = once(child, "close");
    const err = text(child.stderr as NonNullable<ChildProcess["stderr"]>);
    const [first] = await once(createInterface({ input: stdout }), "line");
    const sockets = readdirSync(folder).filter((name) => name.startsWith("hopwise-pdp")).length;
    stdout.destroy();
    const [code, signal] = await closed;
    Object.assign(run, { first, sockets, code, signal, err: await err });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("ends well, and not by a signal", () => {
    expect(run.first).toContain("alice (user) → planner (agent) → researcher");
    expect([run.code, run.signal]).toEqual([0, null]);
  });

  it("leaves neither a PDP nor a researcher behind", async () => {
    expect(run.sockets, "there was a PDP").toBe(1);
    await nothingLeft(child, folder);
  });

  it("shows no stack trace of its own", () => {
    expect(run.err).not.toMatch(/EPIPE|finance-team|at .*\.ts:/);
  });

  it("says nothing at all besides", () => {
    expect(run.err).toBe("");
  });
});

describe("what the story prints", () => {
  const TELL = `import(${JSON.stringify(PRINT)}).then(({ title, tree, note, expect }) => {
    title("1"); tree("allowed x\\nalice"); tree("denied x"); note("so"); expect(true, "it held");
  });`;

  /** Prints one of everything, on something that says it is a terminal. */
  async function printed(env: Readonly<Record<string, string>>): Promise<string> {
    const { NO_COLOR, FORCE_COLOR, ...rest } = process.env;
    const terminal = "data:text/javascript,process.stdout.isTTY=true";
    const child = spawn(process.execPath, ["--import", terminal, "-e", TELL], { env: { ...rest, ...env } });
    return text(child.stdout);
  }

  it("has colours on a terminal, and none there with NO_COLOR", async () => {
    const [coloured, plain] = await Promise.all([printed({}), printed({ NO_COLOR: "1" })]);
    expect(coloured).toContain("\u001b[1m1");
    expect(plain).toBe("\n1\n   allowed x\n      alice\n   denied x\n   so\n   ✓ it held\n");
  });
});
