/** Something is revoked while clients are there: they hear that their lists changed, ask again, and see what is left. */
import { memoryState } from "@hopwise/core";
import { memoryDriver, openedState } from "@hopwise/core/state";
import {
  PromptListChangedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { clientOf, errorCodeOf, failure } from "../support/mcp/client.ts";
import { plannerWith, serveHere } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
quietConsole("log");

describe("a client of a guarded server", () => {
  it("hears by its own stream that its lists changed, and sees them as they are now", async () => {
    const state = memoryState({ since: 0 });
    const served = await serveHere(world, { authorizer: { state } });
    const held = await plannerWith(world);
    const client = await clientOf(served.url, held);
    onTestFinished(() => client.close());
    const changed: string[] = [];
    client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => void changed.push(method));
    client.setNotificationHandler(PromptListChangedNotificationSchema, ({ method }) => void changed.push(method));
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    // The client opens its stream after it was let in.
    await vi.waitFor(
      async () => {
        state.revocations.revoke({ token: held.id as never });
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(changed).toContain("notifications/tools/list_changed");
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(errorCodeOf(await failure(client.listTools()))).toBe("revoked");
    await state.revocations.lift({ token: held.id as never });
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
  });

  it("hears of what another process revoked; and nobody listens once all sessions have ended", async () => {
    const driver = memoryDriver();
    const [here, elsewhere] = await Promise.all([openedState(driver), openedState(driver)]);
    let listening = 0;
    const revocations: typeof here.revocations = {
      ...here.revocations,
      onChange: (listener) => {
        listening++;
        const end = here.revocations.onChange(listener);
        return () => {
          listening--;
          end();
        };
      },
    };
    const served = await serveHere(world, {
      authorizer: { state: { ...here, replay: memoryState({ since: 0 }).replay, revocations } },
    });
    const held = await plannerWith(world);
    const clients = await Promise.all([clientOf(served.url, held), clientOf(served.url, held)]);
    let told = 0;
    for (const client of clients) client.setNotificationHandler(ToolListChangedNotificationSchema, () => void told++);
    await vi.waitFor(() => expect(listening).toBe(2));
    await vi.waitFor(
      async () => {
        await elsewhere.revocations.revoke({ agent: `somebody-${told}` });
        await new Promise((resolve) => setTimeout(resolve, 600));
        expect(told).toBeGreaterThanOrEqual(2);
      },
      { timeout: 20_000, interval: 50 },
    );
    await served.stop();
    await vi.waitFor(() => expect(listening).toBe(0), { timeout: 10_000 });
    await Promise.all([...clients.map((client) => client.close()), elsewhere.close(), here.close()]);
  });
});
