/** Who comes from cerbos-fastmcp gets the same answers: of the server of docs/from-cerbos-fastmcp.md, over HTTP. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { lintPolicies, type Pdp } from "@hopwise/cerbos";
import { cerbosFastmcpNaming } from "@hopwise/core/describe";
import type { JsonRpcMessage } from "@hopwise/mcp";
import type { FastMCP } from "fastmcp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../packages/cerbos/src/testing/free-port.ts";
import { codeOf, errorCodeOf, post, request } from "../support/mcp/client.ts";
import { type Block, blocksOf, DOCS, writeBlocks } from "../support/pages.ts";
import { type Answer, type Name, OUTAGE, PEOPLE, type Person, type Row, TABLE, WITH_RULE_TO_READ } from "./table.ts";

const PAGE = "from-cerbos-fastmcp.md";

type TokenOf = (user: string, claims: object) => Promise<string>;

interface Refused {
  readonly code: string | undefined;
}

interface Served {
  readonly pdp: Pdp;
  readonly tell: (who: Name | Person, row: Row) => Promise<Answer | Refused>;
  stop(): Promise<void>;
}

/** Serves the page's own server, with some of its files changed as the page says. */
async function serve(change: (text: string) => string, withSchemas = false): Promise<Served> {
  const folder = await mkdtemp(join(import.meta.dirname, "../.docs-"));
  const blocks = (await blocksOf(PAGE)).map((block): Block => ({ ...block, text: quietly(change(block.text)) }));
  await writeBlocks(folder, blocks);
  if (withSchemas) await promisify(execFile)(process.execPath, ["schemas.ts"], { cwd: folder });
  const { pdp, server } = (await import(join(folder, "server.ts"))) as { pdp: Pdp; server: FastMCP };
  const { tokenOf } = (await import(join(folder, "idp.ts"))) as { tokenOf: TokenOf };
  server.addResourceTemplate({
    uriTemplate: "prompt://sample/{name}",
    name: "samples",
    arguments: [{ name: "name" }],
    load: async () => ({ text: "A sample." }),
  } as never);
  const port = await freePort();
  await server.start({ transportType: "httpStream", httpStream: { port, host: "127.0.0.1", stateless: true } });
  return {
    pdp,
    tell: async (who, { method, params = {} }) => {
      const { sub, claims }: Person = typeof who === "string" ? PEOPLE[who] : who;
      const token = sub && (claims === undefined ? `${await tokenOf(sub, {})}x` : await tokenOf(sub, claims));
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const { messages } = await post(`http://127.0.0.1:${port}/mcp`, request(1, method, params), headers);
      return answerOf(messages[0]);
    },
    stop: async () => {
      await server.stop();
      await pdp.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Without what the page's server prints between the tests' own lines, and with a machine that may be slow: no outage. */
function quietly(text: string): string {
  const unrecorded = text.replaceAll("jsonLinesAudit(process.stderr)", "memoryAudit()");
  const patient = unrecorded.replace("createAuthorizer({\n", "createAuthorizer({\n  deadlineMs: 30_000,\n");
  return patient.replaceAll("jsonLinesAudit", "memoryAudit").replace("info() {} }", "info() {}, error() {} }");
}

/** What each list has, and by what name. */
const LISTED = { tools: "name", prompts: "name", resources: "uri", resourceTemplates: "uriTemplate" } as const;

function answerOf(message: JsonRpcMessage | undefined): Answer | Refused {
  const { error, result } = message ?? {};
  if (error !== undefined) return { code: errorCodeOf(error) };
  if (result === undefined) return { code: "no answer" };
  for (const [member, name] of Object.entries(LISTED)) {
    const items = result[member];
    if (Array.isArray(items)) return items.map((item: { readonly [key: string]: string }) => item[name] as string);
  }
  return result["isError"] === true ? { code: codeOf(result) } : "runs";
}

/** Why somebody is refused, whom upstream refuses with one word. */
function refusalOf(who: Name): Refused {
  const codes: { readonly [name: string]: string } = { nobody: "proof_missing", "a forger": "authentication_failed" };
  return { code: codes[who] ?? "policy_denied" };
}

const NAMES = Object.keys(PEOPLE) as Name[];
const ROWS = Object.entries(TABLE);

async function told(served: Served, row: Row): Promise<object> {
  const answers: [Name, Answer | Refused][] = [];
  // One after the other: two of them are one user with two tokens.
  for (const who of NAMES) answers.push([who, await served.tell(who, row)]);
  return Object.fromEntries(answers);
}

function expected(answers: readonly Answer[]): object {
  return Object.fromEntries(NAMES.map((who, i) => [who, answers[i] === "refused" ? refusalOf(who) : answers[i]]));
}

describe("with the policies as they are, and no schemas enforced", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve((text) => text);
  });
  afterAll(() => served.stop());

  it.each(ROWS)("asked for %s, it answers each caller as the middleware does", async (_, row) => {
    expect(await told(served, row)).toEqual(expected((row.here ?? { answers: row.python }).answers));
  });

  const askedBy = async (claims: object): Promise<readonly (Answer | Refused)[]> => {
    const who = { says: "docs/configuration.md, access tokens", sub: "sam", claims };
    const answers: (Answer | Refused)[] = [];
    for (const asked of ["the tools", "the sales of EMEA"]) answers.push(await served.tell(who, TABLE[asked] as Row));
    return answers;
  };
  const SELLER = { roles: ["SALES"], department: "SALES", region: "EMEA" };
  const SOLD = ["greet", "get_sales_data"];

  it("gives claims to the policies as they are, as the middleware does: a list of one region is no region", async () => {
    expect(await askedBy(SELLER)).toEqual([SOLD, "runs"]);
    for (const region of [["EMEA"], { EMEA: 1 }, null, 5])
      expect([region, await askedBy({ ...SELLER, region })]).toEqual([region, [SOLD, { code: "policy_denied" }]]);
  });

  it("refuses a token without a role, where the middleware gives an empty list", async () => {
    for (const roles of [[], undefined])
      expect(await askedBy({ ...SELLER, roles })).toEqual(Array(2).fill({ code: "attributes_invalid" }));
  });

  it("answers an outage with an error, where the middleware gives an empty list", async () => {
    await served.pdp.close();
    for (const [asked, { python }] of Object.entries(OUTAGE)) {
      const answer = await served.tell("ian", TABLE[asked] as Row);
      expect([asked, python, answer]).toEqual([asked, python, { code: "policy_unavailable" }]);
    }
  });
});

