import { describe, expect, it } from "vitest";
import type { JsonRpcMessage } from "../protocol/index.ts";
import { createOwnRequests } from "./own-requests.ts";

const LIST = { method: "tools/list", params: {} };

describe("a request that the guard itself makes", () => {
  it("gets its own answer, which is nobody else's, and is known no longer", async () => {
    const own = createOwnRequests();
    const ids: JsonRpcMessage["id"][] = [];
    const made = own.make(LIST, ({ id }) => void ids.push(id), 10_000);
    expect(own.answered({ jsonrpc: "2.0", id: 1, result: {} })).toBe(false);
    const answer = { jsonrpc: "2.0", id: ids[0] as string, result: { tools: [] } } as const;
    expect(own.answered(answer)).toBe(true);
    expect(await made).toBe(answer);
    expect(own.answered(answer)).toBe(false);
  });

  it("is waited for no longer than was said, nor where its server fails at once", async () => {
    const own = createOwnRequests();
    const ids: JsonRpcMessage["id"][] = [];
    await expect(own.make(LIST, ({ id }) => void ids.push(id), 1)).rejects.toThrow();
    const fails = ({ id }: JsonRpcMessage) => {
      ids.push(id);
      throw new Error("down");
    };
    await expect(own.make(LIST, fails, 10_000)).rejects.toThrow("down");
    expect(ids.map((id) => own.answered({ jsonrpc: "2.0", id: id as string, result: {} }))).toEqual([false, false]);
  });
});
