/** Two readers that share no code, `packages/core` and `spec/verify-vectors.mjs`, agree beyond the vectors, on random input. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { HopwiseError } from "../../packages/core/src/errors.ts";
import {
  type Grant,
  parseGrant,
  refusal,
  refusalOfRead,
  refusalOfSent,
  wideningOf,
} from "../../packages/core/src/grant/index.ts";
import { canonicalJson, type JsonObject, type JsonValue, parseJson } from "../../packages/core/src/json/index.ts";
import { ownArguments } from "../../packages/core/src/resource/index.ts";
import { DEFAULT_LIMITS } from "../../packages/core/src/token/index.ts";
import { accept, ISSUER, type Json, NOW, PAY, planner, vector } from "../../spec/source/forge.ts";
import { approval, LOG, revocation } from "../../spec/source/forge-statement.ts";
import type { AnyVector, Expect, StatementVector, Vector, VectorFile } from "../../spec/source/vector.ts";
import {
  jsonText,
  wildBudgets,
  wildClaim,
  wildConstraint,
  wildGrant,
  wildPair,
  wildTools,
  wildValue,
} from "../../spec/source/wild.ts";
import { judgeWithCore } from "../../spec/verify-with-core.ts";
import { anyReading } from "./random/readings.ts";
import { expectMet, PATIENCE, runs } from "./random/runs.ts";

/** What the second reader lets others ask. Its JSON objects are Maps. */
interface SecondReader {
  judge(vector: AnyVector): Expect;
  readonly parts: {
    json(text: string): unknown;
    canonical(value: unknown): string;
    form(grant: unknown): void;
    narrower(parent: unknown, child: unknown): string | null;
    covers(grant: unknown, id: string, args: unknown): void;
    runs(grants: readonly unknown[], config: object, input: object): void;
  };
}

const script = fileURLToPath(new URL("../../spec/verify-vectors.mjs", import.meta.url));
const { judge, parts } = (await import(script)) as SecondReader;
const folder = new URL("../../spec/vectors/", import.meta.url);
const files = readdirSync(folder).sort();
const vectorsOf = (name: string): VectorFile => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as VectorFile;

/** Claims that a statement may have, with values that may be right. */
const wildStatementClaim = fc.tuple(
  fc.constantFrom("hw", "iss", "aud", "jti", "iat", "hw_ms", "target", "answer", "exp", "request", "sub", "nbf"),
  fc.oneof(
    wildValue,
    fc.constantFrom<Json | undefined>(undefined, 1, LOG, PAY, ISSUER, "yes", "no", "alice", "bob", planner.thumbprint),
    fc.constantFrom<Json>(NOW, NOW + 1, NOW + 30, NOW + 31, NOW - 31, 999, 1000),
    fc
      .tuple(
        fc.constantFrom("token", "key", "agent", "user", "not_before"),
        fc.constantFrom<Json>(planner.thumbprint, "planner", NOW, 0),
      )
      .map(([name, value]): Json => ({ [name]: value })),
    fc.constantFrom<Json>(
      { user: "alice", not_before: NOW },
      { user: "alice", not_before: NOW + 2 },
      { agent: "planner" },
    ),
  ),
);

/** Said where the readers differ: which of them is wrong, the specification says. */
const DIFFER = "spec/verify-vectors.mjs, and what packages/core makes of the same";

/** What a reader makes of something: a text to compare. */
function outcome(run: () => string): string {
  try {
    return run();
  } catch (error) {
    const { code, pointer } = error as { code?: string; pointer?: string };
    if (code === undefined) throw error;
    // Where a token breaks several rules of one stage, which place is named is not fixed.
    return pointer === undefined || code === "token_malformed" ? code : `${code} ${pointer}`;
  }
}

const asMaps = (value: unknown): unknown => parts.json(JSON.stringify(value));
const LIMITS = DEFAULT_LIMITS;
const readGrant = (value: Json): Grant => parseGrant(value as JsonValue, LIMITS, "token_malformed");

vi.setConfig({ testTimeout: PATIENCE });

