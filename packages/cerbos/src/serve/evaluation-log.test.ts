import { describe, expect, it } from "vitest";
import { createEvaluationLog } from "./evaluation-log.ts";

const line = (changed: object = {}, callId = "01A"): string =>
  JSON.stringify({
    "log.level": "warn",
    message: "Error evaluating CEL expression",
    "grpc.method": "CheckResources",
    cerbos: { call_id: callId },
    expression: "R.attr.region == P.attr.region",
    error: "no such key: region",
    ...changed,
  });

function read(...lines: readonly string[]) {
  const log = createEvaluationLog();
  for (const it of lines) log.read(it);
  return log;
}

describe("the log of a PDP", () => {
  it("tells which expressions failed in which request, each once", () => {
    const log = read(line(), line(), line({ error: "no such overload" }), line({}, "01B"));
    const expression = "R.attr.region == P.attr.region";
    expect(log.failuresOf("01A")).toEqual([
      { expression, error: "no such key: region" },
      { expression, error: "no such overload" },
    ]);
    expect(log.failuresOf("01B")).toHaveLength(1);
    expect(log.failuresOf("01C")).toEqual([]);
  });

  it("is remembered within bounds, however many requests fail, and however many expressions in one", () => {
    const log = createEvaluationLog();
    for (let i = 0; i < 1_500; i++) log.read(line({}, `call ${i}`));
    expect([log.failuresOf("call 499"), log.failuresOf("call 500")].map(({ length }) => length)).toEqual([0, 1]);
    for (let i = 0; i < 50; i++) log.read(line({ expression: `R.attr.x${i} > 1` }, "many"));
    expect(log.failuresOf("many")).toHaveLength(5);
    log.read(line({ expression: "x".repeat(5_000) }, "long"));
    expect(log.failuresOf("long")[0]?.expression).toHaveLength(300);
    log.read(line({ expression: "x".repeat(9_000) }, "too long"));
    expect(log.failuresOf("too long")).toEqual([]);
  });

  it.each([
    "",
    "Error evaluating CEL expression",
    '"Error evaluating CEL expression"',
    '{"message":"Error evaluating CEL expression"',
    line({ cerbos: null }),
    line({ cerbos: { call_id: 5 } }),
    line({ expression: null }),
    line({ error: {} }),
    // Its expressions are rewritten, with values in them.
    line({ "grpc.method": "PlanResources" }),
  ])("is not taken for what it is not: %s", (text) => {
    expect(read(text).failuresOf("01A")).toEqual([]);
  });

  it.each([
    ["R.attr.region == 'x'", "no such key: region", "no such key: region"],
    ["R.attr['no.such'] == 1", "no such key: no.such", "no such key: no.such"],
    ["V.limit > 3", "undefined field 'limit'", "undefined field 'limit'"],
    ["R.attr.a > 3", "no such overload", "no such overload"],
    ["R.attr.a.join() == 'a'", "no such overload: join(SECRET)", "no such overload"],
    [
      "int(R.attr.a) > 3",
      "type conversion error from 'string' to 'int'",
      "type conversion error from 'string' to 'int'",
    ],
    ["R.attr.list[R.attr.i]", "index out of bounds: 4711", "index out of bounds"],
    ["P.attr.limits[R.attr.to] > 3", "no such key: SECRET", "no such key, by a value of the request"],
    ["timestamp(R.attr.a) > now()", 'invalid RFC 3339 timestamp "SECRET"', "Cerbos' own log quotes it"],
    ["R.attr.a.inIPAddrRange('10.0.0.0/8')", "invalid IP address: SECRET", "Cerbos' own log quotes it"],
    ["R.attr.a > 3", "something that a later version of Cerbos says of SECRET", "Cerbos' own log quotes it"],
  ])("is kept without values of the request: %s failed with %s", (expression, error, kept) => {
    const [failure] = read(line({ expression, error })).failuresOf("01A");
    expect(failure?.expression).toBe(expression);
    expect(failure?.error).toContain(kept);
    expect(JSON.stringify(failure)).not.toMatch(/SECRET|4711/);
  });
});
