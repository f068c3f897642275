/** What a caller learns of things that are not theirs: nothing, not even whether they exist. */
import type { FastMCP } from "fastmcp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { accessTokenFor, userFromAuth } from "../../examples/finance-team/bob.ts";
import { post, proven, provenCall, request, textOf } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, OPEN_TO_NOBODY, plannerWith, type Served, serve } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let served: Served;
let bob: Record<string, string>;
const ran: string[] = [];

function addSecrets(server: FastMCP): void {
  server.addResource({ uri: "secret://salaries", name: "Salaries", load: async () => ({ text: "secret" }) });
  server.addResource({
    uri: "policy://broken",
    name: "Broken",
    load: async () => {
      throw new Error("no such file /srv/secret.txt");
    },
  });
  server.addPrompt({
    name: "broken",
    load: async () => {
      throw new Error("no such file /srv/secret.txt");
    },
  });
  server.addPrompt({
    name: "letter",
    arguments: [
      { name: "to", required: true, description: "whom" },
      { name: "tone", enum: ["kind", "stern"] },
    ],
    load: async ({ to, tone }) => `Dear ${to}, ${tone ?? "plain"}`,
  });
  server.addResourceTemplate({
    uriTemplate: "letters://{year}/{name}",
    name: "Letters",
    arguments: [
      { name: "year", required: true },
      { name: "name", required: true },
    ],
    load: async ({ year, name }) => ({ text: `${name} of ${year}` }),
  });
  for (const name of ["locked", "open"])
    server.addTool({
      name,
      parameters: z.object({ name: z.string(), internalCode: z.string() }),
      execute: async () => void ran.push(name),
    });
}

quietConsole("log");
beforeAll(async () => {
  served = await serve(world, {
    stateless: true,
    userFromAuth: userFromAuth(world.issuerKey),
    map: {
      locked: OPEN_TO_NOBODY,
      open: OPEN_TO_ALICE,
      gone: OPEN_TO_ALICE,
      "mcp:prompts/get": OPEN_TO_ALICE,
      "mcp:resources/read": { kind: "mcp_resource", action: "read", id: () => "policy://payments" },
    },
    add: addSecrets,
  });
  bob = { authorization: `Bearer ${await accessTokenFor("bob", world.issuerKey)}` };
});
afterAll(() => served.stop());

/** An answer without what is unlike in any two answers. */
async function answerTo(body: unknown, headers = {}): Promise<unknown> {
  const { text } = await post(served.url, body, headers);
  return text.replace(/"invocation":"[\w-]+"/g, '"invocation":"…"');
}

const callOf = (name: string, args: object = {}) => request(1, "tools/call", { name, arguments: args });

describe("a tool that is not there and one that is forbidden", () => {
  it("look alike to a user without agents", async () => {
    const forbidden = await answerTo(callOf("locked"), bob);
    expect(forbidden).toContain("policy_denied");
    for (const name of ["nowhere", "gone", "dev.hopwise/guard", "__proto__", "mcp:nothing"])
      expect([name, await answerTo(callOf(name), bob)]).toEqual([name, forbidden]);
  });

  it("look alike to a user, also when the arguments do not fit the schema: that would tell that there is one, and which", async () => {
    const unknown = await answerTo(callOf("nowhere", { x: 1 }), bob);
    expect(await answerTo(callOf("locked", { x: 1 }), bob)).toEqual(unknown);
    expect(unknown).not.toContain("internalCode");
  });

  it("look alike to an agent that was given neither, and to one that was given both", async () => {
    const { planner } = world;
    const given = await plannerWith(world, "locked", "nowhere");
    const fitting = { name: "x", internalCode: "7" };
    for (const [held, args] of [
      [planner, {}],
      [planner, fitting],
      [given, {}],
      [given, fitting],
    ] as const) {
      const unknown = await answerTo(await provenCall(held, 1, "nowhere", args));
      expect(await answerTo(await provenCall(held, 1, "locked", args))).toEqual(unknown);
    }
    expect(ran).toEqual([]);
  });

  it("while whoever may call a tool is told what is wrong with the arguments", async () => {
    const { messages } = await post(served.url, await provenCall(await plannerWith(world, "open"), 1, "open", {}));
    expect(messages[0]?.error?.message).toContain("internalCode");
  });

  it("and a tool that was removed looks like one that never was", async () => {
    served.server.addTool({ name: "gone", parameters: z.object({ name: z.string() }), execute: async () => "here" });
    const held = await plannerWith(world, "gone");
    expect(textOf((await post(served.url, await provenCall(held, 1, "gone", { name: "x" }))).messages[0]?.result)).toBe(
      "here",
    );
    served.server.removeTool("gone");
    expect(await answerTo(callOf("gone"), bob)).toEqual(await answerTo(callOf("nowhere"), bob));
  });
});

