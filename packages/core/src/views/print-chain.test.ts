import { describe, expect, it } from "vitest";
import {
  absent,
  anyArguments,
  exact,
  grant,
  int,
  makeGrant,
  noArguments,
  oneOf,
  parseGrant,
  wildcard,
} from "../grant/index.ts";
import { DEFAULT_LIMITS, type InspectedChain, type InspectedToken } from "../token/index.ts";
import { printChain } from "./print-chain.ts";

const NOW = 1_760_000_000;
const PAY = "https://pay.acme.example/mcp";
const token = (changed: Partial<InspectedToken>): InspectedToken => ({
  hash: "h1" as never,
  jti: "j1",
  agent: "planner",
  key: "k1" as never,
  grant: grant({
    send_payment: { to: wildcard(), amount: int({ max: 5000 }) },
    notify: anyArguments,
    ping: noArguments,
  }),
  issuedAt: NOW - 60,
  expiresAt: NOW + 7200,
  audience: [PAY],
  mayFollow: 3,
  ...changed,
});
const chain = (...tokens: InspectedToken[]): InspectedChain => ({
  id: "h1" as never,
  user: { issuer: "https://id.acme.example", subject: "alice" },
  kid: "k-2026",
  tokens,
});

describe("a chain, printed for people", () => {
  it("is a tree: who acts for whom, what each may do, until when, and what narrowed", () => {
    const login = { kind: "id_token", issuer: "https://login.example", subject: "a.l.ice" } as const;
    const root = token({ audience: [PAY, "https://docs.acme.example/mcp"] });
    const less = grant({
      send_payment: { to: exact("Globex"), amount: int({ max: 5000 }) },
      notify: { text: wildcard() },
    });
    const child = token({ agent: "researcher", grant: less, expiresAt: NOW + 600, mayFollow: 0, issuedAt: NOW });
    expect(printChain({ ...chain(root, child), login }, NOW)).toMatchInlineSnapshot(`
      "alice of https://id.acme.example
      · logged in as a.l.ice at https://login.example (id_token)
      · signed with the key "k-2026" of the issuer, which nobody checked here
         └─ agent:planner
            · may call send_payment: to is any value; amount is a whole number of at most 5000
            · may call notify: any arguments
            · may call ping: no arguments
            · at https://pay.acme.example/mcp or https://docs.acme.example/mcp
            · from 2025-10-09T08:52:20.000Z to 2025-10-09T10:53:20.000Z: 2 hours left
            · may hand on: at most 3 more agents
            · token h1 (jti j1), for key k1
            └─ agent:researcher
               · may call send_payment: to is "Globex"; amount is a whole number of at most 5000
               · may call notify: text is any value
               · narrowed: send_payment, to: any value → "Globex"
               · narrowed: notify: any arguments → text is any value
               · narrowed: ping was not handed on
               · narrowed: not at https://docs.acme.example/mcp
               · narrowed: expires 110 minutes earlier
               · narrowed: may hand on 2 times less
               · at https://pay.acme.example/mcp
               · from 2025-10-09T08:53:20.000Z to 2025-10-09T09:03:20.000Z: 10 minutes left
               · may not hand on
               · token h1 (jti j1), for key k1"
    `);
  });

  it("says of a chain whether it is over, has not begun, or is refused, and where", () => {
    const refused = { code: "chain_widened", message: "the chain breaks at hop 1" } as const;
    const print = (changed: Partial<InspectedToken>) => printChain(chain(token(changed)), NOW);
    expect(print({ expiresAt: NOW })).toContain("expired 0 seconds ago");
    expect(print({ expiresAt: NOW - 90_000 })).toContain("expired 25 hours ago");
    expect(print({ issuedAt: NOW + 61 })).toContain("begins in 61 seconds");
    expect(print({ refused })).toContain("· REFUSED: chain_widened: the chain breaks at hop 1");
    expect(print({ grant: {} })).toContain("· may call nothing");
    expect(print({ expiresAt: 1e300 })).toContain("to ?:");
  });

  it("has a line for each argument of a tool that would fill more than one", () => {
    const long = grant({ pay: { to: oneOf("A".repeat(60), "B".repeat(60)), amount: int({ max: 5 }) } });
    const lines = printChain(chain(token({ grant: long })), NOW).split("\n");
    expect(lines.filter((line) => line.includes("may call pay: "))).toHaveLength(2);
  });

  it("does not say of a tool with a line for each argument that it takes none, where no other may be sent", () => {
    const named = { "": absent(), to: oneOf("A".repeat(60), "B".repeat(60)), "x is any value; y": exact(1) };
    const printed = printChain(chain(token({ grant: grant({ pay: named }) })), NOW);
    expect(printed).not.toContain("no arguments");
    expect(printed).toContain('· may call pay: "x is any value; y" is 1\n');
  });

  it("names tools and arguments as they are called, whatever stands in their pointers", () => {
    const wide = grant({ "a/b~c": { "x/y": wildcard() } });
    const printed = printChain(
      chain(token({ grant: wide }), token({ grant: grant({ "a/b~c": { "x/y": exact(1) } }) })),
      NOW,
    );
    expect(printed).toContain("narrowed: a/b~c, x/y: any value → 1");
  });

  it("says what may be spent in all: of the root the whole, of others what they set themselves", () => {
    const budget = { id: "2025-10", from: NOW - 3600, until: NOW + 86_400, calls: 10, sums: { pay: { amount: 5000 } } };
    const child = { ...budget, calls: 1, sums: { pay: { amount: 5000, fee: 7 } } };
    const lines = printChain(chain(token({ budget }), token({ budget: child }), token({ budget: child })), NOW);
    expect(lines.split("\n").filter((line) => /budget|in all/.test(line))).toEqual([
      "      · has the budget 2025-10, from 2025-10-09T07:53:20.000Z to 2025-10-10T08:53:20.000Z",
      "      · in all, with whoever it hands on to: at most 10 calls",
      "      · in all, with whoever it hands on to: amount of pay adds up to at most 5000",
      "         · in all, with whoever it hands on to: at most 1 call",
      "         · in all, with whoever it hands on to: fee of pay adds up to at most 7",
    ]);
  });

  it("is safe to print, whoever chose the texts", () => {
    const evil = "x\u001b[2J\u202e\nalice";
    const budget = { id: evil, from: 0, until: 1, sums: { [evil]: { [evil]: 1 } } };
    const evilGrant = makeGrant(
      parseGrant({ [evil]: { [evil]: { ...exact(evil) } } } as never, DEFAULT_LIMITS, "token_malformed"),
    );
    const bad = token({ budget, agent: evil, jti: evil, audience: [evil], grant: evilGrant });
    const printed = printChain({ ...chain(token({}), bad), user: { issuer: evil, subject: evil }, kid: evil }, NOW);
    expect(printed.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(printed.split("\n").filter((line) => /^alice/.test(line))).toEqual([]);
  });
});
