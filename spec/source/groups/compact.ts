import { compactOf, copied, copy, DICTIONARY, escaped, MARK, partsOf, SEPARATOR, spelled } from "../compact.ts";
import { accept, cloudIssuer, cloudPlanner, NOW, planner, refuse, type Scenario, vector } from "../forge.ts";
import { collect } from "../group.ts";
import type { Expect } from "../vector.ts";

const START = DICTIONARY.length;
const malformed = refuse("token_malformed");
const tooLarge = refuse("token_too_large");
const three: Scenario = { rule: "", links: [{}, {}], chain: compactOf };
const any1 = { t: {} };
const lone: Scenario = { rule: "", root: { grant: any1 }, tool: "t", arguments: {} };
/** A chain of one token, the same each time: its length is needed before it is made. */
const one = vector("compact/own", "", lone, accept).input.chain;

export const compact = collect("compact", (add) => {
  const good = (slug: string, description: string, scenario: Partial<Scenario>): void =>
    add(slug, description, { ...three, rule: "C3", ...scenario }, accept);
  good("copied", "three tokens by copies of the dictionary and of what stood before", {});
  good("spelled", "every byte by itself, longer than the long form", {
    chain: (text) => MARK + spelled(partsOf(text)),
  });
  good("escaped", "every byte by its hexadecimal digits", { chain: (text) => MARK + allEscaped(partsOf(text)) });
  good("es256", "keys on P-256", {
    root: { signer: cloudIssuer, holder: cloudPlanner },
    links: [{}],
  });
  good("utf8", "an issuer's text beyond ASCII: its bytes are escaped", {
    root: { claims: { sub: "Zoë 🔑" } },
    anchor: { subjects: "any" },
  });
  good("joints", "a payload with the characters that join tokens and segments", {
    root: { claims: { sub: "a~b.c~*hw1" } },
    anchor: { subjects: "any" },
  });
  good("nothing-copied", "a copy of no bytes, at the very end of what is there", {
    chain: (text) => `${MARK}${copy(START, 0)}${copied(partsOf(text))}`,
  });
  good(
    "across",
    "a copy that begins in the dictionary, which ends with }, and ends in what was restored, which begins with {",
    {
      root: { claims: { sub: "}{" } },
      anchor: { subjects: "any" },
      chain: (text) =>
        MARK +
        partsOf(text)
          .split("}{")
          .map(spelled)
          .join(copy(START - 1, 2)),
    },
  );

  const bad = (
    rule: string,
    slug: string,
    description: string,
    chain: (text: string) => string,
    expect: Expect,
  ): void => add(slug, description, { ...three, rule, chain }, expect);
  const version = refuse("token_version_unsupported");
  bad("C2", "version", "another version", (text) => `*hw2${compactOf(text).slice(4)}`, version);
  bad("C2", "no-version", "no version", (text) => `*${compactOf(text).slice(4)}`, version);
  bad("C2", "mark-alone", "the first character alone", () => "*", version);
  bad("C2", "mark-case", "the version in capitals", (text) => `*HW1${compactOf(text).slice(4)}`, version);
  bad("C2", "long-marked", "the long form behind the first character", (text) => `*${text}`, version);

  const end = (slug: string, description: string, steps: string): void =>
    bad("C3", slug, description, (text) => compactOf(text) + steps, malformed);
  end("copy-cut", "a copy that lacks a digit", "*AAAA");
  end("copy-none", "a copy without digits", "*");
  end("copy-digit", "a digit that is not of the alphabet", "*AAA+B");
  end("copy-beyond", "a copy of what is not there", copy(64 ** 3 - 1, 1));
  end("escape-cut", "an escaped byte that lacks a digit", "%4");
  end("escape-none", "an escaped byte without digits", "%");
  end("escape-small", "an escaped byte in small letters", "%4a");
  end("escape-other", "an escaped byte of other letters", "%4G");
  end("space", "a space", " ");
  end("quote", "a quotation mark", '"');
  end("backslash", "a backslash", "\\");
  end("delete", "the character 0x7f", "\u007f");
  end("line", "a line feed", "\n");
  end("not-ascii", "a character that is not ASCII", "é");
  bad(
    "C3",
    "copy-one-more",
    "a copy that ends a byte behind what is there",
    () => MARK + copy(START - 1, 2),
    malformed,
  );
  bad("C3", "copy-itself", "a copy that repeats what it writes", () => `${MARK}A${copy(START, 2)}`, malformed);
  add(
    "copy-beyond-all",
    "a copy of what is not there, and longer than a verifier reads: the first rule",
    { ...three, rule: "C3", limits: { chainBytes: 1000 }, chain: () => MARK + copy(START, 4095) },
    malformed,
  );

  const bytes = partsOf(one).length;
  const limited = (
    rule: string,
    slug: string,
    description: string,
    chainBytes: number,
    expect: Expect,
    chain = compactOf,
  ): void => add(slug, description, { ...lone, rule, limits: { chainBytes }, chain }, expect);
  limited("C4", "restored-at", "a chain that is restored to just what a verifier reads", one.length, accept);
  limited("V1.1", "restored-above", "to a byte more", one.length - 1, tooLarge);
  limited("C4", "added-above", "steps that add a byte more than a verifier reads", bytes - 1, tooLarge);
  limited("V1.1", "added-at", "steps that add just as much, which is more in the long form", bytes, tooLarge);
  limited(
    "C1",
    "came-above",
    "a text that is too long itself, and would be restored to less",
    one.length,
    tooLarge,
    (text) => `${compactOf(text)}${copy(0, 0).repeat(Math.ceil(one.length / 6))}`,
  );
  limited(
    "C1",
    "came-spelled",
    "a longer text than its chain, with room for the chain",
    one.length,
    tooLarge,
    (text) => MARK + allEscaped(partsOf(text)),
  );
  bad(
    "C4",
    "bomb",
    "a text of 125 characters that doubles what it has again and again",
    () => MARK + bomb("A"),
    tooLarge,
  );
  bad("C4", "bomb-of-separators", "the same of separators", () => MARK + bomb(escaped(SEPARATOR)), tooLarge);

  const tokens = (slug: string, chainTokens: number, expect: Expect): void =>
    add(
      slug,
      `three tokens where ${chainTokens} are read`,
      {
        ...three,
        root: { claims: { del_max_depth: 2 } },
        links: [{ claims: { del_max_depth: 2 } }, { claims: { del_max_depth: 2 } }],
        rule: "C5",
        limits: { chainTokens },
      },
      expect,
    );
  tokens("tokens-at", 3, accept);
  tokens("tokens-above", 2, refuse("chain_depth_exceeded"));
  bad(
    "C5",
    "separators",
    "a thousand separators",
    () => `${MARK}${"%1F".repeat(1000)}`,
    refuse("chain_depth_exceeded"),
  );
  const parts = (slug: string, description: string, change: (parts: readonly string[]) => readonly string[]): void =>
    bad(
      "C6",
      slug,
      description,
      (text) => MARK + copied(change(partsOf(text).split(SEPARATOR)).join(SEPARATOR)),
      malformed,
    );
  parts("parts-fewer", "a token without a signature, and none behind it", (all) => all.slice(0, -1));
  parts("parts-more", "a fourth part", (all) => [...all, ""]);
  bad(
    "C3",
    "nothing-beyond",
    "a copy of no bytes, from behind what is there",
    (text) => `${MARK}*___AA${copied(partsOf(text))}`,
    malformed,
  );
  bad("C6", "nothing", "no step at all", () => MARK, malformed);

  // What is restored is judged like a text that came as it is.
  const restored = (
    rule: string,
    slug: string,
    description: string,
    change: (text: string) => string,
    expect: Expect,
  ): void => bad(rule, slug, description, (text) => MARK + copied(change(partsOf(text))), expect);
  const last = (text: string, signature: string): string => text.slice(0, text.lastIndexOf(SEPARATOR) + 1) + signature;
  restored("C6", "signature-bytes", "a third part that is no text", (text) => last(text, "\u0000"), malformed);
  restored("C6", "signature-not-ascii", "a third part that is not ASCII", (text) => last(text, "A\u0087"), malformed);
  restored("V2.1", "signature-padded", "a third part with padding", (text) => `${text}==`, malformed);
  restored(
    "V2.1",
    "signature-joint",
    "a third part with a token in it",
    (text) => `${text}~e30.e30.`,
    refuse("token_alg_refused"),
  );
  restored("V2.1", "signature-dots", "a third part with segments in it", (text) => `${text}.e30`, malformed);
  restored("V2.1", "header-empty", "an empty first part", (text) => text.slice(text.indexOf(SEPARATOR)), malformed);
  restored("V3.3", "signature-empty", "no third part", (text) => last(text, ""), refuse("token_signature_invalid"));
  restored(
    "V3.3",
    "payload-changed",
    "a payload with another word",
    (text) => text.replace("alice", "alicf"),
    refuse("token_signature_invalid"),
  );
  restored("V2.2", "header-compact", "a compact form in the place of a header", (text) => `${MARK}${text}`, malformed);
  restored("V2.4", "header-changed", "another header", (text) => text.replace("aat+jwt", "jwt"), malformed);
  restored(
    "V3.3",
    "tokens-left-out",
    "the token in the middle left out",
    (text) => {
      const all = text.split(SEPARATOR);
      return [...all.slice(0, 3), ...all.slice(6)].join(SEPARATOR);
    },
    refuse("token_signature_invalid"),
  );
  add(
    "token-bytes",
    "a short text of a token that is longer than a verifier reads",
    { ...lone, rule: "V1.4", limits: { tokenBytes: one.length - 1 }, chain: compactOf },
    tooLarge,
  );
  add("expired", "a chain that is over", { ...three, rule: "V5.10", now: NOW + 4000 }, refuse("token_expired", "/exp"));
  add(
    "widened",
    "a chain that widens",
    { ...three, rule: "V6.11", links: [{ holder: planner, grant: { other: {} } }] },
    refuse("chain_widened", "/authorization_details/0/tools/other"),
  );
});

function allEscaped(bytes: string): string {
  return bytes.replace(/[\s\S]/g, escaped);
}

/** Twelve copies of all that is there, then eight of the longest: more than 32,768 bytes. */
function bomb(first: string): string {
  return first + Array.from({ length: 20 }, (_, i) => copy(START, Math.min(4095, 2 ** i))).join("");
}
