import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type PolicyClient, resilient } from "../ask/index.ts";
import { type EchoingPdp, echoingPdp, turns } from "../testing/echoing-pdp.ts";
import type { CheckOptions, CheckRequest, CheckResponse } from "./form.ts";
import type { PartOfAnswer } from "./part-of-answer.ts";
import { type SharingOptions, shareRequests } from "./share-requests.ts";

const ann = { id: "ann", roles: ["user"], attr: { team: { region: "EMEA" } } };

/** A question with a mark, which its answer has, too. */
const question = (mark: unknown, changed: Partial<CheckRequest> = {}): CheckRequest => ({
  principal: ann,
  resources: [{ resource: { kind: "payment", id: "p", attr: { mark: mark as never } }, actions: ["pay"] }],
  includeMetadata: true,
  requestId: `q${mark}`,
  requestContext: {
    annotations: { "hopwise.invocation": `i${mark}`, "hopwise.hop": 1, "hopwise.chain": "c" },
  },
  ...changed,
});
const marksOf = ({ results }: CheckResponse): unknown[] => results.map(({ outputs }) => Object(outputs[0]?.value).mark);
const sizes = ({ requests }: EchoingPdp): number[] => requests.map(({ resources }) => resources.length);

interface Scene {
  readonly pdp: EchoingPdp;
  readonly ask: (request: CheckRequest, options?: CheckOptions) => Promise<CheckResponse>;
  /** Asks without waiting; gives what came of each in the end. */
  readonly all: (requests: readonly CheckRequest[], options?: CheckOptions) => Promise<string[]>;
}

