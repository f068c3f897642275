/**
 * The researcher: a sub-agent in a process of its own. Its key never leaves it. It gets its chain over a pipe, one JSON
 * message a line, and works with nothing else.
 */
import { createInterface } from "node:readline";
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { generateSigner, hold, parseDelegation } from "@hopwise/core";
import { requestDelegation } from "@hopwise/core/tokens";
import { stepCountIs, ToolLoopAgent } from "ai";
import { PAY_SERVER } from "./company.ts";
import { forgeWiderChain } from "./forge.ts";
import { chooseModel, scriptedModel } from "./model.ts";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const receive = async (): Promise<Record<string, string>> => JSON.parse((await lines.next()).value ?? "{}");
const tell = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

const key = await generateSigner();
const { challenge } = await receive();
tell({ request: await requestDelegation(key, challenge ?? ""), jwk: key.publicJwk });

const { chain, url } = await receive();
const delegation = await hold(await parseDelegation(chain ?? ""), key);
const client = await createMcpClient({ transport: { type: "http", url: url ?? "" }, delegation, audience: PAY_SERVER });
const tools = await client.tools();

// Its loop: it reads the invoice, and obeys the text.
const script = scriptedModel([
  { call: "read_invoice", input: { id: "INV-7" } },
  { call: "send_payment", input: { to: "Mallory Ltd", amount: 9000, currency: "EUR" } },
  { say: "I could not pay: I have no tool for it." },
]);
const agent = new ToolLoopAgent({ model: chooseModel(script), tools, stopWhen: stepCountIs(5) });
const { steps } = await agent.generate({ prompt: "Check invoice INV-7." });
tell({
  offered: Object.keys(tools),
  results: steps.flatMap(({ content }) => content).filter(({ type }) => type !== "text"),
});

// It bypasses its loop: it calls the server directly, with its own chain and a good proof.
const direct = await client.callTool({
  name: "send_payment",
  arguments: { to: "Mallory Ltd", amount: 9000, currency: "EUR" },
});
tell({ direct });

// And a chain that it widened itself, signed with its own key.
tell({ forged: await forgeWiderChain(delegation) });

// A search names no invoice: what comes back is for the policies to say.
tell({ found: await client.callTool({ name: "search_invoices", arguments: { text: "EUR" } }) });

// From then on it reads its invoice whenever it is told to.
for await (const _ of lines) tell(await client.callTool({ name: "read_invoice", arguments: { id: "INV-7" } }));

await client.close();
process.exit(0);
