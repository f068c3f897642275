/**
 * Compact texts of chains that were changed, spliced or made up: reading one ends, in a code of its own or in a text no
 * longer than a chain may be, the same in both readers; and what is verified is that text alone.
 */
import { fileURLToPath } from "node:url";
import { parseDelegation } from "@hopwise/core";
import { serializeCompact } from "@hopwise/core/tokens";
import { beforeAll, describe, expect, it } from "vitest";
import { restoreChain } from "../../../packages/core/src/token/compact/restore-chain.ts";
import { shortenChain } from "../../../packages/core/src/token/compact/shorten-chain.ts";
import { createChainVerifier, DEFAULT_LIMITS } from "../../../packages/core/src/token/index.ts";
import { copy, DICTIONARY, escaped, MARK, partsOf, spelled } from "../../../spec/source/compact.ts";
import { expectMet, PATIENCE, runs } from "../random/runs.ts";
import { createSource, type Source } from "../random/source.ts";
import { mutateText } from "../random/texts.ts";
import { attackChain } from "./attack-chain.ts";
import { createHonest, type Honest, NOW } from "./honest.ts";
import { codeOf, createTally, eachCase } from "./tally.ts";

interface SecondReader {
  readonly parts: { restore(text: string): string };
}

const script = fileURLToPath(new URL("../../../spec/verify-vectors.mjs", import.meta.url));
const { parts } = (await import(script)) as SecondReader;

let honest: Honest;
let long: readonly string[];
let short: readonly string[];
beforeAll(async () => {
  honest = await createHonest();
  long = honest.chains.flatMap(({ tokens }) => tokens.map((_, i) => tokens.slice(0, i + 1).join("~")));
  short = await Promise.all(long.map(async (text) => serializeCompact(await parseDelegation(text))));
});

/** The same refusal in both readers' words. */
function outcomeOf(read: () => string): string {
  try {
    return read();
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === undefined) throw error;
    return `refused: ${code}`;
  }
}

describe("compact texts", () => {
  it("are those of the chains that honest parties made, at less than half of their length", () => {
    for (const [i, text] of short.entries()) {
      expect(text.length).toBeLessThan((long[i] as string).length / 2);
      expect([restoreChain(text, DEFAULT_LIMITS), parts.restore(text)]).toEqual([long[i], long[i]]);
    }
  });

  it(
    "are restored to no more than a chain may be, or refused, the same by both readers, whatever they are",
    async () => {
      const tally = createTally();
      await eachCase(runs(4000, 1_000_000), async (seed) => {
        const text = attack(createSource(seed));
        const outcome = await tally.timed("a compact text", text.length, () =>
          outcomeOf(() => restoreChain(text, DEFAULT_LIMITS)),
        );
        if (outcome !== outcomeOf(() => parts.restore(text))) throw new Error(`the readers differ: ${text}`);
        if (outcome.length > DEFAULT_LIMITS.chainBytes) throw new Error(`restored to more than may be: ${text}`);
        if (outcome.startsWith("refused: ")) return tally.count(outcome);
        tally.count(long.includes(outcome) ? "restored: what honest parties signed" : "restored: something else");
      });
      tally.print("fuzz: compact texts");
      // Too large is one in 1,600 of them: seldom enough that a short run may have none.
      const seldom = tally.cases > 100_000 ? ["token_too_large"] : [];
      for (const code of ["token_malformed", "token_version_unsupported", "chain_depth_exceeded", ...seldom]) {
        expectMet(
          code,
          tally.of(`refused: ${code}`),
          code === "token_too_large" ? tally.cases / 1600 : tally.cases / 45,
        );
      }
      expectMet("honest", tally.of("restored: what honest"), tally.cases / 7);
      expectMet("something else", tally.of("restored: something"), tally.cases / 5);
      expect(tally.hangs).toEqual([]);
    },
    PATIENCE,
  );

  it(
    "are verified as what they are restored to",
    async () => {
      const tally = createTally();
      await eachCase(runs(300, 30_000), async (seed) => {
        const text = attack(createSource(seed));
        const verify = (of: string): Promise<string> =>
          createChainVerifier(honest.trust, DEFAULT_LIMITS)
            .verify(of, NOW)
            .then(({ id, expiresAt, links }) => `accepted: ${id} ${expiresAt} ${links.length}`, codeOf);
        const outcome = await tally.timed("a compact text", text.length, () => verify(text));
        const restored = outcomeOf(() => restoreChain(text, DEFAULT_LIMITS));
        const expected = restored.startsWith("refused: ") ? restored.slice(9) : await verify(restored);
        if (outcome !== expected) throw new Error(`${outcome} and not ${expected}: ${text}`);
        if (outcome.startsWith("accepted") && !long.includes(restored)) throw new Error(`accepted: ${text}`);
        tally.count(outcome.replace(/:.*/, ""));
      });
      tally.print("fuzz: compact texts, verified");
      expectMet("accepted", tally.of("accepted"), tally.cases / 6);
      expectMet("token_signature_invalid", tally.of("token_signature_invalid"), tally.cases / 6);
    },
    PATIENCE,
  );

  it(
    "are made of whatever text a chain may have, and say it byte for byte",
    async () => {
      const tally = createTally();
      await eachCase(runs(300, 50_000), async (seed) => {
        const { compact } = attackChain(honest, createSource(seed));
        const made = await tally.timed("a text", compact.length, () => shortenChain(compact));
        const bounds = { chainBytes: compact.length, chainTokens: compact.length };
        if (made !== compact && restoreChain(made, bounds) !== compact) throw new Error(`not restored: ${compact}`);
        tally.count(made === compact ? "the long form" : "a compact form");
      });
      tally.print("fuzz: texts made compact");
      expectMet("a compact form", tally.of("a compact form"), tally.cases * 0.9);
      expectMet("the long form", tally.of("the long form"), tally.cases / 10);
    },
    PATIENCE,
  );
});

