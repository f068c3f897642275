/** Work that calls of several callers share: whose it is, and how to keep them apart. docs/caller.md says the same. */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { caller } from "@hopwise/fastmcp";
import DataLoader from "dataloader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientOf, createScene, type Scene, serve } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});
afterAll(() => scene.close());

/** A server whose calls share one loader. Their batch runs when the test says so; then it notes its keys and its caller. */
async function shared(schedule: (run: () => void) => void = (run) => run()) {
  const due = Promise.withResolvers<() => void>();
  const batches: { keys: readonly string[]; caller: string | undefined }[] = [];
  let waiting = 0;
  const loader = new DataLoader(
    async (keys: readonly string[]) => {
      batches.push({ keys: [...keys].sort(), caller: caller()?.user.id });
      return keys.map((key) => `orders of ${key}`);
    },
    { cache: false, batchScheduleFn: (run) => due.resolve(AsyncLocalStorage.bind(() => schedule(run))) },
  );
  const results: unknown[] = [];
  const began: (string | undefined)[] = [];
  const url = await serve(scene.point(), (server) =>
    server.addTool({
      name: "who",
      execute: async () => {
        const own = caller()?.user.id as string;
        waiting++;
        began.push(own);
        const orders = await loader.load(own);
        results.push([own, orders, caller()?.user.id]);
        return orders;
      },
    }),
  );
  const call = async (delegation: Scene["ann"]) =>
    (await clientOf(scene, url, delegation)).callTool({ name: "who", arguments: {} });
  const until = async (calls: number): Promise<void> => {
    while (waiting < calls) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { call, until, due: due.promise, batches, results, began };
}

const OWN = [
  ["u-1", "orders of u-1", "u-1"],
  ["u-2", "orders of u-2", "u-2"],
];

describe("a batch of several callers' calls", () => {
  it("runs within the call that began it, so its keys must say whose they are; each call has its own caller after it", async () => {
    const { call, until, due, batches, results, began } = await shared();
    const calls = [call(scene.ann), call(scene.ben)];
    await until(2);
    (await due)();
    await Promise.all(calls);
    expect(batches).toEqual([{ keys: ["u-1", "u-2"], caller: began[0] }]);
    expect(results.sort()).toEqual(OWN);
  });

  it("has no caller where it is scheduled outside of all calls: then a mistake shows at once", async () => {
    const outside = AsyncLocalStorage.snapshot();
    const { call, until, due, batches, results } = await shared((run) => outside(run));
    const calls = [call(scene.ann), call(scene.ben)];
    await until(2);
    (await due)();
    await Promise.all(calls);
    expect(batches).toEqual([{ keys: ["u-1", "u-2"], caller: undefined }]);
    expect(results.sort()).toEqual(OWN);
  });
});

it("a listener runs within the call that emits, not in the one that waits, unless it was bound there", async () => {
  const bus = new EventEmitter();
  const heard: (string | undefined)[] = [];
  const waits = Promise.withResolvers<void>();
  const url = await serve(scene.point(), (server) =>
    server.addTool({
      name: "who",
      execute: async () => {
        const own = caller()?.user.id;
        if (own === "u-2") bus.emit("go");
        else {
          const came = Promise.withResolvers<void>();
          const note = () => void heard.push(caller()?.user.id);
          bus.once("go", note);
          bus.once("go", AsyncResource.bind(note));
          bus.once("go", () => came.resolve());
          waits.resolve();
          await came.promise;
          note();
        }
        return "";
      },
    }),
  );
  const [ann, ben] = [await clientOf(scene, url, scene.ann), await clientOf(scene, url, scene.ben)];
  const first = ann.callTool({ name: "who", arguments: {} });
  await waits.promise;
  await Promise.all([first, ben.callTool({ name: "who", arguments: {} })]);
  expect(heard).toEqual(["u-2", "u-1", "u-1"]);
});

describe("a loader for each call", () => {
  it("can be kept by its caller, who is another object in each call", async () => {
    const loaders = new WeakMap<object, string[]>();
    const sizes: number[] = [];
    const url = await serve(scene.point(), (server) =>
      server.addTool({
        name: "who",
        execute: async () => {
          const own = caller() as object;
          const loaded = loaders.get(own) ?? [];
          loaders.set(own, loaded);
          loaded.push("one");
          sizes.push((loaders.get(caller() as object) ?? []).length);
          return "done";
        },
      }),
    );
    const client = await clientOf(scene, url, scene.ann);
    for (let i = 0; i < 3; i++) await client.callTool({ name: "who", arguments: {} });
    expect(sizes).toEqual([1, 1, 1]);
  });
});
