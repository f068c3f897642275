import type { CheckResourcesRequest } from "@cerbos/core";
import { describe, expect, it } from "vitest";
import type { Row } from "../filter/index.ts";
import type { Obligations } from "../result/index.ts";
import { allowAll, allowing, never, pdpOf, type Result } from "../world.fixture.ts";
import { checkRows, type RowsToCheck } from "./check-rows.ts";

const DEADLINE = 50;
const row = (id: string, attributes: Row["attributes"] = {}): Row => ({ id, attributes });
const about = (rows: readonly Row[]): RowsToCheck => ({
  hops: [
    { kind: "user", id: "alice" },
    { kind: "agent", id: "agent:planner" },
  ],
  principals: [
    { id: "alice", roles: ["clerk"], attr: {} },
    { id: "agent:planner", roles: ["agent"], attr: {} },
  ],
  resource: { kind: "invoice", attr: { args: { text: "paper" } }, scope: "acme" },
  action: "read",
  invocation: "inv",
  chainId: "chain",
  rows,
  owed: { redact: [], limit: {} },
});
const ask = (rows: readonly Row[], results?: (request: CheckResourcesRequest) => unknown) => {
  const { pdp, asked, signals } = pdpOf(results);
  return { asked, signals, checked: checkRows(pdp, about(rows), DEADLINE) };
};
/** Answers a hop otherwise about one row. */
const butFor = (hop: string, id: string, changed: Result) => (request: CheckResourcesRequest) =>
  request.resources.map((asked) =>
    allowing(asked, request.principal.id === hop && asked.resource.id === id ? changed : {}),
  );

describe("rows that were read", () => {
  it("are put to every hop in batches, each with what all of them have", async () => {
    const rows = Array.from({ length: 120 }, (_, i) => row(`r${i}`, { region: "EMEA" }));
    const { asked, checked, signals } = ask(rows);
    expect(await checked).toEqual(rows.map(() => ({})));
    // Nothing reads why a row is shown.
    expect(asked.map(({ includeMetadata }) => includeMetadata)).toEqual(Array(6).fill(false));
    expect(signals.every((signal) => signal instanceof AbortSignal)).toBe(true);
    expect(asked.map(({ resources }) => resources.length)).toEqual([49, 49, 49, 49, 22, 22]);
    expect(asked[0]?.resources[0]).toEqual({
      resource: { kind: "invoice", id: "r0", attr: { region: "EMEA", args: { text: "paper" } }, scope: "acme" },
      actions: ["read"],
    });
    expect(asked.map(({ requestId }) => requestId).slice(0, 2)).toEqual(["inv-0", "inv-1"]);
  });

  it("are fewer in a batch where they are long, so that the decision point takes it", async () => {
    const { asked, checked } = ask(Array.from({ length: 8 }, (_, i) => row(`r${i}`, { text: "x".repeat(400_000) })));
    expect(await checked).toHaveLength(8);
    expect(asked.map(({ resources }) => resources.length)).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
  });

  it("are fewer in a batch where they are many short values, of which each takes bytes", async () => {
    const numbers = Array.from({ length: 100_000 }, () => 1);
    const { asked, checked } = ask(Array.from({ length: 4 }, (_, i) => row(`r${i}`, { numbers })));
    expect(await checked).toHaveLength(4);
    expect(asked.map(({ resources }) => resources.length)).toEqual(Array(8).fill(1));
  });

  it("are asked about not at all where there are none", async () => {
    const { asked, checked } = ask([]);
    expect([await checked, asked]).toEqual([[], []]);
  });

  it.each(["alice", "agent:planner"])("are left out where %s may not see them", async (hop) => {
    const { checked } = ask([row("a"), row("b")], butFor(hop, "b", { actions: { read: "EFFECT_DENY" } }));
    expect(await checked).toEqual([{}, undefined]);
  });

  it.each<[string, Result]>([
    ["a person would have to approve them", { outputs: [{ source: "r", action: "read", value: { approval: "ask" } }] }],
    ["they do not fit a schema", { validationErrors: [{ source: "SOURCE_RESOURCE", path: "/", message: "m" }] }],
  ])("are left out where %s", async (_, changed) => {
    const { checked } = ask([row("a"), row("b")], butFor("alice", "a", changed));
    expect(await checked).toEqual([undefined, {}]);
  });

  it("are shown under the obligations of all hops", async () => {
    const redact = (pointer: string): Result => ({
      outputs: [{ source: "r", action: "read", value: { redact: [pointer] } }],
    });
    const { checked } = ask([row("a")], (request) =>
      request.resources.map((asked) => allowing(asked, redact(request.principal.id === "alice" ? "/iban" : "/note"))),
    );
    expect(await checked).toEqual([{ obligations: { redact: ["/iban", "/note"], limit: {} } }]);
  });
});

