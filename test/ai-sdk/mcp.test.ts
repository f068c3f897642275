import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Experimental_StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";
import { authorizeTools, ToolDenied } from "@hopwise/ai-sdk";
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { serialize } from "@hopwise/core";
import type { DecisionRecord } from "@hopwise/core/audit";
import { generateText, isStepCount, streamText, type ToolSet, tool } from "ai";
import { UserError } from "fastmcp";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { paymentSchema } from "../../examples/finance-team/pay-server.ts";
import { GOOD } from "../support/calls.ts";
import { LOOPS, scripted } from "../support/language-model.ts";
import { front } from "../support/mcp/front.ts";
import { clientOf, servePayments } from "../support/mcp/pay-server.ts";
import { OPEN_TO_ALICE, plannerWith, serveHere } from "../support/mcp/server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
const served = await servePayments(world);
afterAll(() => served.stop());

const TOO_MUCH = { ...GOOD, amount: 9000 };
/** Four calls in one turn: a denied one, and two that are the same. */
const TURN = [
  { tool: "send_payment", input: GOOD },
  { tool: "send_payment", input: TOO_MUCH },
  { tool: "read_invoice", input: { id: "INV-9" } },
  { tool: "read_invoice", input: { id: "INV-9" } },
];

/** What must be on record of {@link TURN}, whatever the transport: each call once, by its own proof. */
function checkRecords(records: readonly DecisionRecord[]): void {
  const calls = records.filter(({ tool: name }) => !name.startsWith("mcp:"));
  expect(calls.map(({ tool: name, outcome, via }) => [name, outcome, via].join(" ")).sort()).toEqual([
    "read_invoice allowed proof",
    "read_invoice allowed proof",
    "send_payment allowed proof",
    "send_payment denied proof",
  ]);
  expect(new Set(calls.map(({ invocation }) => invocation)).size).toBe(4);
}

function checkResults(results: readonly (readonly [string, string])[]): void {
  expect(results.map(([name]) => name)).toEqual(TURN.map(({ tool: name }) => name));
  expect(results[0]?.[1]).toContain("paid 400 EUR to Globex");
  expect(results[1]?.[1]).toContain("Not allowed (policy_denied)");
  expect(results[2]?.[1]).toContain("120 EUR for toner");
}

describe.each(LOOPS)("in a loop of %s, tools of a guarded server", (_, loop) => {
  it("are decided and recorded once, at the server, each call by a proof of its own", async () => {
    const { records, payments, claims } = served.seen();
    const way = await front(served.url);
    const client = await clientOf(way.url, world.planner);
    const local = world.authorizer();
    const tools = await authorizeTools(await client.tools(), {
      authorizer: local.authorizer,
      delegation: world.planner,
    });
    const script = scripted(TURN, "Paid what I could.");
    const { text } = await loop(script.model, tools as ToolSet);
    expect(text).toBe("Paid what I could.");
    checkResults(script.results());
    checkRecords(records());
    expect(payments()).toEqual([GOOD]);
    expect(local.audit.records, "nothing is decided here, not even an empty list").toEqual([]);
    expect(new Set(claims()).size, "one list, four calls").toBe(5);
    const proofs = way.proofs();
    expect(proofs.map(({ hta }) => hta)).toEqual(expect.arrayContaining(TURN.map(({ input }) => input)));
    expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(4);
    expect(script.shown(), "no token for the model").not.toMatch(TOKEN_TEXT);
  });
});

describe("a remote call that does not succeed", () => {
  const errorsOf = async (run: typeof generateText | typeof streamText, input: object) => {
    const client = await clientOf(served.url, world.planner);
    const { authorizer } = world.authorizer();
    const tools = (await authorizeTools(await client.tools(), { authorizer, delegation: world.planner })) as ToolSet;
    const { model } = scripted([{ tool: "send_payment", input }]);
    const stream = run({ model, tools, prompt: "Pay.", stopWhen: isStepCount(3) }) as ReturnType<typeof streamText>;
    const [step] = await (await stream).steps;
    return (step?.content ?? []).flatMap((part) => (part.type === "tool-error" ? [part.error] : []));
  };

  it.each([generateText, streamText])(
    "is an error for the loop where it was denied, as of a local tool: %o",
    async (run) => {
      const { records } = served.seen();
      const [error, ...more] = await errorsOf(run, TOO_MUCH);
      if (!(error instanceof ToolDenied)) throw error;
      expect([error.code, error.retryable, error.decision, more]).toEqual(["policy_denied", false, undefined, []]);
      expect(error.message).toMatch(/^Not allowed \(policy_denied\)\. The policy does not allow this call\./);
      expect(error.invocation).toBe(records().at(-1)?.invocation);
      expect(JSON.parse(JSON.stringify(error))).toEqual({
        name: "ToolDenied",
        code: "policy_denied",
        retryable: false,
      });
    },
  );

  it("is an error where the tool failed, too, with the result for the host program", async () => {
    const { url } = await serveHere(world, {
      stateless: true,
      map: { broken: OPEN_TO_ALICE },
      add: (server) =>
        server.addTool({
          name: "broken",
          parameters: z.object({ name: z.string() }),
          execute: async () => {
            throw new UserError("the bank is closed", { until: "Monday" });
          },
        }),
    });
    const client = await clientOf(url, await plannerWith(world, "broken"));
    const { broken } = (await client.tools()) as ToolSet;
    const error = await Promise.resolve(
      broken?.execute?.({ name: "monthly-report" }, { toolCallId: "1", messages: [], context: {} }),
    ).catch((thrown: unknown) => thrown);
    expect([error instanceof Error, error instanceof ToolDenied]).toEqual([true, false]);
    expect((error as Error).message).toBe("the bank is closed");
    expect((error as Error).cause).toMatchObject({ isError: true, structuredContent: { until: "Monday" } });
  });
});

