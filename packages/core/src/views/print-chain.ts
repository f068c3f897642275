import {
  type Constraint,
  describeArguments,
  diff,
  type Grant,
  isEveryTool,
  isNoArguments,
  nameWords,
  type ToolGrant,
  toolWords,
  words,
} from "../grant/index.ts";
import { stepsOf } from "../json/index.ts";
import { countOf, isoOf, plainText } from "../lib/index.ts";
import { checkSeconds, reading } from "../options/index.ts";
import type { Budget, InspectedChain, InspectedToken } from "../token/index.ts";
import { budgetWords } from "./budget-words.ts";

/**
 * A chain as a tree for people: each agent below the one who handed it over, with what it may do, until when, and what
 * narrowed on the way. It holds no token.
 *
 * @param nowSeconds the clock that times are held against, seconds since the epoch
 * @throws {HopwiseError} `config_invalid` for what is no chain that was inspected, or no time
 */
export function printChain(chain: InspectedChain, nowSeconds: number): string {
  checkSeconds("printChain", "nowSeconds", nowSeconds);
  return reading("printChain", "chain", CHAIN, chain, (given) => linesOf(given, nowSeconds));
}

const CHAIN = "a chain that was looked into, as await inspectDelegation(…) gives it";

function linesOf({ user, login, kid, tokens }: InspectedChain, nowSeconds: number): string {
  const lines = [`${user.subject} of ${user.issuer}`];
  if (login !== undefined) lines.push(`· logged in as ${login.subject} at ${login.issuer} (${login.kind})`);
  lines.push(`· signed with the key "${kid}" of the issuer, which nobody checked here`);
  for (const [i, token] of tokens.entries()) {
    const indent = "   ".repeat(i + 1);
    lines.push(`${indent}└─ agent:${token.agent}`);
    lines.push(...tokenLines(token, tokens[i - 1], nowSeconds).map((line) => `${indent}   · ${line}`));
  }
  return lines.map(printable).join("\n");
}

/** Whoever made a token chose its texts. The margin is not theirs. */
function printable(line: string): string {
  const margin = /^[ └─·]*/.exec(line)?.[0] ?? "";
  return margin + plainText(line.slice(margin.length));
}

function tokenLines(token: InspectedToken, above: InspectedToken | undefined, now: number): readonly string[] {
  const { grant, budget, audience, issuedAt, expiresAt, mayFollow, hash, jti, key, refused } = token;
  const life = `from ${isoOf(issuedAt)} to ${isoOf(expiresAt)}`;
  return [
    ...(refused === undefined ? [] : [`REFUSED: ${refused.code}: ${refused.message}`]),
    ...toolLines(grant),
    ...budgetLines(budget, above?.budget),
    ...(above === undefined ? [] : narrowedLines(token, above).map((line) => `narrowed: ${line}`)),
    `at ${audience.join(" or ")}`,
    `${life}: ${lasts(issuedAt, expiresAt, now)}`,
    mayFollow === 0 ? "may not hand on" : `may hand on: at most ${countOf(mayFollow, "more agent")}`,
    `token ${hash} (jti ${jti}), for key ${key}`,
  ];
}

/** Longer than this, each argument has a line of its own. */
const LINE = 120;

function toolLines(grant: Grant): readonly string[] {
  const tools = Object.entries(grant).flatMap(([tool, constraints]) => {
    const call = `may call ${toolWords(tool)}:`;
    const line = `${call} ${describeArguments(constraints)}`;
    if (line.length <= LINE) return [line];
    return Object.entries(constraints).flatMap(([name, constraint]) =>
      isNoArguments(name, constraint) ? [] : [`${call} ${describeArguments({ [name]: constraint })}`],
    );
  });
  return tools.length === 0 ? ["may call nothing"] : tools;
}

/** The bounds that a token sets, and whose they are: what it takes over from the one above stands there. */
function budgetLines(budget: Budget | undefined, above: Budget | undefined): readonly string[] {
  if (budget === undefined) return [];
  const known = above === undefined ? [] : budgetWords(above);
  const own = budgetWords(budget).filter((line) => !known.includes(line));
  const { id, from, until } = budget;
  const whose = above === undefined ? [`has the budget ${id}, from ${isoOf(from)} to ${isoOf(until)}`] : [];
  return [...whose, ...own.map((line) => `in all, with whoever it hands on to: ${line}`)];
}

/** What a token has less of than the one above it. */
function narrowedLines(token: InspectedToken, above: InspectedToken): readonly string[] {
  const grants = diff(above.grant, token.grant).narrowed.map(({ pointer, parent, child }) => {
    const [tool = "", argument] = stepsOf(pointer);
    if (child === undefined)
      return isEveryTool(tool) ? `not ${toolWords(tool)} any more` : `${toolWords(tool)} was not handed on`;
    const [before, after] =
      argument === undefined
        ? [describeArguments(parent as ToolGrant), describeArguments(child as ToolGrant)]
        : [words(parent as Constraint), words(child as Constraint)];
    return `${[tool, ...(argument === undefined ? [] : [argument])].map(nameWords).join(", ")}: ${before} → ${after}`;
  });
  const lost = above.audience.filter((name) => !token.audience.includes(name));
  const earlier = above.expiresAt - token.expiresAt;
  const fewer = above.mayFollow - 1 - token.mayFollow;
  return [
    ...grants,
    ...lost.map((name) => `not at ${name}`),
    ...(earlier > 0 ? [`expires ${span(earlier)} earlier`] : []),
    ...(fewer > 0 ? [`may hand on ${countOf(fewer, "time")} less`] : []),
  ];
}

function lasts(issuedAt: number, expiresAt: number, now: number): string {
  if (expiresAt <= now) return `expired ${span(now - expiresAt)} ago`;
  if (issuedAt > now) return `begins in ${span(issuedAt - now)}`;
  return `${span(expiresAt - now)} left`;
}

const UNITS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
] as const;

/** Seconds in the largest unit that fits twice, so that little is lost by rounding: `110 minutes`. */
function span(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds >= 2 * size) ?? [1, "second"];
  return countOf(Math.floor(seconds / size), unit);
}
