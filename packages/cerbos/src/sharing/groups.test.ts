import { expect, it } from "vitest";
import type { Form } from "./form.ts";
import { createGroups } from "./groups.ts";

function formOf(key: string, asked: { keys: number }): Form {
  const form = {
    key: () => {
      asked.keys++;
      return key;
    },
  };
  return form as Form;
}

it("a question that is alone with what it is about needs no key", () => {
  const [groups, asked] = [createGroups(2), { keys: 0 }];
  for (const about of ["alice", "bob"]) groups.of(about, formOf("k", asked));
  expect(asked.keys).toBe(0);
});

it("of many chains of one user each key is asked for a few times, however many there are", () => {
  const [groups, asked] = [createGroups(2), { keys: 0 }];
  const of = (i: number) => groups.of("alice", formOf(`k${i}`, asked));
  const made = Array.from({ length: 1000 }, (_, i) => of(i));
  expect(new Set(made).size).toBe(1000);
  expect(made.map((_, i) => of(i))).toEqual(made);
  expect(asked.keys).toBeLessThan(3000);
});

it("what has ended is found no more, the first as the others, and those that are under way are", async () => {
  const [groups, asked] = [createGroups(2), { keys: 0 }];
  const of = (key: string) => groups.of("alice", formOf(key, asked));
  const [first, second] = [of("a"), of("b")];
  await groups.run(first, async () => {});
  expect(of("b")).toBe(second);
  const again = of("a");
  expect(again).not.toBe(first);
  await groups.run(second, async () => {});
  await groups.run(again, async () => {});
  const alone = of("a");
  expect(alone).not.toBe(again);
  await groups.run(alone, async () => {});
  expect(of("a")).not.toBe(alone);
});