describe("over stdio, tools of a guarded server", () => {
  it("are decided and recorded once, at the server, each call by a proof of its own", async () => {
    const folder = temporaryFolder();
    const { pdp, issuer, keys, planner } = world;
    const records = join(folder, "records.jsonl");
    const setup = {
      target: pdp.target,
      anchor: { ...issuer.trustAnchor },
      keys: { planner: keys.planner.publicJwk, researcher: keys.researcher.publicJwk },
      records,
    };
    const transport = new Experimental_StdioMCPTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL("../support/mcp/stdio-pay-server.ts", import.meta.url))],
      env: { PAY_SERVER_SETUP: JSON.stringify(setup) },
    });
    const client = await createMcpClient({ transport, delegation: planner, audience: PAY_SERVER });
    onTestFinished(() => client.close());
    const { authorizer } = world.authorizer();
    const tools = await authorizeTools(await client.tools(), { authorizer, delegation: planner });
    expect(Object.keys(tools).sort()).toEqual(["get_transactions", "read_invoice", "send_payment"]);
    const script = scripted(TURN);
    await LOOPS[0]?.[1](script.model, tools as ToolSet);
    checkResults(script.results());
    const lines = readFileSync(records, "utf8");
    checkRecords(
      lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .filter(({ kind }) => kind === "decision"),
    );
    expect(lines).not.toMatch(TOKEN_TEXT);
    expect(lines).not.toContain("Globex");
  });
});

