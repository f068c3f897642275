import { expect, it } from "vitest";
import { withoutTask } from "./task.ts";

const RELATED = { "io.modelcontextprotocol/related-task": { taskId: "x" } };
const call = (params?: { readonly [key: string]: unknown }) =>
  ({ jsonrpc: "2.0", id: 1, method: "tools/call", ...(params && { params }) }) as const;

it.each([
  [call({ name: "pay", task: { ttl: 1 } }), call({ name: "pay" })],
  [call({ name: "pay", _meta: RELATED }), call({ name: "pay" })],
  [
    call({ name: "pay", task: null, _meta: { ...RELATED, progressToken: 1 } }),
    call({ name: "pay", _meta: { progressToken: 1 } }),
  ],
])("a request is part of no task: %j", (message, expected) => {
  expect(withoutTask(message)).toEqual(expected);
});

it.each([call(), call({ name: "pay", _meta: { progressToken: 1 } }), call({ _meta: "text" })])(
  "another one stays what it is: %j",
  (message) => {
    expect(withoutTask(message)).toBe(message);
  },
);