/** A step, right or wrong. */
function anyStep(source: Source): string {
  const from = source.below(source.oneIn(4) ? 64 ** 3 : DICTIONARY.length + 2500);
  switch (source.below(7)) {
    case 0:
      return copy(from, source.below(4096));
    case 1:
      return copy(from, source.below(60));
    case 2:
      return copy(from, source.below(60)).slice(0, 1 + source.below(6));
    case 3:
      return escaped(String.fromCharCode(source.below(256)));
    case 4:
      return source.pick([
        "%1F",
        "%1f",
        "%",
        "%4",
        "%G0",
        "%+1",
        "*",
        "~",
        ".",
        "é",
        '"',
        "\\",
        " ",
        "\u0000",
        "\u007f",
      ]);
    case 5:
      return copy(DICTIONARY.length, source.below(3000));
    default:
      return source.pick(["A", "{", "e30", "*hw1"]);
  }
}

function attack(source: Source): string {
  const text = source.pick(short);
  const at = MARK.length + source.below(text.length - MARK.length + 1);
  const to = at + source.below(12);
  const steps = (most: number): string =>
    Array.from({ length: 1 + source.below(most) }, () => anyStep(source)).join("");
  switch (source.below(9)) {
    case 0:
      return mutateText(text, source);
    case 1:
      return text.slice(0, at) + anyStep(source) + text.slice(at);
    case 2:
      return text.slice(0, at) + anyStep(source) + text.slice(to);
    case 3:
      return text.slice(0, at) + source.pick(short).slice(at);
    case 4:
      return text + source.pick([steps(3), copy(0, 0), copy(source.below(9), 0).repeat(2), source.pick(short)]);
    case 5:
      return MARK + steps(60);
    case 6: {
      // What it has, doubled: twenty steps would be a million bytes.
      const doubled = Array.from({ length: source.below(20) }, (_, i) =>
        copy(DICTIONARY.length, Math.min(4095, 2 ** i)),
      );
      return MARK + source.pick(["A", "%1F", "%FF"]) + doubled.join("");
    }
    case 7: {
      const bytes = partsOf(source.pick(long));
      const cut = source.below(bytes.length);
      return MARK + spelled(bytes.slice(0, cut) + source.pick(["", "\u001f", "a", "~", "\u0080"]) + bytes.slice(cut));
    }
    default:
      return source.pick([text, text.replace(MARK, source.pick(["*", "*hw2", "*hw", "hw1", "**hw1", "~*hw1"]))]);
  }
}
