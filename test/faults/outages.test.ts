/** What operators see of each outage: the table of docs/telemetry.md, held against what is seen. */
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { connectPdp } from "@hopwise/cerbos";
import {
  type AuthorizerOptions,
  createAuthorizer,
  generateSigner,
  memoryAudit,
  memoryState,
  remoteJwks,
} from "@hopwise/core";
import { type AuditSink, auditTo, onDenial } from "@hopwise/core/audit";
import { agentsFrom, usersOverHttp } from "@hopwise/core/sources";
import { openedState, type State } from "@hopwise/core/state";
import { createCompany } from "@hopwise/core/testing";
import { openRedis } from "@hopwise/redis";
import { afterEach, describe, expect, it } from "vitest";
import { nodeFiles } from "../../packages/audit/src/log-files.ts";
import { openLogOn } from "../../packages/audit/src/open-audit-log.ts";
import { remotePdp } from "../../packages/cerbos/src/testing/remote-pdp.ts";
import { connectTo, MISSING, startRedis } from "../redis/redis-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { recorder } from "../telemetry/recorder.ts";
import { companyOptions } from "./company-options.ts";
import { ALLOW, pdpWith } from "./small-policies.ts";

const company = await createCompany({ agents: { planner: {} } });
const held = await company.chain("alice", "planner");
const { trustAnchor } = company.issuer;
const CALL = { tool: "send_payment", arguments: { to: "ACME", amount: 9 } };

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** An address at which nobody answers. */
async function nowhere(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

async function redisThatDies(): Promise<Partial<AuthorizerOptions>> {
  const server = await startRedis();
  open.push(() => server.close());
  const client = await connectTo(server.port);
  open.push(() => client.destroy());
  const state: State = await openedState(await openRedis({ client }), { repairSeconds: 0 });
  open.push(() => state.close?.());
  await server.kill();
  return { state };
}

async function fullDisk(): Promise<Partial<AuthorizerOptions>> {
  let isFull = false;
  const files: typeof nodeFiles = {
    ...nodeFiles,
    create: async (path) => {
      const file = await nodeFiles.create(path);
      const write: typeof file.write = async (bytes) => {
        if (isFull)
          throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", errno: -28 });
        await file.write(bytes);
      };
      return { ...file, write };
    },
  };
  const log = await openLogOn(files, { folder: temporaryFolder(), signer: await generateSigner() });
  open.push(() => {
    isFull = false;
    return log.close();
  });
  isFull = true;
  return { audit: log };
}

/** By the first cell of its row in the page. */
const OUTAGES: { readonly [outage: string]: () => Promise<Partial<AuthorizerOptions>> | Partial<AuthorizerOptions> } = {
  "the state's store, such as Redis": redisThatDies,
  "the policy decision point": async () => {
    const pdp = await pdpWith({ payment: [ALLOW] });
    await pdp.close();
    return { cerbos: pdp };
  },
  "the user directory": async () => {
    const base = await nowhere();
    return {
      users: usersOverHttp({
        name: "hr",
        url: ({ subject }) => `${base}/users/${encodeURIComponent(subject)}`,
        parse: (body) => body as never,
      }),
    };
  },
  "the agent registry": () => ({
    agents: agentsFrom({
      name: "registry",
      find: () => {
        throw Object.assign(new Error("down"), { code: "ECONNREFUSED" });
      },
    }),
  }),
  "an issuer's keys": async () => ({
    trust: [{ ...trustAnchor, keys: remoteJwks(`${await nowhere()}/jwks.json`) }],
  }),
  "the disk of the audit log": fullDisk,
  "the clock, which gives no time": () => ({ clock: () => Number.NaN }),
  "the clock, which is wrong by more than 30 seconds": () => {
    // As where the whole machine has it wrong: what this process remembers goes by it, too.
    const clock = () => company.clock() + 31_000;
    return { clock, state: memoryState({ clock, since: 0 }) };
  },
};

const page = readFileSync(new URL("../../docs/telemetry.md", import.meta.url), "utf8");
const table = page
  .slice(page.indexOf("\n## When something is down"))
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .slice(2)
  .map((line) => line.split("|").map((cell) => cell.trim()));

/** What is seen of it, as the page has it. */
async function seen(options: Partial<AuthorizerOptions>): Promise<readonly string[]> {
  const watch = recorder();
  open.push(() => watch.close());
  const [memory, heard] = [memoryAudit(), [] as string[]];
  const { audit = memory } = options as { readonly audit?: AuditSink };
  const authorizer = createAuthorizer({
    ...companyOptions(company),
    telemetry: watch.telemetry,
    deadlineMs: 10_000,
    ...options,
    audit: auditTo(
      audit,
      onDenial(({ code }) => heard.push(code)),
    ),
  });
  const credential = await company.credential(held, CALL.tool, CALL.arguments);
  const decision = await authorizer.authorize({ ...CALL, credential });
  if (decision.outcome !== "denied") throw new Error(`the call is ${decision.outcome}`);
  expect(heard).toEqual([decision.code]);
  const points = (await watch.points()).filter(({ attributes }) => attributes["hopwise.code"] === decision.code);
  expect(points.map(({ count }) => count)).toEqual([1]);
  const health = await authorizer.health();
  const parts = Object.entries(health).filter(([, part]) => typeof part === "object" && part.ok === false);
  return [
    `\`${decision.code}\``,
    `\`${points[0]?.metric}\``,
    audit === memory && memory.records.length === 1 ? "yes" : "no",
    parts.length === 0 ? "ok" : parts.map(([name]) => `\`${name}\``).join(", "),
  ];
}

describe("what operators see, by the page,", () => {
  it("is said of each outage that is tried here, and of no other", () => {
    expect(table.map(([, outage]) => outage)).toEqual(Object.keys(OUTAGES));
  });

  it.each(Object.entries(OUTAGES))("is what they see where this is down: %s", async (outage, down) => {
    if (outage.includes("Redis") && MISSING !== undefined) return;
    const [, , ...cells] = table.find(([, name]) => name === outage) ?? [];
    expect(await seen(await down())).toEqual(cells.slice(0, 4));
  });
});

it("health says that a decision point elsewhere has lost its policies, which serves on and denies everything", async () => {
  const folder = temporaryFolder();
  cpSync(new URL("../../policies", import.meta.url), folder, { recursive: true });
  const remote = await remotePdp({ policies: folder });
  const pdp = await connectPdp({ targets: remote.target });
  open.push(() => pdp.close());
  const authorizer = company.authorizer({ cerbos: pdp, deadlineMs: 10_000 });
  expect((await authorizer.health()).policies).toEqual({ ok: true });
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  await expect
    .poll(async () => (await authorizer.health()).policies, { timeout: 20_000 })
    .toEqual({ ok: false, problem: expect.stringContaining("the policy decision point has lost its policies") });
  const decision = await authorizer.call(held, CALL.tool, CALL.arguments);
  expect(decision).toMatchObject({ outcome: "denied", code: "policy_unavailable" });
});
