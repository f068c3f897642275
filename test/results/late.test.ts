/** What a tool says too late, or from elsewhere, in a call whose result the policies oblige to change. */
import { AsyncResource } from "node:async_hooks";
import { delegate, type HeldDelegation } from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { tools as toolMap } from "../../examples/finance-team/company.ts";
import { proven, request } from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, plannerWith } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const IBAN = "DE02500105170137075030";

const world = await worldHere();
let planner: HeldDelegation;
let reader: HeldDelegation;
quietConsole("log");
beforeAll(async () => {
  planner = await plannerWith(world, "talk");
  reader = await delegate(planner, {
    to: "researcher",
    holder: world.keys.researcher,
    grant: grant({ talk: anyArguments }),
  });
});

/** Made before any request: what runs in it has lost the request it belongs to. */
const elsewhere = new AsyncResource("a callback of a connection that was opened at the start");
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A server on stdio with one tool, which says when it runs, waits for a word, and then talks. */
async function talking(where: "in the call" | "elsewhere") {
  const { authorizer, audit } = world.authorizer({ tools: { talk: toolMap["read_invoice"] as never } });
  const server = emptyServer(authorizer);
  const running = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const done = Promise.withResolvers<unknown>();
  server.addTool({
    name: "talk",
    parameters: z.object({ id: z.string() }),
    execute: async (_, { log, elicit }) => {
      running.resolve();
      await goOn.promise;
      const talk = (): void => {
        log.info(`looking at ${IBAN}`);
        elicit({ message: `is ${IBAN} right?`, requestedSchema: { type: "object", properties: {} } }).then(
          () => {},
          () => {},
        );
      };
      if (where === "in the call") talk();
      else elsewhere.runInAsyncScope(talk);
      await turn();
      done.resolve(undefined);
      return JSON.stringify({ iban: IBAN });
    },
  });
  const loose = await loosely(server);
  const call = async (held: HeldDelegation) => {
    loose.say(await proven(held, request(1, "tools/call", { name: "talk", arguments: { id: "INV-9" } })));
    await running.promise;
  };
  const finish = async () => {
    goOn.resolve();
    await done.promise;
    await turn();
    return JSON.stringify(loose.sent);
  };
  return { loose, audit, call, finish };
}

describe("on stdio, what policies want taken out of a result", () => {
  it("does not leave in what a tool says after its caller has withdrawn the call", async () => {
    const { loose, call, finish } = await talking("in the call");
    await call(reader);
    loose.say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    expect(await finish()).not.toContain(IBAN);
  });

  it("does not leave in what a tool says from a callback that has lost its call", async () => {
    const { call, finish } = await talking("elsewhere");
    await call(reader);
    expect(await finish()).not.toContain(IBAN);
  });

  it.each(["in the call", "elsewhere"] as const)("leaves where nothing is to be taken out (%s)", async (where) => {
    const { call, finish } = await talking(where);
    await call(planner);
    expect(await finish()).toContain(`looking at ${IBAN}`);
  });
});
