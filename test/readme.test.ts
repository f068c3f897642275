/** The README's programs are run as they stand there. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { createIssuer, type Issuer, signerFromJwk } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../packages/cerbos/src/testing/free-port.ts";

const AUDIENCE = "https://pay.acme.example/mcp";
const root = fileURLToPath(new URL("..", import.meta.url));
let folder: string;
let port: number;
let server: ChildProcess;
let stderr = "";
let issuer: Issuer;
let issuerJwk: JWK;
let plannerJwk: JWK;

/** The code of a page, by the file name that stands behind the language. */
async function snippet(name: string, page = "README.md"): Promise<string> {
  const readme = await readFile(join(root, page), "utf8");
  const [, code] = new RegExp(`\`\`\`ts ${name.replace(".", "\\.")}\n([\\s\\S]*?)\`\`\``).exec(readme) ?? [];
  if (code === undefined) throw new Error(`${page} has no snippet ${name}`);
  return code;
}

async function privateJwk(): Promise<JWK> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return exportJWK(privateKey);
}

const publicPart = ({ kty, crv, x }: JWK): object => ({ kty, crv, x });

beforeAll(async () => {
  folder = await mkdtemp(join(root, "test/.readme-"));
  await cp(join(root, "policies"), join(folder, "policies"), { recursive: true });
  await writeFile(join(folder, "policies/resource_policies/notice.yaml"), NOTICE_POLICY);
  await appendFile(join(folder, "policies/role_policies/finance_agent.yaml"), NOTICE_ROLE);
  issuerJwk = await privateJwk();
  plannerJwk = await privateJwk();
  issuer = await createIssuer({
    issuer: "https://id.acme.example",
    signer: await signerFromJwk(issuerJwk),
    kid: "k1",
    audiences: [AUDIENCE],
    subjects: "any",
    tools: "any",
  });
  await writeFile(
    join(folder, "keys.ts"),
    `export const issuerKey = ${JSON.stringify({ kid: "k1", jwk: publicPart(issuerJwk) })} as never;
     export const plannerKey = ${JSON.stringify(publicPart(plannerJwk))} as never;
     export const researcherKey = ${JSON.stringify(publicPart(await privateJwk()))} as never;`,
  );
  await writeFile(join(folder, "company.ts"), await snippet("company.ts", "docs/first-server.md"));
  await writeFile(join(folder, "server.ts"), await snippet("server.ts"));
  port = await freePort();
  server = spawn(process.execPath, ["server.ts"], {
    cwd: folder,
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  server.stderr?.on("data", (chunk: Buffer) => {
    stderr += String(chunk);
  });
  await answering(port);
});

afterAll(async () => {
  server.kill();
  await rm(folder, { recursive: true, force: true });
});

it("the README's FastMCP server is protected, and records each decision on one line", async () => {
  const delegation = await issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: await signerFromJwk(plannerJwk),
    grant: grant({ send_payment: { to: wildcard(), amount: wildcard(), currency: wildcard() } }),
  });
  const client = await createMcpClient({
    transport: { type: "http", url: `http://127.0.0.1:${port}/mcp` },
    delegation,
    audience: AUDIENCE,
  });
  const pay = (amount: number) =>
    client.callTool({ name: "send_payment", arguments: { to: "Globex", amount, currency: "EUR" } });
  expect(await pay(400)).toMatchObject({ content: [{ text: "paid 400 to Globex" }] });
  expect(await pay(9000)).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining("above alice's limit of 1000") }],
  });
  await client.close();
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

it("the README's AI SDK loop runs under its chain", async () => {
  await writeFile(join(folder, "loop.ts"), `${await snippet("loop.ts")}\nexport { agent, client, researcher, tools };`);
  await writeFile(join(folder, "setup.ts"), SETUP);
  await writeFile(join(folder, "run.ts"), RUN);
  const run = spawn(process.execPath, ["run.ts"], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), ISSUER: JSON.stringify(issuerJwk), PLANNER: JSON.stringify(plannerJwk) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  run.stdout.on("data", (chunk: Buffer) => {
    output += String(chunk);
  });
  const [code] = await once(run, "exit");
  expect(code).toBe(0);
  expect(JSON.parse(output)).toEqual({
    tools: ["notify", "send_payment"],
    results: [
      ["tool-result", "notify", "told: hello"],
      ["tool-error", "send_payment", expect.stringContaining("above alice's limit of 1000")],
    ],
    researcher: ["notify"],
  });
});

/** What the README's local tool needs of a policy. */
const NOTICE_POLICY = `
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: notice
  version: default
  rules:
    - { actions: [send], effect: EFFECT_ALLOW, roles: ["*"] }
`;

/** What the role of agents may do is listed in full; the policies are the README reader's own to extend. */
const NOTICE_ROLE = `
    - resource: notice
      allowActions: [send]
`;

const SETUP = `
import { startPdp } from "@hopwise/cerbos";
import { createAuthorizer, createIssuer, generateSigner, memoryAudit, memoryState, signerFromJwk } from "@hopwise/core";
import { tool } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { z } from "zod";
import { agents, tools, trust, users } from "./company.ts";

const audience = "https://pay.acme.example/mcp";
export const pdp = await startPdp({ policies: "./policies" });
export const issuer = await createIssuer({
  issuer: "https://id.acme.example", signer: await signerFromJwk(JSON.parse(process.env.ISSUER)), kid: "k1", audiences: [audience], subjects: "any", tools: "any",
});
export const plannerKey = await signerFromJwk(JSON.parse(process.env.PLANNER));
export const researcherKey = await generateSigner();
export const url = \`http://127.0.0.1:\${process.env.PORT}/mcp\`;
export const authorizer = createAuthorizer({
  cerbos: pdp, audience, trust, users, agents, delegation: "grants-only", audit: memoryAudit(), state: memoryState(),
  tools: { ...tools, notify: { kind: "notice", action: "send" } },
});
export const localTools = {
  notify: tool({ inputSchema: z.object({ text: z.string() }), execute: async ({ text }) => "told: " + text }),
};
const turns = [["notify", { text: "hello" }], ["send_payment", { to: "Globex", amount: 4000, currency: "EUR" }]];
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
let turn = 0;
export const model = new MockLanguageModelV4({
  doGenerate: async () => {
    const next = turns[turn++];
    const content = next
      ? [{ type: "tool-call", toolCallId: "c" + turn, toolName: next[0], input: JSON.stringify(next[1]) }]
      : [{ type: "text", text: "done" }];
    const reason = next ? "tool-calls" : "stop";
    return { content, finishReason: { unified: reason, raw: reason }, usage, warnings: [] };
  },
});
`;

const RUN = `
import { agent, client, researcher, tools } from "./loop.ts";
import { pdp } from "./setup.ts";
const { steps } = await agent.generate({ prompt: "go" });
const results = steps.flatMap(({ content }) => content)
  .filter(({ type }) => type === "tool-result" || type === "tool-error")
  .map(({ type, toolName, output, error }) => [type, toolName, output ?? String(error)]);
console.log(JSON.stringify({ tools: Object.keys(tools), results, researcher: Object.keys(researcher.grant) }));
await client.close();
await pdp.close();
`;

async function answering(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const up = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (up !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the README's server did not start: ${stderr}`);
}
