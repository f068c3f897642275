import { describe, expect, it } from "vitest";
import { type Changeover, createChangeover, onePolicySet } from "./one-policy-set.ts";
import type { PolicyClient } from "./resilient.ts";

/** What each set of policies says of the user and of the agent: neither allows both. */
const SETS = [
  { user: "allow", agent: "deny" },
  { user: "deny", agent: "allow" },
];
const HOPS = ["user", "agent"] as const;

/** Goes over to the next set before the answer of this number, and counts the answers. */
function pdp(goesOverBefore: number, says: (answer: number) => object = () => ({})) {
  let answers = 0;
  const checkResources = async ({ requestId }: { readonly requestId: "user" | "agent" }): Promise<object> => {
    const set = SETS[++answers < goesOverBefore ? 0 : 1];
    return { results: [set?.[requestId]], ...says(answers) };
  };
  const client = { checkResources: checkResources as never, planResources: checkResources as never };
  return { client: client as PolicyClient, answers: () => answers };
}

type Decided = readonly (readonly string[])[];

function decide(client: PolicyClient, changeover: Changeover, between?: () => Promise<void>, signal?: AbortSignal) {
  const { whole } = onePolicySet(client, changeover);
  const asked = whole(async (one): Promise<Decided> => {
    const results: (readonly string[])[] = [];
    for (const hop of HOPS) {
      const { results: found } = await one.checkResources({ requestId: hop } as never);
      results.push(found as never);
      if (hop === "user") await between?.();
    }
    return results;
  }, signal && { signal });
  return asked.then((results) => results.flat().join(" "));
}

const OPEN: Changeover = { begun: 1, isUnderWay: true, through: (load) => load() };

describe("while a PDP may go over to other policies", () => {
  it.each([
    [1, "deny allow", 4],
    [2, "deny allow", 6],
    [3, "deny allow", 6],
    [4, "deny allow", 8],
    [5, "allow deny", 4],
  ])("a decision is by one set, where it does before answer %i", async (before, decided, answers) => {
    const asked = pdp(before);
    expect(await decide(asked.client, OPEN)).toBe(decided);
    expect(asked.answers()).toBe(answers);
  });

  it("the ids of requests make no two answers differ", async () => {
    const asked = pdp(1, (answer) => ({ cerbosCallId: `c${answer}`, cerbosPositions: [answer] }));
    expect(await decide(asked.client, OPEN)).toBe("deny allow");
    expect(asked.answers()).toBe(4);
  });

  it("nor does the order in which Cerbos gives what has none", async () => {
    const both = [{ action: "a", value: { x: 1, y: 2 } }, { action: "b" }];
    const says = [
      { effects: { send: "allow", list: "deny" }, outputs: both, metadata: { effectiveDerivedRoles: ["one", "two"] } },
      {
        effects: { list: "deny", send: "allow" },
        outputs: [{ action: "b" }, { value: { y: 2, x: 1 }, action: "a" }],
        metadata: { effectiveDerivedRoles: ["two", "one"] },
      },
    ];
    const asked = pdp(1, (answer) => says[Math.floor((answer - 1) / 2) % 2] as object);
    expect(await decide(asked.client, OPEN)).toBe("deny allow");
    expect(asked.answers()).toBe(4);
  });

  it("a decision whose answers are others each time waits until it did", async () => {
    const asked = pdp(4, (answer) => ({ at: answer }));
    const changeover = createChangeover(120);
    await changeover.through(async () => {});
    expect(await decide(asked.client, changeover)).toBe("deny allow");
    expect(changeover.isUnderWay).toBe(false);
  });

  it("a caller who leaves waits no longer", async () => {
    const asked = pdp(1, (answer) => ({ at: answer }));
    await expect(decide(asked.client, OPEN, undefined, AbortSignal.timeout(20))).rejects.toThrow();
  });
});

it("a decision during which a change began is asked again", async () => {
  const asked = pdp(2);
  const changeover = createChangeover(0);
  let begins = true;
  const between = async (): Promise<void> => {
    if (begins) await changeover.through(async () => {});
    begins = false;
  };
  expect(await decide(asked.client, changeover, between)).toBe("deny allow");
});

it("a decision is asked once where nothing changes, also after a change", async () => {
  const asked = pdp(1);
  const changeover = createChangeover(0);
  await changeover.through(() => Promise.reject(new Error("it does not compile"))).catch(() => {});
  expect(await decide(asked.client, changeover)).toBe("deny allow");
  expect(asked.answers()).toBe(2);
});

it.each<[string, (client: PolicyClient, own: Partial<PolicyClient>) => PolicyClient]>([
  [
    "a proxy of it",
    (client, own) => new Proxy(client, { get: (of, name) => Reflect.get(name in own ? own : of, name) }),
  ],
  ["an object made of it", (client, own) => Object.assign(Object.create(client), own)],
])("%s is asked by what it has in the client's place", async (_, wrap) => {
  const refuses: Partial<PolicyClient> = {
    checkResources: () => Promise.reject(new Error("nobody, during the audit")),
  };
  for (const changeover of [OPEN, createChangeover(0)]) {
    const wrapped = wrap(onePolicySet(pdp(1).client, changeover), refuses) as Required<PolicyClient>;
    const asked = wrapped.whole((one) => one.checkResources({ requestId: "user" } as never));
    await expect(asked).rejects.toThrow("during the audit");
  }
});

it("is no member that is copied to another client, whose own functions would then be passed by", () => {
  expect(Object.keys(onePolicySet(pdp(1).client, OPEN))).toEqual(["checkResources", "planResources"]);
});
