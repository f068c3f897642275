/** What the lint says of whole numbers and times beside attributes, held against what the real Cerbos makes of them. */
import { expect, it } from "vitest";
import { startPdp } from "../serve/start-pdp.ts";
import { temporaryFolder } from "../testing/policies.ts";
import { lintPolicies } from "./lint-policies.ts";

const HOUR = 'duration("1h")';

/** Expressions that Cerbos never evaluates, and what the lint says is at fault. */
const NEVER: { readonly [expression: string]: string } = {
  "R.attr.n + 1 > 1": "R.attr.n",
  "1 - P.attr.n < 1": "P.attr.n",
  "request.resource.attr.n * 2 > 1 || R.id == 'x'": "request.resource.attr.n",
  "R.attr.n / 60 > 0": "R.attr.n",
  "R.attr.n % 2 == 1": "R.attr.n",
  'R.attr["n"] + 1 > 1': 'R.attr["n"]',
  "R.attr.l[0] + 0x1 > 1": "R.attr.l[0]",
  "R.attr.n + 1u > 1": "R.attr.n",
  "R.attr.n + -1 < 1": "R.attr.n",
  "-R.attr.n + 1 < 1": "R.attr.n",
  "(R.attr.n + R.attr.m) * 2 > 1": "R.attr.n + R.attr.m",
  "size(R.attr.l) + R.attr.n > 1": "R.attr.n",
  "R.attr.l.size() * R.attr.n > 0": "R.attr.n",
  "R.attr.n + int('1') > 1": "R.attr.n",
  "now().getFullYear() - R.attr.n > 1": "R.attr.n",
  "C.c + 1 > 1": "C.c",
  "R.attr.l.all(x, x + 1 > 1)": "x",
  "R.attr.o.exists(k, R.attr.o[k] + 1 > 1)": "R.attr.o[…]",
  "R.attr.l.all(i, x, x + 1 > 1)": "x",
  "[R.attr.n + 1] == []": "R.attr.n",
  "R.attr.t < now()": "R.attr.t",
  'timestamp("2020-01-01T00:00:00Z") <= R.attr.t': "R.attr.t",
  [`now() - R.attr.t > ${HOUR}`]: "R.attr.t",
  [`R.attr.t + ${HOUR} > now()`]: "R.attr.t",
  [`R.attr.d < ${HOUR}`]: "R.attr.d",
  [`R.attr.d > timestamp(R.attr.t).timeSince()`]: "R.attr.d",
  [`R.attr.t.timeSince() > ${HOUR}`]: "R.attr.t",
  "R.attr.t.getFullYear() > 2000": "R.attr.t",
  "!(R.attr.b ? R.attr.n + 1 > 1 : false)": "R.attr.n",
};

/** Two that Cerbos compares, without ever finding them equal. */
const UNEQUAL = ["R.attr.t == now()", "!(now() != R.attr.t)"];

/** Their neighbours, which it evaluates. */
const SOUND = [
  "R.attr.n + 1.0 > 1.0",
  "R.attr.n + R.attr.m > 1",
  "R.attr.n > 0 && R.attr.n == 1 && R.attr.n != 2",
  "R.attr.n in [1, 2]",
  "-R.attr.n < 1",
  "int(R.attr.n) % 2 == 1",
  "size(R.attr.l) + 1 > 1",
  "R.attr.l.size() + 1 > 1",
  "R.attr.n * 1e2 > 1.5",
  "R.attr.n + double(1) > 1.0",
  "C.c + 1.0 > 1.0",
  "R.attr.l.all(x, x + 1.0 > 1.0) && [1].all(x, x + 1 > 1)",
  "R.attr.l.all(i, x, i + 1 >= x)",
  "R.attr.l.exists(x, R.attr.l.all(x, y, x + 1 >= y))",
  "R.attr.l.exists(x, [1].all(x, x + 1 > 1))",
  "G.n + 1 > 1 && globals.o.n / 60 == 2 && G.l.all(x, x % 2 == 1)",
  "R.attr.l[0] == 1",
  'R.attr.s + "1" == "a1"',
  "timestamp(R.attr.t) < now()",
  `duration(R.attr.d) <= ${HOUR}`,
  `timestamp(R.attr.t).timeSince() > ${HOUR}`,
  `now() - timestamp(R.attr.t) > ${HOUR} && timestamp(R.attr.t) != now()`,
  "timestamp(R.attr.t).getFullYear() > 2000",
  "now().getFullYear() >= R.attr.n",
  "R.attr.n > 0 ? true : R.attr.b",
];