describe("a row of which an output cannot be read, which may be made of the row", () => {
  const unread: readonly [string, unknown][] = [
    ["no list of pointers", { redact: 5 }],
    ["no pointer", { redact: ["no pointer"] }],
    ["a failure", undefined],
  ];
  it.each(unread)(
    "is told as such, whichever hop it was, and keeps no other from being shown: %s",
    async (_, value) => {
      const output: Result = { outputs: [{ source: "r", action: "read", value }] };
      for (const [i, hop] of ["alice", "agent:planner"].entries()) {
        const { checked } = ask([row("a"), row("b")], butFor(hop, "a", output));
        expect(await checked).toEqual([expect.objectContaining({ code: "policy_inconclusive", hop: i }), {}]);
      }
    },
  );

  it("is denied where a hop may not see it", async () => {
    const { checked } = ask([row("a")], (request) =>
      request.resources.map((asked) =>
        allowing(
          asked,
          request.principal.id === "alice"
            ? { outputs: [{ source: "r", action: "read", value: 5 }] }
            : { actions: { read: "EFFECT_DENY" } },
        ),
      ),
    );
    expect(await checked).toEqual([undefined]);
  });
});

describe.each<[string, Error, RegExp]>([
  ["a number that no answer can carry", new Error("google.protobuf.Value cannot be NaN or Infinity"), /is not finite/],
  [
    "more than an answer holds",
    Object.assign(new Error("gRPC error 8: too large"), {
      name: "NotOK",
      code: 8,
      details: "Received message larger than max",
    }),
    /too large/,
  ],
])("a row of which the policies make %s", (_, unread, words) => {
  /** As the client for gRPC has it, whatever else is in the answer. */
  const cannotCarry = (hop: string, id: string) => (request: CheckResourcesRequest) => {
    if (request.principal.id === hop && request.resources.some((it) => it.resource.id === id)) {
      throw unread;
    }
    return request.resources.map((it) => allowing(it));
  };
  const rows = Array.from({ length: 60 }, (_, i) => row(`r${i}`));

  it("is told as such, whichever hop it was, and keeps no other from being shown", async () => {
    for (const [i, hop] of ["alice", "agent:planner"].entries()) {
      const { checked } = ask(rows, cannotCarry(hop, "r7"));
      const told = expect.objectContaining({
        code: "policy_inconclusive",
        hop: i,
        message: expect.stringMatching(words),
      });
      expect(await checked).toEqual(rows.map(({ id }) => (id === "r7" ? told : {})));
    }
  });

  it("is denied where a hop may not see it", async () => {
    const deny = butFor("agent:planner", "r7", { actions: { read: "EFFECT_DENY" } });
    const { checked } = ask(rows, (request) =>
      (request.principal.id === "alice" ? cannotCarry("alice", "r7") : deny)(request),
    );
    expect(await checked).toEqual(rows.map(({ id }) => (id === "r7" ? undefined : {})));
  });
});

