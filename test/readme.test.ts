/** The README's programs, and those of docs/first-server.md that it leads to, are run as they stand there. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../packages/cerbos/src/testing/free-port.ts";
import { hopwise } from "./hopwise/hopwise.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const textOf = (page: string): Promise<string> => readFile(join(root, page), "utf8");

/** The named blocks of a page, by file. */
async function filesOf(page: string): Promise<ReadonlyMap<string, string>> {
  const blocks = (await textOf(page)).matchAll(/^```(?:ts|yaml) (\S+)\n([\s\S]*?)^```$/gm);
  return new Map(Array.from(blocks, ([, name = "", text = ""]) => [name, text]));
}

async function write(folder: string, name: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}

/** Lines that say something. */
const linesOf = (text: string): number => text.split("\n").filter((line) => !/^\s*(\/\/.*|#.*)?$/.test(line)).length;

async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(what());
}

/** A folder within the workspace, so that its packages are found. */
const newFolder = (): Promise<string> => mkdtemp(join(root, "test/.readme-"));

describe("the README", () => {
  it("has its four nouns first, a quickstart of one small file, and 120 lines at most", async () => {
    const readme = await textOf("README.md");
    expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
    const [beginning = ""] = readme.split("\n## ");
    const nouns = Array.from(beginning.matchAll(/^- An? \*\*(\w+)\*\*/gm), ([, noun]) => noun);
    expect(nouns).toEqual(["chain", "grant", "hop", "decision"]);
    const files = await filesOf("README.md");
    const quickstart = files.get("quickstart.ts") ?? "\n".repeat(99);
    expect(linesOf(quickstart)).toBeLessThanOrEqual(30);
    expect(quickstart.split("\n").filter((line) => line.length > 130)).toEqual([]);
    expect(quickstart).not.toMatch(/from "\./);
    expect([...files.keys()].filter((name) => name.endsWith(".yaml"))).toEqual(["policies/room.yaml"]);
    expect(linesOf(files.get("policies/room.yaml") ?? "")).toBeLessThanOrEqual(12);
  });

  it.each(["README.md", "docs/first-server.md"])("shows every file that a program of it imports: %s", async (page) => {
    const files = await filesOf(page);
    for (const [name, text] of files) {
      const imported = Array.from(text.matchAll(/from "\.\/([^"]+)"/g), ([, file]) => file);
      expect(
        imported.filter((file) => !files.has(file ?? "")),
        name,
      ).toEqual([]);
    }
  });
});

describe("the README's programs", () => {
  let folder: string;
  let port: number;

  beforeAll(async () => {
    folder = await newFolder();
    port = await freePort();
    for (const [name, text] of await filesOf("README.md"))
      await write(folder, name, text.replaceAll("8080", String(port)));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("are a quickstart that prints what it says, and records that `hopwise explain` reads", {
    timeout: 60_000,
  }, async () => {
    const server = spawn(process.execPath, ["quickstart.ts"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    server.stdout.on("data", (chunk: Buffer) => {
      printed += String(chunk);
    });
    const records = createWriteStream(join(folder, "records.ndjson"));
    server.stderr.pipe(records);
    try {
      await until(
        () => /grant_argument_refused/.test(printed),
        () => `the quickstart did not end: ${printed}`,
      );
    } finally {
      server.kill();
      await once(records, "finish");
    }
    expect(printed.match(/text: ['"].*['"]/g)).toEqual([
      "text: 'booked Oak'",
      "text: 'Not allowed (policy_denied). The policy does not allow this call.'",
      expect.stringContaining('Argument: "/room". Allowed there: one of "Oak", "Elm".'),
    ]);
    const { code, out } = await hopwise(["explain", "records.ndjson"], { folder });
    const [, said = ""] = /\n```text\n([\s\S]*?)```/.exec(await textOf("README.md")) ?? [];
    const withoutMore = out.replace(/^ *· .*\n/gm, "");
    expect([code, withoutMore.match(/^(allowed|denied)/gm)]).toEqual([0, ["allowed", "denied", "denied"]]);
    expect(said).toMatch(/^denied/);
    expect(out).toContain(said);
  });

  it("are a loop under the quickstart's chain", { timeout: 60_000 }, async () => {
    await writeFile(join(folder, "run.ts"), RUN);
    const run = spawn(process.execPath, ["run.ts"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    run.stdout.on("data", (chunk: Buffer) => {
      output += String(chunk);
    });
    expect(await once(run, "exit")).toEqual([0, null]);
    expect(JSON.parse(output.split("\n").find((line) => line.startsWith("{")) ?? "")).toEqual({
      offered: ["book"],
      told: expect.stringMatching(/booked Oak.*policy_denied/),
      helper: { book: { room: { constraint_type: "exact", value: "Oak" } } },
    });
    expect(output).toContain("\ndone\n");
  });
});

/** Runs the loop as it stands; only the model behind its name is not the real one. */
const RUN = `
import { MockLanguageModelV4 } from "ai/test";
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
const rooms = ["Oak", "Elm"];
const prompts = [];
const model = new MockLanguageModelV4({
  doGenerate: async (options) => {
    prompts.push(options);
    const room = rooms.shift();
    const content = room
      ? [{ type: "tool-call", toolCallId: room, toolName: "book", input: JSON.stringify({ room }) }]
      : [{ type: "text", text: "done" }];
    const reason = room ? "tool-calls" : "stop";
    return { content, finishReason: { unified: reason, raw: reason }, usage, warnings: [] };
  },
});
globalThis.AI_SDK_DEFAULT_PROVIDER = { specificationVersion: "v4", languageModel: () => model };
const { helper } = await import("./loop.ts");
const offered = prompts[0].tools.map(({ name }) => name);
console.log(JSON.stringify({ offered, told: JSON.stringify(prompts.at(-1).prompt), helper: helper.grant }));
process.exit();
`;

describe("the server of docs/first-server.md", () => {
  let folder: string;
  let port: number;
  let server: ChildProcess;
  let stderr = "";

  beforeAll(async () => {
    folder = await newFolder();
    await cp(join(root, "policies"), join(folder, "policies"), { recursive: true });
    for (const name of ["issuer", "planner", "researcher"]) {
      const made = await hopwise(["keys", "new", `${name}.key.json`, "--public", `${name}.json`], { folder });
      expect(made.code).toBe(0);
    }
    const files = await filesOf("docs/first-server.md");
    port = await freePort();
    for (const name of ["keys.ts", "company.ts", "server.ts", "call.ts"]) {
      await write(folder, name, (files.get(name) ?? "missing").replaceAll("localhost:8080", `localhost:${port}`));
    }
    server = spawn(process.execPath, ["server.ts"], {
      cwd: folder,
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "ignore", "pipe"],
    });
    server.stderr?.on("data", (chunk: Buffer) => {
      stderr += String(chunk);
    });
    const up = () => fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    await until(
      async () => (await up()) !== undefined,
      () => `the server did not start: ${stderr}`,
    );
  });
  afterAll(async () => {
    server.kill();
    await rm(folder, { recursive: true, force: true });
  });

  it("is protected, knows the keys that `hopwise keys new` made, and records each decision on one line", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["call.ts"], { cwd: folder });
    const [, said] =
      /```ts call\.ts\n[\s\S]*?```\n```text\n([\s\S]*?)```/.exec(await textOf("docs/first-server.md")) ?? [];
    expect(stdout).toBe(said);
    const records = stderr
      .split("\n")
      .filter((line) => line.startsWith('{"version"'))
      .map((line) => JSON.parse(line));
    expect(records.map(({ kind, outcome, code }) => [kind, outcome, code])).toEqual([
      ["decision", "allowed", undefined],
      ["outcome", "returned", undefined],
      ["decision", "denied", "policy_denied"],
    ]);
  });
});
