/** What each constraint costs, in steps: delegation-token.md, section 11. The sums are made here, from what the text says. */
import { any, cidr, contains, each, exact, oneOf, path, subset, url, wildcard } from "../constraints.ts";
import { accept, type Json, refuse, type Scenario } from "../forge.ts";
import type { Expect } from "../vector.ts";

type Add = (slug: string, description: string, scenario: Scenario, expect: Expect) => void;

const MOST = 100_000;
const zeros = (count: number): Json => Array.from({ length: count }, () => 0);

/** One that the value does not pass, the value, and what that costs. */
const COSTS: readonly [type: string, constraint: Json, value: Json, cost: number][] = [
  ["path", path("/b"), "/a-path-of-seventeen".slice(0, 17), 4 + 2],
  ["path-16", path("/b"), "/a-path-of-seventeen".slice(0, 16), 4 + 1],
  ["url", url(["https://b.example"]), "https://a.example", 25 + 2],
  ["cidr", cidr("11.0.0.0/8", "12.0.0.0/8", "::/0"), "10.0.0.1", 4 + 3],
  ["contains", contains(1, 2), zeros(17), 1 + 2 * (1 + 2)],
  ["subset", subset(1, 2, 3), zeros(16), 1 + 1 * (1 + 3)],
  ["exact", exact([{ a: [] }, 1]), 0, 4],
];

/**
 * A list of which each element is held against 56 such constraints, and passes by a wildcard behind them; beside it a value that
 * takes just what is left.
 */
export function addSteps(add: Add): void {
  for (const [slug, constraint, value, cost] of COSTS) {
    const eight = any(...Array.from({ length: 8 }, () => constraint));
    const element = any(...Array.from({ length: 7 }, () => eight), wildcard);
    const ofElement = 1 + 7 * (1 + 8 * cost) + 1;
    const count = Math.floor((MOST - 1 - 2) / ofElement);
    const left = MOST - 1 - count * ofElement;
    const call = (which: string, more: number, expect: Expect): void => {
      const rest = zeros(left - 1 + more);
      add(
        `cost-${slug}-${which}`,
        `${slug}, of ${cost} steps: ${MOST + more} in all`,
        {
          rule: "V11.3",
          root: { grant: { t: { a: each(element), b: exact(rest) } } },
          tool: "t",
          arguments: { a: Array.from({ length: count }, () => value), b: rest },
          limits: { argumentsSize: 200_000, tokenBytes: 20_000 },
        },
        expect,
      );
    };
    call("at", 0, accept);
    call("above", 1, refuse("grant_argument_refused", "/b"));
  }
  addListed(add);
}

/** Two listed values under a parent that costs more than half of the steps for each. */
function addListed(add: Add): void {
  const repeated = (count: number, clause: Json): Json => any(...Array.from({ length: count }, () => clause));
  const parent = any(repeated(4, repeated(8, repeated(7, path("/b")))), wildcard);
  const values = ["c", "d"].map((letter) => letter.repeat(4000));
  add(
    "cost-listed-each",
    "two listed values of 56,934 steps each: each has the steps of its own",
    {
      rule: "N2",
      root: { grant: { t: { a: parent } } },
      links: [{ grant: { t: { a: oneOf(...values) } } }],
      tool: "mcp:tools/list",
      arguments: {},
      limits: { tokenBytes: 20_000, chainBytes: 40_000 },
    },
    accept,
  );
}
