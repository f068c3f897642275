/** Codes that callers may not tell apart: the same bytes on the wire, and the difference on record alone. */
import { type AuthorizerOptions, type DenialCode, delegate } from "@hopwise/core";
import { modelView } from "@hopwise/core/adapter";
import type { MemoryAudit } from "@hopwise/core/audit";
import { anyArguments, grant } from "@hopwise/core/grant";
import { describe, expect, it } from "vitest";
import { post, proven, provenCall, request } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, plannerWith, serveHere } from "../support/mcp/server.ts";
import { failing } from "../support/policy-clients.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";
import { addToolOf, DISGUISED, FITTING, OPENLY, type Row } from "./twins.ts";

const world = await worldHere();
quietConsole("log");

/** The whole answer to a row's call over HTTP, but for the invocation; and the code that its record has. */
async function answerTo(row: Row, how: { readonly stateless?: boolean } = { stateless: true }) {
  const { tool, entry, options = () => ({}), held = (it) => plannerWith(it, tool), onToolCall, afterwards } = row;
  const served = await serveHere(world, {
    ...how,
    map: entry === undefined ? {} : { [tool]: entry },
    authorizer: options(world),
    add: (server) => addToolOf(row, server),
    ...(onToolCall && { onToolCall }),
  });
  afterwards?.(served.server);
  const call = await provenCall(await held(world), 1, tool, row.arguments ?? FITTING);
  const { status, headers, text } = await post(served.url, call);
  await served.stop();
  return {
    wire: [status, headers.get("content-type"), text.replace(/"invocation":"[\w-]+"/g, '"invocation":"…"')],
    code: codeIn(served.audit),
    hop: served.audit.records.at(-1)?.hop,
  };
}

function codeIn({ records, unverifiedSamples }: MemoryAudit): string | undefined {
  return records.at(-1)?.code ?? unverifiedSamples.at(-1)?.code;
}

describe("what callers see", () => {
  it.each(Object.entries(OPENLY))("of %s is that", async (code, row) => {
    const { wire, code: recorded } = await answerTo(row);
    expect(recorded).toBe(code);
    expect(wire[2]).toContain(`(${code})`);
  });
});

const rows = Object.entries(DISGUISED).flatMap(([code, { seen, rows: each }]) =>
  each.map((row, i) => [code, i, seen, row] as const),
);

describe("to a model", () => {
  it.each(Object.entries(DISGUISED))("%s reads as what it looks like, and the table has its row", (code, { seen }) => {
    expect(modelView({ code: code as DenialCode })).toEqual(modelView({ code: seen }));
  });
});

/** All that reads as a denial of policies, but for what the guard ends before it asks for a decision. */
function absent(): readonly Row[] {
  return Object.values(DISGUISED)
    .filter(({ seen }) => seen === "policy_denied")
    .flatMap(({ rows: each }) => each);
}

describe("to its caller over HTTP", () => {
  it.each(rows)("%s (%i) is %s to the byte, and the record alone has the difference", async (code, _, seen, row) => {
    const found = await answerTo(row);
    expect(found.code).toBe(code);
    expect(found.wire).toEqual((await answerTo(OPENLY[seen])).wire);
  });

  it("a denial is the same at whichever hop it was: elsewhere than at the user, it would say that there is something", async () => {
    const { researcher } = world.keys;
    const atAgent: Row = {
      tool: "open",
      entry: OPEN_TO_ALICE,
      held: async () =>
        delegate(await plannerWith(world, "open"), {
          to: "researcher",
          holder: researcher,
          grant: grant({ open: anyArguments }),
        }),
    };
    const found = await answerTo(atAgent);
    expect(found.code).toBe("policy_denied");
    expect(found.hop).toBe(2);
    expect(found.wire).toEqual((await answerTo(OPENLY.policy_denied)).wire);
  });

  it("is the same while the policies cannot be asked, for what is forbidden and for what is not there", async () => {
    const down = (row: Row): Row => ({
      ...row,
      options: (of) => ({ ...row.options?.(of), cerbos: failing(new Error("14 UNAVAILABLE")) }),
    });
    const forbidden = await answerTo(down(OPENLY.policy_denied));
    expect(forbidden.code).toBe("policy_unavailable");
    for (const row of absent()) {
      const { wire, ...recorded } = await answerTo(down(row));
      expect(wire).toEqual(forbidden.wire);
      expect(recorded).toEqual({ code: "policy_unavailable", hop: 0 });
    }
  });

  it("is the same while the directory cannot be asked, for what is forbidden and for what is not there", async () => {
    const users = { find: () => Promise.reject(new Error("down: hunter2")) };
    const down = (row: Row): Row => ({ ...row, options: (of) => ({ ...row.options?.(of), users }) });
    const forbidden = await answerTo(down(OPENLY.policy_denied));
    expect(forbidden.code).toBe("context_unavailable");
    for (const row of absent()) expect(await answerTo(down(row))).toEqual(forbidden);
  });

  it("a list is the same while the policies cannot be asked, for a user who is known and for one who is not", async () => {
    const listed = async (options: Partial<AuthorizerOptions>) => {
      const cerbos = failing(new Error("14 UNAVAILABLE"));
      const { url, audit } = await serveHere(world, { stateless: true, authorizer: { ...options, cerbos } });
      const { status, text } = await post(url, await proven(world.planner, request(1, "tools/list")));
      return { wire: [status, text.replace(/"invocation":"[\w-]+"/g, "")], code: codeIn(audit) };
    };
    const known = await listed({});
    expect(known.code).toBe("policy_unavailable");
    expect(await listed({ users: { find: () => undefined } })).toEqual(known);
  });
});
