/** Who resumes a stream is sent what was sent before, by the transport itself: no guard is asked. */
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { createGuardedTools, guardTransport } from "@hopwise/mcp";
import { InMemoryEventStore } from "@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { expect, it } from "vitest";

const company = await createCompany({ tools: { ask: { kind: "thing", action: "ask" } } });
const options = { authorizer: company.authorizer({ cerbos: answeringPdp() }), tools: createGuardedTools() };

it.each([
  ["for Node.js", StreamableHTTPServerTransport],
  ["of web standards", WebStandardStreamableHTTPServerTransport],
])("an HTTP transport %s that keeps what it sent cannot be guarded", (_, Transport) => {
  const guarded = (own: object) => guardTransport(new Transport({ ...own }), options);
  expect(() => guarded({ eventStore: new InMemoryEventStore() })).toThrow(
    expect.objectContaining({
      code: "config_invalid",
      message: expect.stringMatching(/has an eventStore.*leave it out/),
    }),
  );
  expect(() => guarded({})).not.toThrow();
  expect(() => guarded({ eventStore: undefined })).not.toThrow();
});