describe("the handing over", () => {
  const edge = { action: "delegate", resource: { kind: "delegation", id: "alice->agent:planner", attr: {} } };
  const withEdge = (effect: string) => {
    const { pdp, asked } = pdpOf((request) =>
      request.resources.map((it) =>
        allowing(it, it.resource.kind === "delegation" ? { actions: { delegate: effect } } : {}),
      ),
    );
    return { asked, checked: checkRows(pdp, { ...about([row("a"), row("b")]), edges: [edge] }, DEADLINE) };
  };

  const withOutput = (value: object, owed: Partial<Obligations> = {}) => {
    const { pdp } = pdpOf((request) =>
      request.resources.map((it) =>
        allowing(
          it,
          it.resource.kind === "delegation" ? { outputs: [{ source: "r", action: "delegate", value }] } : {},
        ),
      ),
    );
    const { owed: none, ...rows } = about([row("a"), row("b")]);
    return checkRows(pdp, { ...rows, edges: [edge], owed: { ...none, ...owed } }, DEADLINE);
  };

  it("is asked with each batch, before the rows, which keep their places", async () => {
    const { asked, checked } = withEdge("EFFECT_ALLOW");
    expect(await checked).toEqual([{}, {}]);
    expect(asked.map(({ resources }) => resources.map(({ resource }) => resource.id))).toEqual([
      [edge.resource.id, "a", "b"],
      ["a", "b"],
    ]);
  });

  it("obliges of each row to what it obliges to, and lets none pass that a person would have to approve", async () => {
    const owed = { obligations: { redact: ["/owner"], limit: {} } };
    expect(await withOutput({ redact: ["/owner"] })).toEqual([owed, owed]);
    expect(await withOutput({ approval: "ask" })).toEqual([undefined, undefined]);
  });

  it("lets them pass that people approved already, where no more of them have to now", async () => {
    const passed = { obligations: { redact: ["/owner"], limit: {} } };
    const given = { approval: "asked then", approvers: 2 };
    const asking = (approvers: number) => ({ approval: { reason: "ask", approvers }, redact: ["/owner"] });
    expect(await withOutput(asking(1), given)).toEqual([passed, passed]);
    expect(await withOutput(asking(2), given)).toEqual([passed, passed]);
    expect(await withOutput(asking(3), given)).toEqual([undefined, undefined]);
    expect(await withOutput(asking(2), { approval: "asked then" })).toEqual([undefined, undefined]);
  });

  it("ends the search where it is not allowed any more, or cannot be told", async () => {
    await expect(withEdge("EFFECT_DENY").checked).rejects.toMatchObject({
      ...{ code: "delegation_denied", hop: 0 },
      message: "the policies do not let this hop hand on to the next any more",
    });
    await expect(withEdge("EFFECT_NEW").checked).rejects.toMatchObject({ code: "policy_inconclusive", hop: 0 });
    await expect(withOutput({ redact: 5 })).rejects.toMatchObject({ code: "policy_inconclusive", hop: 0 });
  });
});

describe("what is no good answer about rows", () => {
  it.each<[string, (request: CheckResourcesRequest) => unknown]>([
    ["fewer results", (request) => allowAll(request).slice(1)],
    ["more results", (request) => [...allowAll(request), ...allowAll(request)]],
  ])("is never an empty list: %s", async (_, results) => {
    const { checked } = ask([row("a"), row("b")], results);
    await expect(checked).rejects.toMatchObject({ code: "policy_inconclusive", hop: 0 });
  });

  it.each<[string, (request: CheckResourcesRequest) => unknown]>([
    ["results in another order", (request) => allowAll(request).reverse()],
    ["no effect", butFor("alice", "a", { actions: {} })],
    [
      "a principal that does not fit its schema",
      butFor("alice", "a", { validationErrors: [{ source: "SOURCE_PRINCIPAL", path: "/", message: "m" }] }),
    ],
  ])("is told as such for one row, too: %s", async (_, results) => {
    const { checked } = ask([row("a"), row("b")], results);
    await expect(checked).rejects.toMatchObject({ code: "policy_inconclusive" });
  });

  it("is never taken from an answer to another request", async () => {
    const { pdp } = pdpOf();
    const other: typeof pdp = {
      ...pdp,
      checkResources: async (request, options) =>
        Object.assign(await pdp.checkResources(request, options), { requestId: "other-1" }),
    };
    await expect(checkRows(other, about([row("a")]), DEADLINE)).rejects.toMatchObject({
      ...{ code: "policy_inconclusive", hop: 0 },
      message: expect.stringContaining("it answered another request"),
    });
  });

  it("is told of the row's own hop, also where the other hop's answer has an output that cannot be read", async () => {
    const { checked } = ask([row("a")], (request) =>
      request.resources.map((it) =>
        allowing(
          it,
          request.principal.id === "alice" ? { outputs: [{ source: "r", action: "read", value: 5 }] } : { actions: {} },
        ),
      ),
    );
    await expect(checked).rejects.toMatchObject({ code: "policy_inconclusive", hop: 1 });
  });

  it("is told as the outage that it is", async () => {
    const { checked } = ask([row("a")], () => never);
    await expect(checked).rejects.toMatchObject({ code: "policy_unavailable" });
    const broken = ask([row("a")], () => {
      throw new Error("secret");
    });
    await expect(broken.checked).rejects.toMatchObject({
      code: "policy_unavailable",
      message: expect.not.stringContaining("secret"),
    });
  });
});