describe("the two readers agree on", () => {
  it("which texts are JSON, and what they say", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const core = outcome(() =>
          canonicalJson(parseJson(text, { code: "token_malformed", what: "the text", maxDepth: 64 })),
        );
        expect(
          outcome(() => parts.canonical(parts.json(text))),
          DIFFER,
        ).toBe(core);
      }),
      { numRuns: runs(4000, 40_000) },
    );
  });

  it("which constraints are well formed, and where they are not", () => {
    fc.assert(
      fc.property(wildGrant, (grant) => {
        const core = outcome(() => String(readGrant(grant) && "good"));
        expect(
          outcome(() => String(parts.form(asMaps(grant)) ?? "good")),
          DIFFER,
        ).toBe(core);
      }),
      { numRuns: runs(4000, 40_000) },
    );
  });

  it("which grants are narrower, and where they are not", () => {
    fc.assert(
      fc.property(wildPair, ([parent, child]) => {
        const [up, down] = [{ t: { a: parent } }, { t: { a: child } }];
        const core = outcome(() => String(wideningOf(readGrant(up), readGrant(down))?.pointer ?? null));
        expect(
          outcome(() => String(parts.narrower(asMaps(up), asMaps(down)))),
          DIFFER,
        ).toBe(core);
      }),
      { numRuns: runs(8000, 80_000) },
    );
  });

  it("what every tool hands over, what may stand under it, and which calls it covers", () => {
    fc.assert(
      fc.property(
        wildTools,
        wildTools,
        fc.constantFrom("t", "x:y#t", "mcp:tools/*", "mcp:resources/read", "#"),
        (up, down, tool) => {
          const core = outcome(() => {
            const refused = refusal(readGrant(up), tool, {});
            return `${refused?.code} ${wideningOf(readGrant(up), readGrant(down))?.pointer ?? null}`;
          });
          const second = outcome(() => {
            const covered = outcome(() => String(parts.covers(asMaps(up), tool, asMaps({}))));
            return `${covered.split(" ")[0]} ${parts.narrower(asMaps(up), asMaps(down))}`;
          });
          expect(second, DIFFER).toBe(core);
        },
      ),
      { numRuns: runs(3000, 30_000) },
    );
  });

  it("which arguments a grant covers", () => {
    fc.assert(
      fc.property(wildConstraint, wildValue, (constraint, value) => {
        const grant = { t: { a: constraint } };
        const args = { a: value } as JsonObject;
        const core = outcome(() => {
          const refused = refusal(readGrant(grant), "t", args);
          if (refused !== undefined) throw new HopwiseError(refused.code, "", refused);
          return "covered";
        });
        const second = outcome(() => {
          parts.covers(asMaps(grant), "t", asMaps(args));
          return "covered";
        });
        expect(second, DIFFER).toBe(core);
      }),
      { numRuns: runs(8000, 80_000) },
    );
  });

  it("which arguments may run, once a tool's own schema read them, and where not", () => {
    const met = new Map<string, number>();
    fc.assert(
      fc.property(anyReading, ({ sent, parsed, inputSchema, adds, grants }) => {
        const isOwn = ownArguments({ kind: "thing", action: "use", adds }, inputSchema);
        const core = outcome(() => {
          const read = { code: "token_malformed", what: "a grant", maxDepth: 64 } as const;
          const own = grants.map((grant) => readGrant(parseJson(JSON.stringify(grant), read)));
          const refusals = [
            ...own.map((grant) => () => refusalOfSent(grant, "t", sent)),
            ...own.map((grant) => () => refusalOfRead(grant, "t", { sent, parsed, isOwn })),
          ];
          for (const ask of refusals) {
            const refused = ask();
            if (refused !== undefined) throw new HopwiseError(refused.code, "", refused);
          }
          return "runs";
        });
        const input = { tool: "t", sent: asMaps(sent), parsed: parsed && asMaps(parsed), inputSchema };
        const second = outcome(() => {
          parts.runs(grants.map(asMaps), { adds: { t: adds } }, input);
          return "runs";
        });
        expect(second, DIFFER).toBe(core);
        const [code = ""] = core.split(" ");
        met.set(code, (met.get(code) ?? 0) + 1);
      }),
      { numRuns: runs(5000, 50_000) },
    );
    expectMet("runs", met.get("runs"), runs(1280, 12_800));
    for (const code of ["grant_argument_refused", "grant_argument_missing"])
      expectMet(code, met.get(code), runs(210, 2100));
  });

  it("chains of up to three tokens, with calls of which a tool's own schema read the arguments", async () => {
    const met = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(anyReading, async ({ sent, parsed, inputSchema, adds, grants: [root, ...links] }) => {
        const own = (grant: Grant | undefined) => ({ grant: grant as unknown as Json });
        const made = vector(
          "wild",
          "",
          {
            rule: "",
            root: own(root),
            links: links.map(own),
            tool: "t",
            arguments: { text: JSON.stringify(sent) },
            ...(parsed && { parsed: parsed as Json }),
            ...(inputSchema && { inputSchema }),
            adds: { t: adds },
          },
          accept,
        );
        const said = judge(made);
        expect(said, DIFFER).toEqual(await judgeWithCore(made));
        const code = said.result === "refuse" ? said.code : "accept";
        met.set(code, (met.get(code) ?? 0) + 1);
      }),
      { numRuns: runs(1000, 10_000) },
    );
    for (const code of ["accept", "chain_widened", "grant_argument_refused", "grant_argument_missing"]) {
      expectMet(code, met.get(code), runs(32, 320));
    }
  });

  it("chains and proofs with one claim of somebody's put in, left out or exchanged, and signed again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2), wildClaim, async (where, [name, value]) => {
        const own = { claims: { [name]: value } };
        const made = vector(
          "wild",
          "",
          { rule: "", root: where === 0 ? own : {}, links: [where === 1 ? own : {}], proof: where === 2 ? own : {} },
          accept,
        );
        expect(judge(made), DIFFER).toEqual(await judgeWithCore(made));
      }),
      { numRuns: runs(600, 6000) },
    );
  });

  it("budgets of a root and of two tokens below it", async () => {
    const met = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(wildBudgets, async ([root, ...links]) => {
        const own = (budget: Json | undefined) => ({ claims: { budget } });
        const made = vector("wild", "", { rule: "", root: own(root), links: links.map(own) }, accept);
        const said = judge(made);
        expect(said, DIFFER).toEqual(await judgeWithCore(made));
        const code = said.result === "refuse" ? said.code : "accept";
        met.set(code, (met.get(code) ?? 0) + 1);
      }),
      { numRuns: runs(600, 6000) },
    );
    for (const code of ["token_malformed", "chain_widened", "budget_unsupported"]) {
      expectMet(code, met.get(code), runs(88, 880));
    }
  });

  it("chains, proofs and arguments of which one character was changed", async () => {
    const vectors = ofCalls.filter(({ input }) => input.chain.length < 4000);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...vectors), fc.nat(), fc.nat(), fc.nat(2), async (some, at, to, where) => {
        const changed = change(some, at, to, where);
        expect(judge(changed), DIFFER).toEqual(await judgeWithCore(changed));
      }),
      { numRuns: runs(1000, 10_000) },
    );
  });

  it("statements with one claim put in, left out or exchanged, and signed again", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(revocation, approval),
        fc.boolean(),
        wildStatementClaim,
        async (make, byIssuer, [name, value]) => {
          const issued = byIssuer ? { kid: "k1", anchor: { approvals: true } } : {};
          const made = make("wild", "", { rule: "", claims: { [name]: value }, ...issued }, accept);
          expect(judge(made), DIFFER).toEqual(await judgeWithCore(made));
        },
      ),
      { numRuns: runs(600, 6000) },
    );
  });

  it("statements and evidence of which one character was changed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ofStatements), fc.nat(), fc.nat(), fc.nat(2), async (some, at, to, where) => {
        const changed = changeStatement(some, at, to, where);
        expect(judge(changed), DIFFER).toEqual(await judgeWithCore(changed));
      }),
      { numRuns: runs(600, 6000) },
    );
  });
});

