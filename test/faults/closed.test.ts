/** What a test of one's own reads where it forgets to await a call: `await using` ends a block before the call is over. */
import { type ConnectedPdp, connectPdp, startPdp } from "@hopwise/cerbos";
import { createCompany } from "@hopwise/core/testing";
import { guardedServer } from "@hopwise/fastmcp/testing";
import { describe, expect, it } from "vitest";
import { denied } from "../support/calls.ts";
import { connectStoryPdp, STORY_POLICIES } from "../support/story-pdp.ts";

const company = await createCompany();
const planner = await company.chain("alice", "planner");

describe("what was closed before the call was over", () => {
  it.each<[string, () => Promise<Pick<ConnectedPdp, "client" | "close">>]>([
    ["startPdp gave", () => startPdp({ policies: STORY_POLICIES })],
    [
      "connectPdp gave",
      async () => {
        const { target, close } = connectStoryPdp();
        await close();
        return connectPdp({ targets: target });
      },
    ],
  ])("what %s says so", async (_, open) => {
    const pdp = await open();
    const authorizer = company.authorizer({ cerbos: pdp.client });
    await pdp.close();
    expect(denied(await authorizer.call(planner, "read_invoice", { id: "INV-7" })).message).toMatch(
      /: its close\(\) was called, or a block with await using ended before the call did$/,
    );
  });

  it.each([
    ["in memory", {}],
    ["over HTTP", { http: { stateless: true } }],
  ])("a guarded server for tests says so, %s: of a call, of a list, and of a client", async (_, transport) => {
    const tools = { read_invoice: () => "INV-7" };
    const server = await guardedServer(company.authorizer(), { tools, ...transport });
    const call = server.call(planner, "read_invoice", { id: "INV-7" });
    const underWay = [call, server.tools(planner), server.client(planner)].map((it) =>
      it.catch((error) => error.message),
    );
    await server.close();
    const later = [server.call(planner, "read_invoice"), server.tools(planner), server.client(planner)];
    const said = await Promise.all([...underWay, ...later.map((it) => it.catch((error) => error.message))]);
    expect(said).toEqual(Array(6).fill(expect.stringMatching(/^guardedServer: .*await using/)));
  });
});
