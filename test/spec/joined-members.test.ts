/**
 * A reader that holds an object's names against a list as one text takes one member for two. Whatever is signed has such objects;
 * in each, two members become one with both names and a joint between them, and what is signed again so is refused.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  accept,
  canonical,
  type Differences,
  type Json,
  makeJws,
  NOW,
  planner,
  vector,
} from "../../spec/source/forge.ts";
import { approval, page, revocation } from "../../spec/source/forge-statement.ts";
import { id } from "../../spec/source/keys.ts";
import type { AnyVector, Expect } from "../../spec/source/vector.ts";
import { judgeWithCore } from "../../spec/verify-with-core.ts";
import { ran } from "../support/ran.ts";

const script = fileURLToPath(new URL("../../spec/verify-vectors.mjs", import.meta.url));
const { judge } = (await import(script)) as { readonly judge: (vector: AnyVector) => Expect };

const hw_src = { kind: "id_token", iss: "https://login.example", sub: "00u1", acr: "mfa", auth_time: NOW - 60 };
const budget = { id: "b", from: NOW - 60, until: NOW + 86_400, calls: 5, sums: { send_payment: { amount: 5 } } };
const user = { user: "alice", not_before: NOW };
const byIssuer = { rule: "", kid: "k1", anchor: { approvals: true } };

type Changed = Pick<Differences, "headerText" | "payload">;

/** What makes a vector of each signed text, with its header or payload changed. */
const SIGNED: Readonly<Record<string, (changed: Changed) => AnyVector>> = {
  "a root": (root) =>
    vector("joined", "", { rule: "", root: { claims: { hw_src, txn: "t", budget }, ...root } }, accept),
  "a derived token": (link) =>
    vector(
      "joined",
      "",
      { rule: "", root: { claims: { budget } }, links: [{ claims: { budget: { calls: 4, sums: {} } }, ...link }] },
      accept,
    ),
  "a proof": (proof) => vector("joined", "", { rule: "", proof }, accept),
  "a revocation of a token": (changed) => revocation("joined", "", { rule: "", ...changed }, accept),
  "a revocation of a user": (changed) =>
    revocation("joined", "", { ...byIssuer, evidence: false, target: user, ...changed }, accept),
  "an approval": (changed) => approval("joined", "", { ...byIssuer, ...changed }, accept),
  "a page of a feed": (changed) => page("joined", "", { rule: "", ...changed }, accept),
  "the answer of a remote holder": holder,
};

function holder(changed: Changed): AnyVector {
  const challenge = id("joined");
  const claims = { challenge, jwk: planner.publicJwk as unknown as Json };
  const made = makeJws({ alg: planner.alg, typ: "hopwise-request+jwt" }, claims, changed, planner);
  return {
    id: "joined",
    description: "",
    rule: "",
    keys: {},
    now: NOW,
    config: { trust: [] },
    input: { holder: made.compact, challenge },
    expect: accept,
  };
}

/** Whose names their author chooses. */
const OWN_NAMES = new Set(["tools", "sums", "hta"]);
const JOINTS = [",", ", ", " ", "", "|", "\0"];

/** All values that come of joining two members that stand side by side, in the order of the text or of the names. */
function joined(value: Json): readonly Json[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value))
    return value.flatMap((item, i) => joined(item as Json).map((it) => value.toSpliced(i, 1, it)));
  const members = Object.entries(value as { readonly [name: string]: Json });
  const inside = members.flatMap(([name, own]) =>
    OWN_NAMES.has(name) ? [] : joined(own).map((it): Json => ({ ...(value as object), [name]: it })),
  );
  const pairs = [members.map(([name]) => name), members.map(([name]) => name).sort()].flatMap((names) =>
    names.slice(1).flatMap((second, i) => JOINTS.map((joint) => [names[i] as string, second, joint] as const)),
  );
  return [
    ...inside,
    ...pairs.map(([first, second, joint]): Json => {
      const { [first]: kept, [second]: _, ...others } = value as { readonly [name: string]: Json };
      return { ...others, [`${first}${joint}${second}`]: kept as Json };
    }),
  ];
}

const REFUSED = ["token_malformed", "token_version_unsupported", "token_alg_refused", "proof_invalid"];

/** Where one object breaks several rules, each reader may point at another place. */
const codeOf = (answer: Expect): string => ("code" in answer ? answer.code : answer.result);

describe("two members that became one", () => {
  it.each(Object.entries(SIGNED))("are refused in %s, by both readers", async (_, make) => {
    const texts = { header: "", payload: "" };
    make({
      headerText: (text) => {
        texts.header = text;
        return text;
      },
      payload: (text) => {
        texts.payload = text;
        return text;
      },
    });
    const headers = joined(JSON.parse(texts.header)).map((it) => make({ headerText: () => JSON.stringify(it) }));
    const payloads = joined(JSON.parse(texts.payload)).map((it) => make({ payload: () => canonical(it) }));
    expect(Math.min(headers.length, payloads.length)).toBeGreaterThan(5);
    for (const changed of [...headers, ...payloads]) {
      const codes = [await judgeWithCore(changed), judge(changed)].map(codeOf);
      expect(REFUSED, JSON.stringify(changed.input)).toContain(codes[0]);
      expect(codes[1], JSON.stringify(changed.input)).toBe(codes[0]);
    }
    ran("texts with two members joined", headers.length + payloads.length);
  });
});