const all: readonly AnyVector[] = files.flatMap((name) => vectorsOf(name).vectors);
const ofCalls = all.filter((some): some is Vector => "tool" in some.input);
const ofStatements = all.filter((some): some is StatementVector => !("tool" in some.input));

const ALPHABET = 'AZaz09-_.~*%="{}[]:,\\ ';

/** The vector with one character of chain, proof or arguments changed. */
function change(vector: Vector, at: number, to: number, where: number): Vector {
  const name = (["chain", "proof", "arguments"] as const)[where] ?? "chain";
  return { ...vector, input: { ...vector.input, [name]: altered(vector.input[name] ?? "", at, to) } };
}

function changeStatement(vector: StatementVector, at: number, to: number, where: number): StatementVector {
  const { input } = vector;
  if ("approval" in input) return { ...vector, input: { ...input, approval: altered(input.approval, at, to) } };
  if ("page" in input) return { ...vector, input: { ...input, page: altered(input.page, at, to) } };
  if ("holder" in input) return { ...vector, input: { ...input, holder: altered(input.holder, at, to) } };
  const changed =
    where === 0 && input.evidence !== undefined
      ? { evidence: altered(input.evidence, at, to) }
      : { revocation: altered(input.revocation, at, to) };
  return { ...vector, input: { ...input, ...changed } };
}

function altered(text: string, at: number, to: number): string {
  const place = at % (text.length + 1);
  return text.slice(0, place) + ALPHABET[to % ALPHABET.length] + text.slice(place + (to % 3));
}