describe("with schemas that describeContext wrote, enforced, and a rule to read", () => {
  const enforced = (text: string): string => text.replace(', schemaEnforcement: "none"', "");
  let served: Served;
  beforeAll(async () => {
    const page = await readFile(join(DOCS, PAGE), "utf8");
    const [rule = "the page has no rule to read"] = /^ {4}- \{ name: reading.*\n/m.exec(page) ?? [];
    // Policies see the ids that they saw before.
    const byId = rule.replace(" }\n", `, condition: { match: { expr: 'P.id in ["ian", "tester"]' } } }\n`);
    served = await serve((text) => enforced(text).replace("  rules:\n", `  rules:\n${byId}`), true);
  });
  afterAll(() => served.stop());

  it.each(ROWS)("asked for %s, it answers each caller as before, but for who may read", async (_, row) => {
    const reads = row.method === "prompts/get" || row.method === "resources/read";
    const answers = reads ? WITH_RULE_TO_READ : (row.here ?? { answers: row.python }).answers;
    expect(await told(served, row)).toEqual(expected(answers));
  });

  it("refuses everything under the sample's own schemas, which upstream does not enforce", async () => {
    const closed = await serve(enforced);
    try {
      for (const asked of ["the tools", "the prompts", "a greeting"]) {
        const answer = await closed.tell("ian", TABLE[asked] as Row);
        expect([asked, answer]).toEqual([asked, { code: "policy_inconclusive" }]);
      }
    } finally {
      await closed.stop();
    }
  });
});

describe("the page", () => {
  it("says of what the policies say nothing, as their lint does", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hopwise-test-"));
    try {
      await writeBlocks(folder, await blocksOf(PAGE));
      const asked = { tools: cerbosFastmcpNaming(), delegation: "grants-only" } as const;
      const warnings = await lintPolicies(join(folder, "policies"), asked);
      expect(warnings.map(({ code, message }) => [code, /the action "(.*?)"/.exec(message)?.[1]])).toEqual([
        ["action_unnamed", "resources/read"],
        ["action_unnamed", "prompts/get"],
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("the table", () => {
  it("names the document of each row and of each person, and why anything differs", () => {
    const said = [
      ...ROWS.flatMap(([, { says, here }]) => [says, here?.why ?? says]),
      ...Object.values(PEOPLE).map((it) => it.says),
    ];
    for (const says of said) expect(says).toMatch(/\w{3,}/);
    for (const [, { says }] of ROWS) expect(says).toMatch(/docs\/\w+\.md|middleware\.py/);
  });
});