describe("resources and prompts", () => {
  const reading = async (uri: string) =>
    proven(await plannerWith(world, "mcp:resources/read"), request(1, "resources/read", { uri }));
  const getting = async (name: string, args?: object) =>
    proven(
      await plannerWith(world, "mcp:prompts/get"),
      request(1, "prompts/get", { name, ...(args && { arguments: args }) }),
    );

  it("an unknown URI is not answered with the list of all there are", async () => {
    const { text, messages } = await post(served.url, await reading("policy://nowhere"));
    expect(messages[0]).toHaveProperty("error");
    expect(text).not.toMatch(/Available|salaries|secret:/);
  });

  it("an unknown URI or prompt, which the policies allow, is not answered as if the server read none at all", async () => {
    for (const message of [await reading("policy://nowhere"), await getting("nowhere")]) {
      const { error } = (await post(served.url, message)).messages[0] ?? {};
      expect(error?.message).toContain(`This server has nothing of this name for "${message.method}"`);
      expect(error).toMatchObject({ code: -32601, data: { code: "method_unguarded" } });
    }
  });

  it("one that fails to load does not tell why", async () => {
    for (const message of [await reading("policy://broken"), await getting("broken")]) {
      const { text, messages } = await post(served.url, message);
      expect(messages[0]?.error).toEqual({ code: expect.any(Number), message: expect.any(String) });
      expect(text).not.toContain("/srv");
    }
  });

  it("a template's resource is read by its whole URI, and a prompt gets its arguments as they were checked", async () => {
    const letter = await post(served.url, await reading("letters://2026/globex"));
    expect(letter.messages[0]?.result).toMatchObject({ contents: [{ text: "globex of 2026" }] });
    const prompt = await post(served.url, await getting("letter", { to: "Globex", tone: "stern" }));
    expect(JSON.stringify(prompt.messages[0]?.result)).toContain("Dear Globex, stern");
    expect((await post(served.url, await getting("letter"))).messages[0]).toHaveProperty("error");
  });

  it("a proof for one URI or one argument is none for another", async () => {
    const message = await reading("letters://2026/globex");
    const moved = { ...message, params: { ...message.params, uri: "secret://salaries" } };
    const { messages } = await post(served.url, moved);
    expect(messages[0]).toMatchObject({ error: { data: { code: "proof_arguments_mismatch" } } });
    const letter = await getting("letter", { to: "Globex" });
    const changed = { ...letter, params: { ...letter.params, arguments: { to: "Mallory" } } };
    expect((await post(served.url, changed)).messages[0]).toMatchObject({
      error: { data: { code: "proof_arguments_mismatch" } },
    });
  });

  it("a URI that is no text, or missing, is refused", async () => {
    for (const uri of [undefined, null, 7, ["policy://payments"], { a: 1 }]) {
      const { messages } = await post(served.url, await reading(uri as never));
      expect(messages[0]).toHaveProperty("error");
    }
  });
});
