import { accept, type Json, refuse } from "../forge.ts";
import { collect } from "../group.ts";

const malformed = refuse("token_malformed");
const badArguments = refuse("arguments_malformed");
const t = { t: {} };

export const json = collect("json", (add) => {
  const argument = (slug: string, rule: string, description: string, text: string, good: boolean): void =>
    add(
      `arguments-${slug}`,
      `${description} in the arguments`,
      { rule, root: { grant: t }, tool: "t", arguments: { text } },
      good ? accept : badArguments,
    );
  argument("white-space", "J2", "all four kinds of white space", ' \t\r\n{"a" : [ 1 , 2 ] }\n', true);
  argument("escapes", "J2", "every escape", '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9"}', true);
  argument("pair", "J4", "a pair of surrogates, escaped", '{"a":"\\ud83d\\ude00"}', true);
  argument("largest", "J6", "the largest integers", '{"a":[9007199254740991,-9007199254740991]}', true);
  argument(
    "fractions",
    "J6",
    "numbers that are small, or have an exponent",
    '{"a":[5e-324,1.5E+3,0.1,-0.0,1e15]}',
    true,
  );
  argument(
    "rounded",
    "J6",
    "a fraction with more digits than a double has",
    '{"a":0.1000000000000000055511151231257827}',
    true,
  );
  argument("integer-names", "J2", "members whose names are numbers", '{"b":1,"10":2,"9":3}', true);
  argument(
    "names-of-objects",
    "J5",
    "members that every JavaScript object has",
    '{"constructor":1,"toString":2,"hasOwnProperty":3}',
    true,
  );
  argument("empty-name", "J2", "a member without a name", '{"":1}', true);

  argument("empty", "J2", "nothing", "", false);
  argument("two", "J2", "two values", "{} {}", false);
  argument("comma", "J2", "a comma too many", '{"a":1,}', false);
  argument("array-comma", "J2", "a comma too many in an array", '{"a":[1,]}', false);
  argument("no-comma", "J2", "no comma", '{"a":1 "b":2}', false);
  argument("colon-for-comma", "J2", "a colon where a comma belongs", '{"a":[1:2]}', false);
  argument("colon-for-comma-object", "J2", "a colon where a comma between members belongs", '{"a":1:"b":2}', false);
  argument("comma-for-colon", "J2", "a comma where a colon belongs", '{"a",1}', false);
  argument("no-colon", "J2", "no colon", '{"a" 1}', false);
  argument("unquoted", "J2", "a name without quotes", "{a:1}", false);
  argument("single-quotes", "J2", "single quotes", "{'a':1}", false);
  argument("comment", "J2", "a comment", '{"a":1/**/}', false);
  argument("leading-zero", "J2", "a leading zero", '{"a":01}', false);
  argument("plus", "J2", "a plus sign", '{"a":+1}', false);
  argument("point-first", "J2", "a number that begins with its point", '{"a":.5}', false);
  argument("point-last", "J2", "a number that ends with its point", '{"a":5.}', false);
  argument("exponent", "J2", "an exponent without digits", '{"a":1e}', false);
  argument("hex", "J2", "a hexadecimal number", '{"a":0x10}', false);
  argument("nan", "J2", "NaN", '{"a":NaN}', false);
  argument("infinity", "J2", "-Infinity", '{"a":-Infinity}', false);
  argument("upper-case", "J2", "True", '{"a":True}', false);
  argument("control", "J2", "a line break in a string", '{"a":"\n"}', false);
  argument("delete", "J2", "DEL in a string, which JSON allows", '{"a":"\u007f"}', true);
  argument("escape-x", "J2", "an unknown escape", '{"a":"\\x41"}', false);
  argument("escape-short", "J2", "a unicode escape of three digits", '{"a":"\\u041"}', false);
  argument("unfinished", "J2", "a string without an end", '{"a":"b', false);
  argument("unclosed", "J2", "an object without an end", '{"a":{"b":1}', false);
  argument("no-break-space", "J2", "a no-break space for white space", '{"a":\u00a01}', false);
  argument("bom", "J1", "a byte order mark", '\ufeff{"a":1}', false);
  argument("twice", "J3", "a member twice", '{"a":1,"a":1}', false);
  argument("twice-escaped", "J3", "a member twice, once with an escape", '{"a":1,"\\u0061":2}', false);
  argument("twice-deep", "J3", "a member twice, deep inside", '{"a":[{"b":1,"c":2,"b":3}]}', false);
  argument("high-surrogate", "J4", "a lone high surrogate", '{"a":"\\ud83d"}', false);
  argument("low-surrogate", "J4", "a lone low surrogate", '{"a":"\\ude00x"}', false);
  argument("swapped-surrogates", "J4", "surrogates in the wrong order", '{"a":"\\ude00\\ud83d"}', false);
  argument("surrogate-name", "J4", "a lone surrogate in a name", '{"\\udfff":1}', false);
  argument("proto", "J5", "__proto__", '{"__proto__":{"admin":true}}', false);
  argument("proto-escaped", "J5", "__proto__ with an escape", '{"a":{"\\u005f_proto__":1}}', false);
  argument("beyond", "J6", "2^53", '{"a":9007199254740992}', false);
  argument("beyond-negative", "J6", "-2^53", '{"a":-9007199254740992}', false);
  argument("beyond-exponent", "J6", "an integer beyond 2^53 in exponent form", '{"a":1e16}', false);
  argument("beyond-rounded", "J6", "a fraction that rounds to 2^53", '{"a":9007199254740991.9}', false);
  argument("infinite", "J6", "a number that no double can hold", '{"a":1e400}', false);

  const root = (
    slug: string,
    rule: string,
    description: string,
    payload: (text: string) => string | Uint8Array,
    expect = malformed,
  ): void => add(`payload-${slug}`, `${description} in a token's payload`, { rule, root: { payload } }, expect);
  root("bom", "J1", "a byte order mark", (text) => `\ufeff${text}`);
  root("latin1", "J1", "a byte that is no UTF-8", (text) => Buffer.from(text.replace("alice", "al\u00efce"), "latin1"));
  root("overlong", "J1", "an overlong encoding", (text) => spliced(text, "alice", [0xc1, 0xa1]));
  root("surrogate-bytes", "J1", "a surrogate in UTF-8", (text) => spliced(text, "alice", [0xed, 0xa0, 0x80]));
  root("cut", "J1", "a character that is cut off", (text) => spliced(text, "alice", [0xe2, 0x82]));
  root("sub-twice", "J3", "sub twice", (text) => text.replace('"sub":"alice"', '"sub":"alice","sub":"alice"'));
  root("sub-twice-escaped", "J3", "sub twice, once with an escape", (text) =>
    text.replace("{", '{"s\\u0075b":"carol",'),
  );
  root("tool-twice", "J3", "a tool twice", (text) =>
    text.replace('"read_invoice":', '"read_invoice":{},"read_invoice":'),
  );
  root("member-twice", "J3", "a constraint's member twice", (text) =>
    text.replace('"max":1000', '"max":1000,"max":1000'),
  );
  root("proto-tool", "J5", "a tool called __proto__", (text) =>
    text.replace('"read_invoice":', '"__proto__":{},"read_invoice":'),
  );
  root("beyond", "J6", "an exp beyond 2^53", (text) => text.replace(/"exp":\d+/, '"exp":9007199254740993'));
  root("trailing", "J2", "something after the object", (text) => `${text}{}`);
  root("trailing-nul", "J2", "a NUL at the end", (text) => `${text}\u0000`);
  root(
    "escaped-names",
    "J2",
    "escaped names, which say the same",
    (text) => text.replace('"jti"', '"\\u006ati"').replace("https://id", "https:\\/\\/id"),
    accept,
  );

  const equal = (slug: string, description: string, from: string, to: string, value: Json): void =>
    add(
      `equal-${slug}`,
      description,
      {
        rule: "J6",
        root: { grant: { t: { a: { constraint_type: "exact", value } } }, payload: (text) => text.replace(from, to) },
        tool: "t",
        arguments: { a: value },
      },
      accept,
    );
  equal("one", "exact 1.0 lets 1 pass", '"value":1', '"value":1.0', 1);
  equal("hundred", "exact 1e2 lets 100 pass", '"value":100', '"value":1e2', 100);
  equal("minus-zero", "exact -0 lets 0 pass", '"value":0', '"value":-0', 0);
  add(
    "equal-minus-zero-bound",
    "a bound of -0 under a bound of 0",
    {
      rule: "J6",
      root: { grant: { t: { a: { constraint_type: "range", min: 0 } } } },
      links: [
        {
          grant: { t: { a: { constraint_type: "range", min: 0 } } },
          payload: (text) => text.replace('"min":0', '"min":-0.0'),
        },
      ],
      tool: "t",
      arguments: { a: 0 },
    },
    accept,
  );
  add(
    "equal-arguments",
    "-0 sent where 0 was signed: the canonical form is the same",
    {
      rule: "J6",
      root: { grant: t },
      tool: "t",
      arguments: { text: '{"a":-0}' },
      proof: { claims: { hta: { a: 0 } } },
    },
    accept,
  );

  const bad = refuse("proof_invalid");
  const proof = (
    slug: string,
    rule: string,
    description: string,
    payload: (text: string) => string | Uint8Array,
  ): void => add(`proof-${slug}`, `${description} in a proof`, { rule, proof: { payload } }, bad);
  proof("bom", "J1", "a byte order mark", (text) => `\ufeff${text}`);
  proof("twice", "J3", "hta twice", (text) => text.replace('"hta":', '"hta":{},"hta":'));
  proof("surrogate", "J4", "a lone surrogate", (text) => text.replace("INV-7", "\\ud800"));
  proof("proto", "J5", "__proto__", (text) => text.replace('{"id"', '{"__proto__":1,"id"'));
  proof("beyond", "J6", "an integer beyond 2^53", (text) => text.replace('"INV-7"', "9007199254740993"));
});

function spliced(text: string, word: string, bytes: readonly number[]): Buffer {
  const [before = "", after = ""] = text.split(word);
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
}
