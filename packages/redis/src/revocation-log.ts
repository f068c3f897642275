import { createHash, randomBytes } from "node:crypto";
import { createForgetting, type LogEntry, type RevocationLog, readStep } from "@hopwise/core/state";
import type { Appending } from "./append.ts";
import { storedJson } from "./faults.ts";
import { nameOf, type Tags } from "./keys.ts";
import { APPEND, HEAD, READ } from "./log-scripts.ts";
import type { Steps } from "./steps.ts";
import { milliseconds } from "./times.ts";

type Page = readonly [
  epoch: string,
  age: string,
  continues: string,
  complete: string,
  head: string,
  entries: (string | null)[],
];

export function revocationLogOf(steps: Steps, { revocations: tag }: Tags, appending: Appending): RevocationLog {
  const keys = ["head", "entries", "order", "ends", "hashes"].map((name) => `${tag.text}:${name}`);
  const random = randomBytes(12).toString("hex");
  const forgetting = createForgetting();
  // Asked at each step, so that a jump of this machine's clock is seen as one.
  const believed = (): number => forgetting(Date.now() / 1000);
  return {
    head: async () => {
      believed();
      const [head] = await steps.ask({ tag, script: HEAD, keys, args: [random] });
      return String(head);
    },
    read: async (...given) => {
      const [after] = readStep.read(...given);
      const answer: readonly unknown[] = await steps.ask({
        tag,
        script: READ,
        keys,
        args: [random, after === undefined ? "0" : "1", after ?? "", milliseconds(believed())],
      });
      const [epoch, age, continues, complete, head, entries] = answer as Page;
      return {
        epoch,
        ageSeconds: Math.max(0, Number(age) / 1000),
        continues: continues === "1",
        complete: complete === "1",
        head,
        entries: Array.from(entries, (kept) => storedJson((kept ?? "").replace(/^\S* /, "")) as LogEntry),
      };
    },
    append: async (...given) => {
      const [{ id, text, untilSeconds }] = readStep.append(...given);
      const entry = JSON.stringify({ id, text, untilSeconds });
      const digest = createHash("sha256").update(entry).digest("hex");
      const ends = untilSeconds === undefined ? "" : milliseconds(untilSeconds);
      await appending.append({
        tag,
        script: APPEND,
        keys,
        args: [random, nameOf(id), entry, digest, ends, milliseconds(believed())],
      });
    },
  };
}
