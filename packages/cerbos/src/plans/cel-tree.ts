/**
 * An expression of CEL. Operators are calls by their sign: `&&`, `!`, `?:`, `in`, `[]` for an index, `-` of one operand.
 * Maps are calls of `{}`, of their keys and values. A number that is no double is a whole one.
 */
export type CelTree =
  | { readonly literal: string | number | boolean | null; readonly isDouble?: true }
  | { readonly name: string }
  | { readonly of: CelTree; readonly member: string }
  | { readonly list: readonly CelTree[] }
  | CelCall;

export interface CelCall {
  readonly call: string;
  readonly on?: CelTree;
  readonly args: readonly CelTree[];
}

/**
 * Reads an expression; undefined where it has something that is not known here, such as a raw text, bytes or syntax of a
 * later CEL: whoever asks must then not go on as if it had understood.
 */
export function readCel(text: string): CelTree | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const reader: Reader = { tokens, at: 0 };
  try {
    const tree = conditional(reader);
    return reader.at === tokens.length ? tree : undefined;
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined;
    throw fault;
  }
}

interface Token {
  readonly kind: "text" | "number" | "name" | "sign";
  readonly text: string;
}

interface Reader {
  readonly tokens: readonly Token[];
  at: number;
}

const BLANK = /(?:\s|\/\/[^\n]*)*/y;
const TOKEN =
  /("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|((?:0x[\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)u?)|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[<>!?:+\-*/%.,()[\]{}])/y;
/** Two of these without a blank between them are a raw text, bytes, or a number that CEL does not know. */
const STICKY = /[\w"'`]/;

function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  const next = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found;
  };
  next(BLANK);
  while (at < text.length) {
    const found = next(TOKEN);
    if (found === null) return undefined;
    const [, quoted, number, name, sign = ""] = found;
    if (sign === "" && STICKY.test(text.charAt(at))) return undefined;
    if (quoted !== undefined) tokens.push({ kind: "text", text: quoted.replace(/^("""|'''|"|')([\s\S]*)\1$/, "$2") });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else tokens.push(name === undefined ? { kind: "sign", text: sign } : { kind: "name", text: name });
    next(BLANK);
  }
  return tokens;
}

function took(reader: Reader, ...signs: readonly string[]): string | undefined {
  const token = reader.tokens[reader.at];
  if (token === undefined || token.kind === "text" || !signs.includes(token.text)) return undefined;
  reader.at++;
  return token.text;
}

function must(reader: Reader, sign: string): void {
  if (took(reader, sign) === undefined) throw new SyntaxError(`${sign} is missing`);
}

function conditional(reader: Reader): CelTree {
  const condition = binary(reader, 0);
  if (took(reader, "?") === undefined) return condition;
  const yes = binary(reader, 0);
  must(reader, ":");
  return { call: "?:", args: [condition, yes, conditional(reader)] };
}

/** Operators of two sides, those that bind least first. */
const BINARY: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["<", "<=", ">", ">=", "==", "!=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

function binary(reader: Reader, level: number): CelTree {
  const signs = BINARY[level];
  if (signs === undefined) return unary(reader);
  let left = binary(reader, level + 1);
  for (let sign = took(reader, ...signs); sign !== undefined; sign = took(reader, ...signs)) {
    left = { call: sign, args: [left, binary(reader, level + 1)] };
  }
  return left;
}

function unary(reader: Reader): CelTree {
  const sign = took(reader, "!", "-");
  if (sign === undefined) return withSteps(reader, primary(reader));
  const operand = unary(reader);
  if (sign === "-" && "literal" in operand && typeof operand.literal === "number") {
    return { ...operand, literal: -operand.literal };
  }
  return { call: sign, args: [operand] };
}

/** What stands behind something: members, methods, indexes. */
function withSteps(reader: Reader, first: CelTree): CelTree {
  let tree = first;
  for (let sign = took(reader, ".", "["); sign !== undefined; sign = took(reader, ".", "[")) {
    if (sign === "[") {
      tree = { call: "[]", args: [tree, conditional(reader)] };
      must(reader, "]");
      continue;
    }
    const member = nameAt(reader);
    const isCalled = took(reader, "(") !== undefined;
    tree = isCalled ? { call: member, on: tree, args: listUpTo(reader, ")") } : { of: tree, member };
  }
  return tree;
}

function nameAt(reader: Reader): string {
  const token = reader.tokens[reader.at++];
  if (token?.kind !== "name") throw new SyntaxError("a name is missing");
  return token.text;
}

const WORDS: { readonly [word: string]: boolean | null } = { true: true, false: false, null: null };

function primary(reader: Reader): CelTree {
  if (took(reader, "(") !== undefined) {
    const inner = conditional(reader);
    must(reader, ")");
    return inner;
  }
  if (took(reader, "[") !== undefined) return { list: listUpTo(reader, "]") };
  if (took(reader, "{") !== undefined) return { call: "{}", args: listUpTo(reader, "}", mapMember) };
  const token = reader.tokens[reader.at++];
  if (token?.kind === "text") return { literal: token.text };
  if (token?.kind === "number") {
    const isDouble = /^\d+(?:\.|[eE])/.test(token.text);
    return { literal: Number(token.text.replace("u", "")), ...(isDouble && { isDouble }) };
  }
  if (token?.kind !== "name" || token.text === "in") throw new SyntaxError("an expression is missing");
  if (Object.hasOwn(WORDS, token.text)) return { literal: WORDS[token.text] as boolean | null };
  return took(reader, "(") === undefined ? { name: token.text } : { call: token.text, args: listUpTo(reader, ")") };
}

/** What stands between commas, of which one may stand at the end. */
function listUpTo(
  reader: Reader,
  end: string,
  member: (reader: Reader) => readonly CelTree[] = (it) => [conditional(it)],
): readonly CelTree[] {
  const found: CelTree[] = [];
  while (took(reader, end) === undefined) {
    if (found.length > 0) {
      must(reader, ",");
      if (took(reader, end) !== undefined) break;
    }
    found.push(...member(reader));
  }
  return found;
}

function mapMember(reader: Reader): readonly CelTree[] {
  const key = conditional(reader);
  must(reader, ":");
  return [key, conditional(reader)];
}
