/** An attribute that an expression reads: `R.attr.args.amount` is `{ of: "resource", path: ["args", "amount"] }`. */
export interface AttributePath {
  readonly of: "resource" | "principal";
  readonly path: readonly string[];
}

/** As policies write it: `R.attr.args.amount`, `P.attr["a b"]`. */
export function attributeText({ of, path }: AttributePath): string {
  const steps = path.map((step) => (/^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`));
  return `${of === "resource" ? "R" : "P"}.attr${steps.join("")}`;
}

/** The attributes and variables that a CEL expression reads, as far as its text shows. */
export interface Reading {
  readonly attributes: readonly AttributePath[];
  /** Attributes that it asks for with `has(…)` or `"name" in R.attr` before reading them, so they may be missing. */
  readonly guarded: readonly AttributePath[];
  /** Names of the variables it uses: `V.limit` is `limit`. */
  readonly variables: readonly string[];
  /** Names of the constants it uses: `C.limit` is `limit`. */
  readonly constants: readonly string[];
  /** Whether it reads `request.auxData`. */
  readonly auxData: boolean;
}

/**
 * Reads the attributes off a CEL expression by its text. It uses no parser, so that new syntax of CEL is not an error
 * here. It stops at a step that is known only at run time: `R.attr.items[i].price` reads `items`.
 */
export function readExpression(expression: string): Reading {
  const { text, texts } = withoutTexts(expression);
  const guarded: AttributePath[] = [];
  const attributes: AttributePath[] = [];
  for (const match of text.matchAll(ATTRIBUTE)) {
    const [whole, root = "", steps = ""] = match;
    const of = root.startsWith("R") || root.includes("resource") ? "resource" : "principal";
    const after = text.slice(match.index + whole.length);
    const before = text.slice(0, match.index);
    let path = stepsOf(steps, texts);
    // `R.attr.name.startsWith(…)`: the last step is a function.
    if (/^\s*\(/.test(after) && !steps.endsWith("]")) path = path.slice(0, -1);
    const asked = /§(\d+)§\s+in\s+$/.exec(before)?.[1];
    if (asked !== undefined) {
      guarded.push({ of, path: [...path, texts[Number(asked)] as string] });
    } else if (/\bhas\s*\(\s*$/.test(before) && path.length > 0) {
      // It asks for the last step, and reads the steps that lead there.
      guarded.push({ of, path });
      path = path.slice(0, -1);
    }
    if (path.length > 0) attributes.push({ of, path });
  }
  const named = (pattern: RegExp): readonly string[] =>
    Array.from(text.matchAll(pattern), ([, name]) => name as string);
  return {
    attributes,
    guarded,
    variables: named(/(?<![\w.])(?:V|variables)\s*\.\s*(\w+)/g),
    constants: named(/(?<![\w.])(?:C|constants)\s*\.\s*(\w+)/g),
    auxData: /(?<![\w.])request\s*\.\s*(?:auxData|aux_data)\b/.test(text),
  };
}

// Blanks and line breaks may stand round a dot: long expressions are written over several lines.
const ATTRIBUTE =
  /(?<![\w.])(R|P|request\s*\.\s*resource|request\s*\.\s*principal)\s*\.\s*attr\b((?:\s*\.\s*[A-Za-z_]\w*|\s*\[\s*§\d+§\s*\])*)/g;

function stepsOf(steps: string, texts: readonly string[]): readonly string[] {
  return Array.from(steps.matchAll(/\.\s*(\w+)|§(\d+)§/g), ([, name, text]) => name ?? (texts[Number(text)] as string));
}

const COMMENT = /\/\/[^\n]*/;
/** In raw texts nothing escapes their end. */
const RAW = /(?<!\w)[bB]?[rR](?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"]*"|'[^']*')/;
const PLAIN = /"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'/;
const NO_CODE = new RegExp(`${COMMENT.source}|${RAW.source}|${PLAIN.source}`, "g");

/** Takes texts and comments out, so that nothing in them is taken for code, and leaves the numbers of the texts. */
function withoutTexts(expression: string): { readonly text: string; readonly texts: readonly string[] } {
  const texts: string[] = [];
  const text = expression.replace(NO_CODE, (found) => {
    if (found.startsWith("//")) return " ";
    texts.push(found.replace(/^[bBrR]*("""|'''|"|')([\s\S]*)\1$/, "$2"));
    return `§${texts.length - 1}§`;
  });
  return { text, texts };
}
