import { type Scenario, vector } from "./forge.ts";
import type { Expect, Vector } from "./vector.ts";

/** Collects the vectors of one group; an id is the group's name and a slug. */
export function collect(
  group: string,
  fill: (add: (slug: string, description: string, scenario: Scenario, expect: Expect) => void) => void,
): readonly Vector[] {
  const vectors: Vector[] = [];
  fill((slug, description, scenario, expect) => {
    vectors.push(vector(`${group}/${slug}`, description, scenario, expect));
  });
  return vectors;
}