const ALL = [...Object.keys(NEVER), ...UNEQUAL, ...SOUND];
const actionOf = (expression: string): string => `a${ALL.indexOf(expression)}`;

const POLICY = {
  apiVersion: "api.cerbos.dev/v1",
  resourcePolicy: {
    resource: "thing",
    version: "default",
    constants: { local: { c: 1 } },
    rules: ALL.map((expr) => ({
      actions: [actionOf(expr)],
      effect: "EFFECT_ALLOW",
      roles: ["*"],
      condition: { match: { expr } },
    })),
  },
};
// A line for each rule, so that a warning tells of which expression it is.
const TEXT = JSON.stringify(POLICY).replaceAll('{"actions"', '\n{"actions"');

const ATTRIBUTES = {
  ...{ n: 1, m: 2, s: "a", b: true, l: [1], o: { a: 1 } },
  ...{ t: "2021-01-01T00:00:00Z", d: "1h" },
};

/** What Cerbos answers to each, fifty in a request. */
async function answered(folder: string): Promise<ReadonlyMap<string, boolean>> {
  await using pdp = await startPdp({ policies: folder, globals: { n: 1, o: { n: 120 }, l: [1] } });
  const answers = new Map<string, boolean>();
  for (let i = 0; i < ALL.length; i += 50) {
    const asked = ALL.slice(i, i + 50);
    const resource = { kind: "thing", id: "1", attr: ATTRIBUTES };
    const { results } = await pdp.client.checkResources({
      principal: { id: "ann", roles: ["user"], attr: { n: 1 } },
      resources: [{ resource, actions: asked.map(actionOf) }],
    });
    for (const it of asked) answers.set(it, results[0]?.actions[actionOf(it)] === "EFFECT_ALLOW");
  }
  return answers;
}

it("names whole numbers and times beside attributes just where Cerbos never evaluates them, or never finds them equal", async () => {
  const folder = temporaryFolder({ "a.yaml": TEXT });
  const warnings = await lintPolicies(folder);
  expect(new Set(warnings.map(({ code }) => code))).toEqual(new Set(["types_never_fit"]));
  const said = ALL.map((it, i) => [
    it,
    warnings.filter(({ line }) => line === i + 2).map(({ attribute }) => attribute),
  ]);
  expect(Object.fromEntries(said)).toEqual({
    ...Object.fromEntries(Object.entries(NEVER).map(([it, value]) => [it, [value]])),
    ...Object.fromEntries(UNEQUAL.map((it) => [it, ["R.attr.t"]])),
    ...Object.fromEntries(SOUND.map((it) => [it, []])),
  });
  expect([...(await answered(folder))]).toEqual(ALL.map((it) => [it, SOUND.includes(it)]));
});

it("says what comes of it, and what to write", async () => {
  const told = async (expr: string): Promise<string | undefined> => {
    const rules = [{ actions: ["read"], effect: "EFFECT_DENY", roles: ["*"], condition: { match: { expr } } }];
    const policy = { ...POLICY, resourcePolicy: { ...POLICY.resourcePolicy, rules } };
    const warnings = await lintPolicies(temporaryFolder({ "a.yaml": JSON.stringify(policy) }));
    return warnings.find(({ code }) => code === "types_never_fit")?.message;
  };
  expect(await told("P.attr.delegation.depth + 1 < 4")).toBe(
    "the expression counts with P.attr.delegation.depth, which is never a whole number to Cerbos (numbers of JSON are doubles), " +
      "and a whole number: it cannot be evaluated, so the action is denied, or, without strict evaluation, the rule is " +
      "skipped, also one that denies. Write the other one as a double, such as 1.0 or double(…), or take int(P.attr.delegation.depth)",
  );
  expect(await told("R.attr.due < now()")).toBe(
    "the expression takes R.attr.due for a time, and JSON has none: it cannot be evaluated, so the action is denied, or, " +
      "without strict evaluation, the rule is skipped, also one that denies. Write timestamp(R.attr.due), or " +
      "duration(R.attr.due) for a length of time",
  );
  expect(await told("R.attr.due == now()")).toContain(
    "JSON has none: the two are never equal. Write timestamp(R.attr.due)",
  );
});
