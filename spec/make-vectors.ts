/** Makes spec/vectors/*.json, and the examples in the text. Run: node spec/make-vectors.ts */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { withExamples } from "./source/examples.ts";
import { approvals } from "./source/groups/approvals.ts";
import { args } from "./source/groups/arguments.ts";
import { budget } from "./source/groups/budget.ts";
import { claims } from "./source/groups/claims.ts";
import { compact } from "./source/groups/compact.ts";
import { feed } from "./source/groups/feed.ts";
import { grants } from "./source/groups/grants.ts";
import { header } from "./source/groups/header.ts";
import { holders } from "./source/groups/holders.ts";
import { json } from "./source/groups/json.ts";
import { keys } from "./source/groups/keys.ts";
import { languages } from "./source/groups/languages.ts";
import { limits } from "./source/groups/limits.ts";
import { links } from "./source/groups/links.ts";
import { narrowing } from "./source/groups/narrowing.ts";
import { proof } from "./source/groups/proof.ts";
import { revocations } from "./source/groups/revocations.ts";
import { print } from "./source/print.ts";
import type { VectorFile } from "./source/vector.ts";

/** All vectors, by the name of their file. The same each time: keys, times and even ECDSA's nonces are fixed. */
export function makeVectors(): readonly VectorFile[] {
  return [
    { group: "header", about: "The form of a token, its header, its signature: V2, V3", vectors: header },
    { group: "claims", about: "Claims, and what a trust anchor pins: V4, V5", vectors: claims },
    {
      group: "budget",
      about: "What a chain may spend: V4.5, V5.14 to V5.16, V6.14 to V6.16, V9.4",
      vectors: budget,
    },
    { group: "compact", about: "The compact form of a chain: C1 to C6", vectors: compact },
    { group: "links", about: "A derived token and its parent, audience, agents: V6, V7, V10", vectors: links },
    {
      group: "narrowing",
      about: "Which constraint may stand under which: constraints.md, section 6",
      vectors: narrowing,
    },
    { group: "grants", about: "The form of constraints, and which calls a grant covers: F, V11", vectors: grants },
    { group: "arguments", about: "What was sent and what the tool's own schema made of it: V11", vectors: args },
    { group: "proof", about: "The proof, and arguments as received: V0, V8", vectors: proof },
    { group: "json", about: "Reading JSON: J1 to J6", vectors: json },
    { group: "keys", about: "Public keys: K1 to K4", vectors: keys },
    { group: "limits", about: "Limits, both sides of each: V1, section 11", vectors: limits },
    { group: "holders", about: "A remote holder's answer to a challenge: section 8, Q1 to Q5", vectors: holders },
    {
      group: "languages",
      about: "What one language does by itself and another does not: truth, lengths, numbers, names, line ends, URLs",
      vectors: languages,
    },
    { group: "revocations", about: "Revocations that are signed: statements.md, S and R", vectors: revocations },
    { group: "feed", about: "Pages of a log's feed: statements.md, S and F1", vectors: feed },
    { group: "approvals", about: "Approvals that are signed: statements.md, S and A", vectors: approvals },
  ];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = makeVectors();
  for (const file of files) writeFileSync(new URL(`vectors/${file.group}.json`, import.meta.url), print(file));
  for (const name of ["delegation-token.md", "statements.md"]) {
    const text = new URL(name, import.meta.url);
    writeFileSync(text, withExamples(readFileSync(text, "utf8")));
  }
  console.log(`${files.reduce((n, { vectors }) => n + vectors.length, 0)} vectors in ${files.length} files`);
}
