import { type Delegation, parseDelegation } from "@hopwise/core";
import { describe, diff } from "@hopwise/core/grant";
import { type InspectedChain, inspectDelegation, printChain } from "@hopwise/core/tokens";
import { type Command, JSON_OPTION } from "../command.ts";
import { readText } from "../input.ts";
import { jsonText, paint, type Terminal, TOKEN_BEGINS } from "../terminal.ts";

/** Shows what a chain says. */
export const tokenShow: Command = {
  name: "token show",
  words: "[FILE | CHAIN]",
  count: [0, 1],
  summary: "Shows a delegation chain: who acts for whom, what each may do, until when, and what narrowed.",
  details: [
    "Reads FILE, or standard input. A chain can also stand on the command line, where other users of the machine see it.",
    "Works offline, and asks nobody. The signatures below the root are checked; the root's needs a key of its issuer.",
    "The exit code is 1 where a verifier would refuse the chain by what can be seen here, also where it has expired.",
  ],
  options: { ...JSON_OPTION },
  async run(typed, terminal) {
    const now = Math.floor(terminal.now() / 1000);
    const delegation = await readChain(typed.words[0], terminal);
    const chain = await inspectDelegation(delegation, now);
    if (typed.has("json")) terminal.out(jsonText(forPrograms(chain), 2));
    else terminal.out(printChain(chain, now).replace(/REFUSED/g, (word) => paint(terminal, "red", word)));
    return chain.tokens.some(({ refused }) => refused !== undefined) ? 1 : 0;
  },
};

async function readChain(word: string | undefined, terminal: Terminal): Promise<Delegation> {
  if (word?.search(TOKEN_BEGINS) === 0) {
    terminal.err("note: a chain on the command line is seen by who lists processes; a file or standard input is not");
    return parseDelegation(word);
  }
  const text = await readText(word, "a chain", terminal);
  return parseDelegation(text.trim().replace(/^(["'])(.*)\1$/s, "$2"));
}

/** The chain, with its grants in words, and what each token has less of than the one above it. */
function forPrograms({ tokens, ...chain }: InspectedChain): object {
  return {
    ...chain,
    tokens: tokens.map((token, i) => {
      const above = tokens[i - 1];
      const narrowed = above === undefined ? [] : diff(above.grant, token.grant).narrowed;
      return { ...token, words: describe(token.grant).split("\n"), narrowed };
    }),
  };
}