function scene(options: SharingOptions = { requestsUnderWay: 1 }): Scene {
  const pdp = echoingPdp();
  const client = shareRequests(pdp, options);
  const ask: Scene["ask"] = (request, how) => client.checkResources(request, how);
  const all: Scene["all"] = (requests, how) =>
    Promise.all(
      requests.map((request) =>
        ask(request, how).then(
          (response) => marksOf(response).map(String).join(),
          (error) => `${error.code ?? error.name}`,
        ),
      ),
    );
  return { pdp, ask, all };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
/** As the clients of Cerbos reject. */
const notOK = (code: number, details: string): Error =>
  Object.assign(new Error(`gRPC error ${code}: ${details}`), { name: "NotOK", code, details });
const throwing = (error: unknown) => (): never => {
  throw error;
};

describe("a client that asks all of a decision as a whole", () => {
  const asWhole = (client: PolicyClient) => (client as Required<PolicyClient>).whole;

  it("does so when it shares requests, too: not one question here, and the next one at another target", async () => {
    const pdps = [echoingPdp(), echoingPdp()];
    for (const pdp of pdps) pdp.flow();
    const whole = asWhole(shareRequests(resilient(pdps)));
    for (let i = 0; i < 4; i++) {
      await whole((one) => Promise.all([one.checkResources(question(1)), one.checkResources(question(2))]));
    }
    expect(pdps.map(({ requests }) => requests.length)).toEqual([4, 4]);
    expect(pdps.map(({ requests }) => requests.map(({ requestId }) => requestId).join(" "))).toEqual([
      "q1 q2 q1 q2",
      "q1 q2 q1 q2",
    ]);
  });

  it("shares them where it is one decision point, such as that of startPdp", async () => {
    const pdp = echoingPdp();
    const { signal } = new AbortController();
    const one: PolicyClient = { ...pdp, whole: (ask) => ask(one, signal) };
    const whole = asWhole(shareRequests(one, { requestsUnderWay: 1 }));
    const asked = whole((client) => Promise.all([1, 2, 3].map((mark) => client.checkResources(question(mark)))));
    await turns();
    await pdp.answer();
    await pdp.answer();
    await asked;
    expect(sizes(pdp)).toEqual([1, 2]);
  });

  it("has nothing of the kind where that is one target", () => {
    expect(shareRequests(echoingPdp())).not.toHaveProperty("whole");
  });

  it("has it as no member that is copied to another client, whose own functions would then be passed by", () => {
    expect(Object.keys(shareRequests(resilient(echoingPdp())))).toEqual(["checkResources", "planResources"]);
  });
});

describe("questions about one principal", () => {
  it("go at once while few requests are under way, just as they are; then with the next one, at most 25, oldest first", async () => {
    const { pdp, all } = scene({});
    const questions = range(0, 60).map((i) => question(i));
    const answers = all(questions);
    await turns();
    expect(pdp.requests).toEqual(questions.slice(0, 2));
    expect(pdp.requests[0]).toBe(questions[0]);
    await pdp.answer();
    expect(sizes(pdp)).toEqual([1, 1, 25]);
    await pdp.answer();
    expect(sizes(pdp)).toEqual([1, 1, 25, 25]);
    await pdp.answer();
    await pdp.answer();
    expect(sizes(pdp)).toEqual([1, 1, 25, 25, 8]);
    await pdp.answer();
    expect(await answers).toEqual(range(0, 60).map(String));
    expect(pdp.requests[2]?.resources).toEqual(questions.slice(2, 27).flatMap(({ resources }) => resources));
  });

  it("get answers of their own: request id, results, call id and place", async () => {
    const { pdp, ask } = scene();
    const two = question(2);
    const answers = [0, 1].map((mark) => ask(question(mark)));
    answers.push(ask({ ...two, resources: [...two.resources, ...question("2b").resources] }), ask(question(3)));
    pdp.flow();
    const [first, ...shared] = await Promise.all(answers);
    expect(first).toEqual(await echoOf(question(0)));
    const shareId = pdp.requests[1]?.requestId;
    expect(shared.map(({ cerbosCallId }) => cerbosCallId)).toEqual(Array(3).fill(`call of ${shareId}`));
    expect(shared.map(({ requestId }) => requestId)).toEqual(["q1", "q2", "q3"]);
    expect(shared.map(marksOf)).toEqual([[1], [2, "2b"], [3]]);
    expect(shared.map((answer) => (answer as Partial<PartOfAnswer>).cerbosPositions)).toEqual([[0], [1, 2], [3]]);
  });

  it("stand in Cerbos' log as a list of calls, each with its places; one that goes alone as ever", async () => {
    const { pdp, all } = scene();
    const other = { annotations: { "hopwise.invocation": "l", "hopwise.hop": 0 } };
    const answers = all([
      ...[0, 1, 2].map((mark) => question(mark)),
      question(3, { resources: [...question(3).resources, ...question(4).resources], requestContext: other }),
    ]);
    pdp.flow();
    await answers;
    expect(pdp.requests[0]?.requestContext).toEqual(question(0).requestContext);
    expect(pdp.requests[1]?.requestContext).toEqual({
      annotations: {
        "hopwise.calls": [
          { i: "i1", hop: 1, at: [0] },
          { i: "i2", hop: 1, at: [1] },
          { i: "l", hop: 0, at: [2, 3] },
        ],
      },
    });
  });

  it("ask once what several of them ask alike, and nobody can change another's answer", async () => {
    const { pdp, ask } = scene();
    const asked = (...marks: string[]): CheckRequest =>
      question(marks.join(), { resources: marks.flatMap((mark) => question(mark).resources) });
    const answers = [asked("first"), asked("a", "b"), asked("c", "a"), asked("a", "a")].map((it) => ask(it));
    pdp.flow();
    const [, first, second, third] = (await Promise.all(answers)) as (CheckResponse & Partial<PartOfAnswer>)[];
    expect(pdp.requests[1]?.resources).toEqual(asked("a", "b", "c").resources);
    expect([first, second, third].map((it) => it && marksOf(it))).toEqual([
      ["a", "b"],
      ["c", "a"],
      ["a", "a"],
    ]);
    expect([first, second, third].map((it) => it?.cerbosPositions)).toEqual([
      [0, 1],
      [2, 0],
      [0, 0],
    ]);
    expect(() => Object.assign(first?.results[0]?.actions ?? {}, { pay: "EFFECT_DENY" })).toThrow(TypeError);
    expect(second?.results[1]?.actions).toEqual({ pay: "EFFECT_ALLOW" });
  });

  it("take room once where they are asked alike, however large; of different ones at most 25 are in one", async () => {
    const large = scene();
    const answers = large.all(Array(300).fill(question(1, resourceOf("x".repeat(30_000)))));
    large.pdp.flow();
    await answers;
    expect(sizes(large.pdp)).toEqual([1, 1]);
    const { pdp, all } = scene();
    const pair = (i: number): CheckRequest["resources"] =>
      [i % 8, Math.floor(i / 8)].flatMap((mark) => question(mark).resources);
    const each = range(0, 64).map((i) => question(i, { resources: pair(i) }));
    const several = all(each);
    pdp.flow();
    await several;
    const calls = pdp.requests.map(({ requestContext }) => Object(requestContext?.annotations["hopwise.calls"]).length);
    expect(calls).toEqual([undefined, 25, 25, 13]);
  });

  it("are what they were when they were asked, whatever their owner changes while they wait", async () => {
    const { pdp, ask } = scene();
    const reused = question(1) as { -readonly [member in keyof CheckRequest]: CheckRequest[member] };
    const answers = [question(0), reused, question(2)].map((it) => ask(it));
    (reused.resources[0]?.resource.attr as { mark: unknown }).mark = "changed";
    Object.assign(reused.requestContext?.annotations ?? {}, { "hopwise.invocation": 10n });
    reused.requestId = "changed";
    reused.principal = { id: "bob", roles: [] };
    pdp.flow();
    const [, second, third] = await Promise.all(answers);
    expect([second, third].map((it) => it && [it.requestId, marksOf(it)])).toEqual([
      ["q1", [1]],
      ["q2", [2]],
    ]);
    expect(pdp.requests[1]?.principal).toEqual(ann);
    expect(pdp.requests[1]?.requestContext?.annotations["hopwise.calls"]).toMatchObject([{ i: "i1" }, { i: "i2" }]);
  });

  it("may have attributes with any name, those of every object among them", async () => {
    const { pdp, ask } = scene();
    const attr = JSON.parse(
      '{ "__proto__": { "a": 1 }, "constructor": [null], "toString": "x", "hasOwnProperty": true }',
    );
    const odd = (id: string): CheckRequest => ({
      principal: { id: "ann", roles: ["user"], attr },
      resources: [{ resource: { kind: "payment", id, attr }, actions: ["__proto__", "constructor"] }],
    });
    const answers = ["a", "b", "c"].map((id) => ask(odd(id)));
    pdp.flow();
    const [, second, third] = await Promise.all(answers);
    expect(sizes(pdp)).toEqual([1, 2]);
    for (const answer of [second, third]) {
      expect(JSON.stringify(answer?.results[0]?.outputs[0]?.value)).toBe(JSON.stringify(attr));
      expect(Object.keys(answer?.results[0]?.actions ?? {})).toEqual(["__proto__", "constructor"]);
    }
    expect(JSON.stringify(pdp.requests[1]?.principal.attr)).toBe(JSON.stringify(attr));
  });

  it("say nothing of a hop where they are of none: Cerbos' client writes down no member that is undefined", async () => {
    const { pdp, all } = scene();
    const bare = { requestContext: { annotations: {} } };
    const answers = all([question(0), question(1, bare), question(2, bare)]);
    pdp.flow();
    await answers;
    const calls = pdp.requests[1]?.requestContext?.annotations["hopwise.calls"];
    expect(calls).toStrictEqual([
      { i: "q1", at: [0] },
      { i: "q2", at: [1] },
    ]);
  });

  it("take room once for what they have in common", async () => {
    const { pdp, all } = scene();
    const text = "x".repeat(20_000);
    const principal = { ...ann, attr: { text } };
    const answers = all(
      range(0, 26).map((mark) => question(mark, { ...resourceOf({ mark, text } as never), principal })),
    );
    pdp.flow();
    await answers;
    expect(sizes(pdp)).toEqual([1, 16, 9]);
  });

  it("hold 50 resources together, and about a megabyte", async () => {
    const { pdp, all } = scene();
    const many = (mark: number, count: number): CheckRequest =>
      question(mark, { resources: range(0, count).flatMap((i) => question(100 * mark + i).resources) });
    const answers = all([question(0), ...[20, 20, 20, 10].map((count, i) => many(i, count))]);
    pdp.flow();
    await answers;
    expect(sizes(pdp)).toEqual([1, 40, 30]);
    const full = scene();
    const fullAnswers = full.all([question(0), ...[25, 25].map((count, i) => many(i + 1, count))]);
    full.pdp.flow();
    await fullAnswers;
    expect(sizes(full.pdp)).toEqual([1, 50]);
    const large = scene();
    const text = "x".repeat(30_000);
    const largeAnswers = large.all(range(0, 25).map((mark) => question(mark, resourceOf({ mark, text } as never))));
    large.pdp.flow();
    await largeAnswers;
    expect(sizes(large.pdp)).toEqual([1, 11, 11, 2]);
  });
});

describe("questions that differ in what a request has but once", () => {
  // Of one hop of one user's chains: what they are told by at first is the same.
  const delegation = { user: { issuer: "https://id.example", id: "ann" } };
  const hop = { ...ann, attr: { ...ann.attr, delegation } };
  const asked = (mark: number, changed: Partial<CheckRequest> = {}) => question(mark, { principal: hop, ...changed });

  it.each<[string, Partial<CheckRequest>, CheckOptions?]>([
    ["one nested attribute", { principal: { ...hop, attr: { team: { region: "APAC" }, delegation } } }],
    ["a nested attribute that is missing", { principal: { ...hop, attr: { team: {}, delegation } } }],
    ["the type of one", { principal: { ...hop, attr: { team: { region: ["EMEA"] }, delegation } } }],
    ["a role", { principal: { ...hop, roles: ["user", "admin"] } }],
    ["a scope", { principal: { ...hop, scope: "acme" } }],
    ["a token", { auxData: { jwt: { token: "t" } } }],
    ["metadata", { includeMetadata: false }],
    ["annotations of their own", { requestContext: { annotations: { "hopwise.invocation": "i", tenant: "a" } } }],
    ["a header", {}, { headers: { "x-tenant": "a" } }],
  ])("never share: %s", async (_, changed, options) => {
    const { pdp, all } = scene();
    const ours = all([0, 1, 2].map((mark) => asked(mark)));
    const theirs = all(
      [3, 4, 5].map((mark) => asked(mark, changed)),
      options,
    );
    pdp.flow();
    expect(await Promise.all([ours, theirs])).toEqual([
      ["0", "1", "2"],
      ["3", "4", "5"],
    ]);
    expect(pdp.requests.map(({ resources }) => resources.map(({ resource }) => resource.attr?.["mark"]))).toEqual([
      [0],
      [3],
      [1, 2],
      [4, 5],
    ]);
    const own = changed.requestContext?.annotations["tenant"];
    expect(pdp.requests[3]).toMatchObject({
      principal: changed.principal ?? hop,
      includeMetadata: changed.includeMetadata ?? true,
      ...(changed.auxData && { auxData: changed.auxData }),
      ...(own !== undefined && { requestContext: { annotations: { tenant: own } } }),
    });
    expect(pdp.options[3]?.headers).toEqual(options && { "x-tenant": "a" });
  });

  it("but for the trace, of which a request joins that of the question that waited longest", async () => {
    const { pdp, ask } = scene();
    const answers = [0, 1, 2].map((mark) => ask(asked(mark), { headers: { traceparent: `t${mark}`, a: "b" } }));
    pdp.flow();
    await Promise.all(answers);
    expect(pdp.options.map((options) => options?.headers)).toEqual([
      { traceparent: "t0", a: "b" },
      { traceparent: "t1", a: "b" },
    ]);
  });

  it.each<[string, (mark: number) => Partial<CheckRequest["principal"]>]>([
    ["principals", (mark) => ({ id: `u${mark}` })],
    ["chains of one user with the same agent", (mark) => ({ attr: { ...hop.attr, team: { region: `${mark}` } } })],
  ])("do not wait for each other: there is nothing to share by %s", async (_, changed) => {
    const { pdp, all } = scene();
    const answers = all(range(0, 40).map((mark) => asked(mark, { principal: { ...hop, ...changed(mark) } })));
    await turns();
    expect(pdp.open).toBe(40);
    pdp.flow();
    await answers;
  });

  it("never share, though the owner of one makes the other of the same object while the first is under way", async () => {
    const { pdp, all } = scene();
    const principal = { ...hop, roles: ["admin"] };
    const first = all([asked(0, { principal })]);
    principal.roles = ["user"];
    const others = all([asked(1, { principal }), asked(2), asked(3, { principal: { ...hop, roles: ["admin"] } })]);
    pdp.flow();
    expect(await Promise.all([first, others])).toEqual([["0"], ["1", "2", "3"]]);
    const sent = pdp.requests.map((it) => [
      it.principal.roles,
      it.resources.map(({ resource }) => resource.attr?.["mark"]),
    ]);
    expect(sent.slice(1)).toEqual([
      [["admin"], [3]],
      [["user"], [1, 2]],
    ]);
  });
});

/** Each of these could spoil the request of others, or cannot be told apart as JSON. */
const ALONE: readonly [string, Partial<CheckRequest>][] = [
  ...[undefined, Number.NaN, -0, 10n, () => 1, Symbol("x"), new Date(0), new Map(), { a: [{ b: undefined }] }].map(
    (value): [string, Partial<CheckRequest>] => [`the value ${typeof value}`, resourceOf(value)],
  ),
  ["a value of many levels", resourceOf(range(0, 60).reduce<unknown>((inner) => [inner], 1))],
  ["a value that JSON writes otherwise", resourceOf({ toJSON: () => "x" })],
  ["a missing place in a list", resourceOf(Array(2))],
  ["100 KB", resourceOf("x".repeat(100_000))],
  ["a principal with such a value", { principal: { ...ann, attr: { x: Number.NaN } } }],
  ["no resources", { resources: [] }],
  ["26 resources", { resources: range(0, 26).flatMap((mark) => question(mark).resources) }],
  ["no actions", { resources: [{ resource: { kind: "payment", id: "p" }, actions: [] }] }],
  ["51 actions", { resources: [{ resource: { kind: "payment", id: "p" }, actions: range(0, 51).map(String) }] }],
  ["an action twice", { resources: [{ resource: { kind: "payment", id: "p" }, actions: ["pay", "pay"] }] }],
  ["an id with half a character", { resources: [{ resource: { kind: "payment", id: "\ud800" }, actions: ["pay"] }] }],
  ["an action with half a character", { resources: [{ resource: { kind: "payment", id: "p" }, actions: ["\udc00"] }] }],
  ["an id that is no text", { resources: [{ resource: { kind: "payment", id: 5 as never }, actions: ["pay"] }] }],
  ["a chain that cannot be written", { requestContext: { annotations: { "hopwise.chain": 10n as never } } }],
  ["a list of calls", { requestContext: { annotations: { "hopwise.calls": [] } } }],
  ["a member that we do not know", { later: true } as never],
];

function resourceOf(mark: unknown): Partial<CheckRequest> {
  return { resources: [{ resource: { kind: "payment", id: "p", attr: { mark } as never }, actions: ["pay"] }] };
}

describe("a question that could spoil the request of others", () => {
  it.each(ALONE)("goes alone and at once, just as it is: %s", async (_, changed) => {
    const { pdp, all } = scene();
    const odd = question("odd", changed);
    const answers = all([...[0, 1].map((mark) => question(mark)), odd, odd, question(2)]);
    await turns();
    expect(pdp.requests.slice(1)).toEqual([odd, odd]);
    expect(pdp.requests[1]).toBe(odd);
    pdp.flow();
    expect((await answers).filter((_, i) => i !== 2 && i !== 3)).toEqual(["0", "1", "2"]);
    expect(pdp.requests).toHaveLength(4);
  });
});

describe("each asker's own deadline", () => {
  it("lets one leave that waits, and one whose request is under way; the others get their answers", async () => {
    const { pdp, ask, all } = scene();
    const [waits, asked] = [new AbortController(), new AbortController()];
    const others = all([question(0)]);
    const leaving = ask(question(1), { signal: asked.signal });
    const staying = all([question(2), question(3)]);
    const never = ask(question(4), { signal: waits.signal });
    const rejected = [leaving, never].map((it) => expect(it).rejects.toThrow("the caller stopped waiting"));
    waits.abort();
    await pdp.answer();
    asked.abort();
    await Promise.all(rejected);
    expect(pdp.options[1]?.signal?.aborted).toBe(false);
    pdp.flow();
    expect([await others, await staying]).toEqual([["0"], ["2", "3"]]);
    expect(sizes(pdp)).toEqual([1, 3]);
  });

  it("ends a request that all left, and holds up nobody after them, though the client does not listen", async () => {
    const { pdp, all } = scene();
    const gone = new AbortController();
    const first = all([question(0)], { signal: gone.signal });
    await turns();
    gone.abort("too late");
    expect(await first).toEqual(["policy_unavailable"]);
    const again = new AbortController();
    const blocking = all([question(1)]);
    const left = all([question(2), question(3)], { signal: again.signal });
    await pdp.answer();
    await pdp.answer();
    expect(sizes(pdp)).toEqual([1, 1, 2]);
    again.abort("too late");
    expect([await blocking, await left]).toEqual([["1"], Array(2).fill("policy_unavailable")]);
    expect(pdp.options[2]?.signal?.reason).toBe("too late");
    const last = all([question(4)]);
    await turns();
    expect(pdp.open).toBe(2);
    pdp.flow();
    expect(await last).toEqual(["4"]);
  });

  const ODD = question("odd", { later: true } as never);
  const BAD_ONE = throwing(notOK(3, "validation error"));
  it.each<[string, { before: number; asked: CheckRequest[]; bad?: true }]>([
    ["at once", { before: 0, asked: [question(1)] }],
    ["alone, after it waited", { before: 2, asked: [question(1)] }],
    ["together with others", { before: 2, asked: [question(1), question(2)] }],
    ["alone, after one of them was bad", { before: 2, asked: [question(1), question(2)], bad: true }],
    ["alone, since it could spoil others", { before: 0, asked: [ODD] }],
  ])("ends a request that goes %s, and nothing of it stays, though the client does not listen", async (_, way) => {
    const { pdp, all } = scene({ requestsUnderWay: 2 });
    const gone = new AbortController();
    const before = all(range(0, way.before).map((mark) => question(mark)));
    const left = all(way.asked, { signal: gone.signal });
    for (let i = 0; i < way.before; i++) await pdp.answer();
    if (way.bad) await pdp.answer(BAD_ONE);
    await turns();
    gone.abort();
    expect(await left).toEqual(way.asked.map(() => "policy_unavailable"));
    await before;
    const sent = pdp.requests.length;
    const next = all([question(8), question(9)]);
    await turns();
    expect(pdp.requests.length - sent, "both may go").toBe(2);
    pdp.flow();
    expect(await next).toEqual(["8", "9"]);
  });

  it("is listened to once, however many questions have it: Node.js 20 warns of more than ten listeners", async () => {
    const { pdp, all } = scene();
    const { signal } = new AbortController();
    const before = getEventListeners(signal, "abort").length;
    const answers = all(
      range(0, 40).map((mark) => question(mark)),
      { signal },
    );
    await turns();
    expect(getEventListeners(signal, "abort").length - before).toBe(1);
    pdp.flow();
    expect(await answers).toEqual(range(0, 40).map(String));
  });

  it("asks nothing for one that left before", async () => {
    const { pdp, all } = scene();
    expect(await all([question(0)], { signal: AbortSignal.abort() })).toEqual(["policy_unavailable"]);
    expect(pdp.requests).toEqual([]);
  });
});

const BAD: readonly [string, unknown][] = [
  ["one entry is wrong", notOK(3, "validation error: resources[2].resource.id: value is required")],
  ["too large for the PDP", notOK(8, "grpc: received message larger than max (5000097 vs. 4194304)")],
  ["an answer too large for the client", notOK(8, "Received message larger than max (5000097 vs 4194304)")],
  ["Cerbos 0.51 met a NaN", notOK(13, "Policy check failed")],
  ["not written by the client", notOK(13, "Request message serialization failure: x")],
  ["not a value", new Error("cannot decode message google.protobuf.Value from JSON undefined")],
  ["policies made NaN of it (gRPC)", new Error("google.protobuf.Value cannot be NaN or Infinity")],
  ["a client that throws for a schema", Object.assign(new Error("x"), { validationErrors: [] })],
];
const OUTAGE: readonly [string, unknown][] = [
  ...[1, 2, 4, 7, 10, 12, 13, 14, 16].map((code): [string, unknown] => [`gRPC code ${code}`, notOK(code, "gone")]),
  ["too many ask", notOK(8, "rate limit exceeded")],
  ["an error of whatever kind", new Error("socket hang up")],
  ["no error at all", "gone"],
];

describe("a shared request that fails", () => {
  it.each(BAD)("is asked singly where one of its questions is bad: %s", async (_, error) => {
    const { pdp, all } = scene();
    const answers = all([0, 1, 2, 3].map((mark) => question(mark)));
    pdp.flow((right, { resources }) => {
      if (resources.length > 1 || marksOf(right)[0] === 2) throw error;
      return right;
    });
    const got = await answers;
    expect([got[0], got[1], got[3]]).toEqual(["0", "1", "3"]);
    expect(got[2]).not.toBe("2");
    expect(sizes(pdp)).toEqual([1, 3, 1, 1, 1]);
    expect(pdp.requests.slice(2)).toEqual([1, 2, 3].map((mark) => question(mark)));
  });

  it("asks nothing anew for those who left meanwhile", async () => {
    const { pdp, ask, all } = scene();
    const leaving = new AbortController();
    const answers = all([0, 1, 2].map((mark) => question(mark)));
    const left = ask(question(3), { signal: leaving.signal }).catch(({ code }) => code);
    await pdp.answer();
    leaving.abort();
    expect(await left).toBe("policy_unavailable");
    await pdp.answer(throwing(notOK(3, "bad")));
    pdp.flow();
    expect(await answers).toEqual(["0", "1", "2"]);
    expect(sizes(pdp)).toEqual([1, 3, 1, 1]);
  });

  it("asks each question singly but once, for all who ask it: a thousand alike are no thousand requests", async () => {
    const { pdp, ask } = scene();
    const asked = range(0, 1_003).map((i) => (i === 500 ? question("bad") : question(i % 3)));
    const answers = asked.map((it) => ask(it).catch((error: unknown) => error));
    const error = notOK(3, "validation error");
    pdp.flow((right) => {
      if (marksOf(right).includes("bad")) throw error;
      return right;
    });
    const got = await Promise.all(answers);
    expect(got.map((it) => (it instanceof Error ? it : marksOf(it as CheckResponse)))).toEqual(
      got.map((_, i) => (i === 500 ? error : [i % 3])),
    );
    expect(sizes(pdp)).toEqual([1, 4, 1, 1, 1, 1]);
    const calls = pdp.requests.slice(2).map(({ requestContext }) => requestContext?.annotations["hopwise.calls"]);
    expect(calls.map((it) => Object(it).length)).toEqual([334, 333, 334, undefined]);
  });

  it("fails all who ask alike where that is bad, and asks no more", async () => {
    const { pdp, ask } = scene();
    const answers = range(0, 50).map(() => ask(question("bad")).catch((it: unknown) => it));
    const error = notOK(3, "validation error");
    pdp.flow(throwing(error));
    expect(await Promise.all(answers)).toEqual(Array(50).fill(error));
    expect(sizes(pdp)).toEqual([1, 1]);
  });

  it.each(OUTAGE)("fails all of its questions, and asks no more, in an outage: %s", async (_, error) => {
    const { pdp, ask } = scene();
    const answers = [0, 1, 2, 3].map((mark) => ask(question(mark)).catch((it: unknown) => it));
    await turns();
    await pdp.answer();
    await pdp.answer(throwing(error));
    expect((await Promise.all(answers)).slice(1)).toEqual([error, error, error]);
    expect(sizes(pdp)).toEqual([1, 3]);
  });

  it("does not hold up those after it", async () => {
    const { pdp, all } = scene({ requestsUnderWay: 1, questionsInOne: 2 });
    const answers = all(range(0, 5).map((mark) => question(mark)));
    await turns();
    await pdp.answer(throwing(notOK(14, "gone")));
    await pdp.answer(throwing(notOK(14, "gone")));
    pdp.flow();
    expect(await answers).toEqual(["14", "14", "14", "3", "4"]);
  });
});

const FALSE: readonly [string, (right: CheckResponse) => unknown][] = [
  ["a result less", (right) => ({ ...right, results: right.results.slice(1) })],
  ["a result more", (right) => ({ ...right, results: [...right.results, ...right.results.slice(0, 1)] })],
  ["no results", (right) => ({ ...right, results: undefined })],
  ["swapped results", (right) => ({ ...right, results: right.results.toReversed() })],
  ["a result about another kind", (right) => with0(right, { resource: { kind: "report", id: "p0" } })],
  ["a result about nothing", (right) => with0(right, { resource: undefined })],
  ["an action that nobody asked about", (right) => with0(right, { actions: { read: "EFFECT_ALLOW" } })],
  ["no actions", (right) => with0(right, { actions: undefined })],
  ["one more action", (right) => with0(right, { actions: { pay: "EFFECT_ALLOW", read: "EFFECT_ALLOW" } })],
  ["another request's answer", (right) => ({ ...right, requestId: "q0" })],
  ["no answer", () => undefined],
  ["null", () => null],
  ["a text", () => "allow"],
  ["null for a result", (right) => ({ ...right, results: [null, ...right.results.slice(1)] })],
  ["a hole for a result", (right) => ({ ...right, results: Object.assign(Array(3), right.results.slice(0, 1)) })],
  ["a list of results that fails when it is read", (right) => ({ ...right, results: failing(right.results) })],
  ["a result that fails when it is read", (right) => ({ ...right, results: right.results.map(failing) })],
  ["what fails when it is read", failing],
];

/** The error of a client may quote what was asked. */
function failing<T extends object>(value: T): T {
  return new Proxy(value, {
    get: (target, name, self) => {
      // It is awaited like any answer.
      if (name === "then") return Reflect.get(target, name, self);
      throw new TypeError("secret");
    },
  });
}

function with0(right: CheckResponse, changed: object): unknown {
  return { ...right, results: [{ ...right.results[0], ...changed }, ...right.results.slice(1)] };
}

describe("a shared answer that is not to what was asked", () => {
  it.each(FALSE)("is an error for all, and nobody gets another's answer: %s", async (_, lie) => {
    const { pdp, all } = scene();
    const named = (mark: number): CheckRequest =>
      question(mark, {
        resources: [{ resource: { kind: "payment", id: `p${mark}`, attr: { mark } }, actions: ["pay"] }],
      });
    const answers = all([9, 0, 1, 2].map(named));
    pdp.flow((right, { resources }) => (resources.length > 1 ? lie(right) : right));
    expect(await answers).toEqual(["9", ...Array(3).fill("policy_inconclusive")]);
  });
});

describe("many questions", () => {
  const of = (id: string): Partial<CheckRequest> => ({ principal: { ...ann, id } });

  it("wait ten thousand at a time; each further one is refused at once, and all others are answered", async () => {
    const { pdp, all } = scene({});
    const answers = all(range(0, 10_000).map((mark) => question(mark, mark < 5_000 ? {} : of(`user ${mark}`))));
    const refused = await all([question("late"), question("later", of("bob"))]);
    expect(refused).toEqual(Array(2).fill("policy_unavailable"));
    pdp.flow();
    expect(await answers).toEqual(range(0, 10_000).map(String));
    expect(pdp.requests).toHaveLength(2 + Math.ceil(4_998 / 25) + 5_000);
    expect(await all([question("after")])).toEqual(["after"]);
  });

  it("are refused in words that say why: it is slow, or one user asks too much", async () => {
    const { pdp, ask } = scene({ mostWaiting: 3, requestsUnderWay: 3 });
    const asked = [0, 1, 2].map((mark) => ask(question(mark, of(`user ${mark}`))));
    await expect(ask(question(3, of("bob")))).rejects.toThrow(
      "3 questions wait for the policy decision point already: it is slower than they come",
    );
    pdp.flow();
    await Promise.all(asked);
  });

  it("for one user leave room to all others, in one breath, too; and for several", async () => {
    const { pdp, all } = scene({ mostWaiting: 100 });
    const many = (mark: string) => all(Array.from({ length: 200 }, () => question(mark, of(mark))));
    const asked = [many("ann"), many("bob"), all(range(0, 20).map((mark) => question(mark, of(`user ${mark}`))))];
    await turn();
    pdp.flow();
    const [ofAnn, ofBob, ofOthers] = await Promise.all(asked);
    expect(ofOthers).toEqual(range(0, 20).map(String));
    expect(ofAnn?.filter((answer) => answer === "ann")).toHaveLength(50);
    expect(ofBob?.filter((answer) => answer === "bob")).toHaveLength(25);
  });

  it("for one user are counted together, by whatever chains they come", async () => {
    const by = (agent: string, id: string): Partial<CheckRequest> => {
      const delegation = { user: { issuer: "https://id.example", id, roles: ["user"] }, chain: [id, agent] };
      return { principal: { id: agent, roles: ["bot"], attr: { delegation } } };
    };
    const { pdp, all } = scene({ mostWaiting: 100 });
    const asked = [
      all(range(0, 80).map((mark) => question(mark, by(`agent ${mark}`, "ann")))),
      all(range(0, 20).map((mark) => question(mark, by("agent 0", `user ${mark}`)))),
    ];
    await turn();
    pdp.flow();
    const [ofAnn, ofOthers] = await Promise.all(asked);
    expect(ofAnn?.filter((answer) => answer === "policy_unavailable")).toHaveLength(30);
    expect(ofOthers).toEqual(range(0, 20).map(String));
  });

  it("leave no room taken when they give up", async () => {
    const { all } = scene({ mostWaiting: 3 });
    for (let i = 0; i < 3; i++) {
      const leaving = new AbortController();
      const answers = all(
        [0, 1, 2].map((mark) => question(mark)),
        { signal: leaving.signal },
      );
      await turn();
      leaving.abort();
      expect(await answers).toEqual(Array(3).fill("policy_unavailable"));
    }
  });
});

describe("plans, and checks that share no request", () => {
  it("pass: a plan is asked for as it is", async () => {
    const { pdp } = scene();
    const plan = await shareRequests(pdp).planResources({} as never);
    expect(plan).toEqual({ kind: "KIND_ALWAYS_ALLOWED" });
  });

  it("about a principal that cannot be written down are refused by the client, in its words", async () => {
    const { pdp, ask } = scene();
    const asked = ask(question(0, { principal: { ...ann, attr: { many: 1n as never } } }));
    pdp.flow(throwing(new TypeError("the client's own words")));
    await expect(asked).rejects.toThrow("the client's own words");
  });

  /** For one user more than are asked at once, then one for another; the first ends, and that other one has its turn. */
  async function inTurn(ask: (client: PolicyClient, id: string) => Promise<unknown>): Promise<readonly string[]> {
    const asked: string[] = [];
    let end = (_: unknown): void => {};
    const answer = async ({ principal }: { principal: { id: string } }): Promise<unknown> => {
      asked.push(principal.id);
      return new Promise((resolve) => (end = resolve));
    };
    const pdp = { checkResources: answer, planResources: answer } as unknown as PolicyClient;
    const client = shareRequests(pdp, { mostWaiting: 80 });
    const all = [...Array(60).fill("ann"), "bob"].map((id) => ask(client, id).catch((error) => error.message));
    await turns();
    expect(asked).toEqual(Array(32).fill("ann"));
    expect(await Promise.race([all[59], turns()])).toMatch(
      "40 questions wait for the policy decision point already, all for one user",
    );
    for (const _ of [0, 1]) {
      end({});
      await turns();
    }
    return asked.slice(32);
  }

  it("have 32 under way, and then each user in their turn", async () => {
    const plan = { resource: { kind: "payment" }, actions: ["pay"] };
    const planned = await inTurn((client, id) => client.planResources({ principal: { ...ann, id }, ...plan }));
    const large = Array.from({ length: 26 }, () => question(0).resources).flat();
    const checked = await inTurn((client, id) =>
      client.checkResources(question(0, { principal: { ...ann, id }, resources: large })),
    );
    expect([planned, checked]).toEqual([
      ["ann", "bob"],
      ["ann", "bob"],
    ]);
  });
});

async function echoOf(request: CheckRequest): Promise<CheckResponse> {
  const pdp = echoingPdp();
  pdp.flow();
  return pdp.checkResources(request);
}