describe("authorizeTools takes a tool of such a client", () => {
  const remoteTools = async (delegation = world.planner) => {
    const { records } = served.seen();
    const client = await clientOf(served.url, delegation);
    return { records, tools: (await client.tools()) as ToolSet, local: world.authorizer() };
  };

  it("only for the delegation that the client signs with: another agent's is refused", async () => {
    const { tools, local } = await remoteTools();
    const options = { authorizer: local.authorizer, delegation: world.researcher };
    await expect(authorizeTools(tools, options)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/"\w+" is bound to another delegation than this agent's/),
    });
    expect(local.audit.records).toEqual([]);
  });

  type Rebuild = (tool: ToolSet[string]) => ToolSet[string];
  it.each<[string, Rebuild]>([
    ["spread and described anew", (it) => ({ ...it, description: "Pays a supplier" }) as never],
    [
      "rebuilt from its parts",
      ({ description, inputSchema, execute }) => ({ description, inputSchema, execute }) as never,
    ],
    ["inherited from", (it) => Object.create(it)],
    ["frozen", (it) => Object.freeze(it) as never],
    ["put behind a proxy", (it) => new Proxy(it, {})],
    ["given a getter", ({ execute, ...it }) => Object.defineProperty(it, "execute", { get: () => execute }) as never],
  ])("that was %s, and passes it on: its server decides, once", async (_, rebuild) => {
    const { tools, local, records } = await remoteTools();
    const send_payment = rebuild(tools["send_payment"] as ToolSet[string]);
    const guarded = await authorizeTools({ send_payment }, { authorizer: local.authorizer, delegation: world.planner });
    const script = scripted([{ tool: "send_payment", input: TOO_MUCH }]);
    await LOOPS[0]?.[1](script.model, guarded);
    expect(script.results()[0]?.[1]).toContain("Not allowed (policy_denied)");
    expect(local.audit.records).toEqual([]);
    expect(records().filter(({ tool: name }) => name === "send_payment")).toMatchObject([{ code: "policy_denied" }]);
  });

  it("of cached definitions, under any name, but none that was not handed over", async () => {
    const { records } = served.seen();
    const client = await clientOf(served.url, world.planner);
    const cached = JSON.parse(JSON.stringify(await client.listTools()));
    const { authorizer, audit } = world.authorizer();
    const researcher = await clientOf(served.url, world.researcher);
    const [all, some] = [client.toolsFromDefinitions(cached), researcher.toolsFromDefinitions(cached)] as ToolSet[];
    const offered = await authorizeTools(some as ToolSet, { authorizer, delegation: world.researcher });
    expect([Object.keys(all as ToolSet).length, Object.keys(offered)]).toEqual([3, ["read_invoice"]]);
    const pay = { pay: all?.["send_payment"] as ToolSet[string] };
    const guarded = await authorizeTools(pay, { authorizer, delegation: world.planner });
    const script = scripted([{ tool: "pay", input: GOOD }]);
    await LOOPS[0]?.[1](script.model, guarded as ToolSet);
    expect(script.results()[0]?.[1]).toContain("paid 400 EUR to Globex");
    expect(audit.records).toEqual([]);
    expect(records().filter(({ tool: name }) => !name.startsWith("mcp:"))).toMatchObject([{ tool: "send_payment" }]);
  });

  const wraps: [string, Rebuild][] = [
    [
      "wrapped",
      (it) => ({ ...it, execute: (...args: unknown[]) => it.execute?.(...(args as [never, never])) }) as never,
    ],
    ["given a bound execute", (it) => ({ ...it, execute: it.execute?.bind(it) }) as never],
    ["given a proxy of its execute", (it) => ({ ...it, execute: new Proxy(it.execute as () => unknown, {}) }) as never],
    [
      "given another execute, with everything that the first one and the tool carry",
      (it) => {
        const copy = async () => "paid";
        for (const from of [it, it.execute as object]) {
          for (const key of Reflect.ownKeys(from)) {
            Object.defineProperty(copy, key, { value: Reflect.get(from, key), configurable: true });
          }
        }
        return Object.defineProperties({ ...it }, { execute: { value: copy, enumerable: true } }) as never;
      },
    ],
    [
      "put behind a proxy that runs something else",
      (it) => new Proxy(it, { get: (on, name) => (name === "execute" ? async () => "paid" : Reflect.get(on, name)) }),
    ],
  ];
  it.each(wraps)("for a local one once it was %s, and decides its calls", async (_, rebuild) => {
    const { tools, local, records } = await remoteTools();
    const send_payment = rebuild(tools["send_payment"] as ToolSet[string]);
    const guarded = await authorizeTools({ send_payment }, { authorizer: local.authorizer, delegation: world.planner });
    expect(guarded.send_payment).not.toBe(send_payment);
    const script = scripted([{ tool: "send_payment", input: TOO_MUCH }]);
    await LOOPS[0]?.[1](script.model, guarded);
    expect(script.results()[0]?.[1]).toContain("Not allowed (policy_denied)");
    expect(local.audit.records.at(-1)).toMatchObject({ tool: "send_payment", code: "policy_denied", via: "session" });
    expect(records().filter(({ tool: name }) => name === "send_payment")).toEqual([]);
  });

  it.each(wraps)(
    "for a local one once it was %s, and says so where the tool map does not know it",
    async (_, rebuild) => {
      const { tools } = await remoteTools();
      const { authorizer } = world.authorizer({ tools: { other: { kind: "payment", action: "send" } } });
      const touched = { send_payment: rebuild(tools["send_payment"] as ToolSet[string]) };
      await expect(authorizeTools(touched, { authorizer, delegation: world.planner })).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(
          /no entry for "send_payment".*its execute is not one that a client of createMcpClient made/,
        ),
      });
    },
  );

  it("as it is, beside local tools that it decides itself", async () => {
    const { tools, local, records } = await remoteTools();
    const own = tool({ inputSchema: paymentSchema, execute: async () => "paid here" });
    const guarded = await authorizeTools({ ...tools, send_payment: own } as ToolSet, {
      authorizer: local.authorizer,
      delegation: world.planner,
    });
    expect(guarded["read_invoice"]?.execute).toBe(tools["read_invoice"]?.execute);
    const script = scripted(TURN);
    await LOOPS[0]?.[1](script.model, guarded);
    const [paid, denied, ...invoices] = script.results().map(([, text]) => text);
    expect(paid).toBe("paid here");
    expect(denied).toMatch(/^ToolDenied: Not allowed \(policy_denied\)/);
    expect(invoices.join()).toContain("120 EUR for toner");
    const names = (all: readonly DecisionRecord[]) => all.map(({ tool: name }) => name).sort();
    expect(names(local.audit.records)).toEqual(["mcp:tools/list", "send_payment", "send_payment"]);
    expect(names(records())).toEqual(["mcp:tools/list", "read_invoice", "read_invoice"]);
  });

  it("and shows no token of it: not in its properties, not as JSON", async () => {
    const { tools } = await remoteTools();
    for (const it of Object.values(tools)) {
      expect(JSON.stringify(it)).not.toMatch(TOKEN_TEXT);
      expect(Object.keys(it)).not.toContain("delegation");
    }
    expect(JSON.stringify(world.planner)).not.toContain(serialize(world.planner).slice(0, 30));
  });
});
