/** Values that a program could pass as arguments and that are not, or not quite, plain JSON. */
import type { JsonValue } from "@hopwise/core/adapter";
import { randomJson } from "../random/json.ts";
import type { Source } from "../random/source.ts";

/** One awkward thing, somewhere in a plain value. Reading it twice gives the same each time. */
export function awkward(source: Source): unknown {
  const thing = source.pick(THINGS)(source);
  const around = randomJson(source, 2);
  switch (source.below(4)) {
    case 0:
      return thing;
    case 1:
      return { around, thing };
    case 2:
      return [around, [thing]];
    default:
      return { a: { b: [{ thing }], c: around } };
  }
}

const THINGS: readonly ((source: Source) => unknown)[] = [
  () => undefined,
  () => Number.NaN,
  () => Number.NEGATIVE_INFINITY,
  () => -0,
  () => 2 ** 53,
  () => 10n,
  () => Symbol("a"),
  () => () => 1,
  () => new Date(0),
  () => new Map([["a", 1]]),
  () => new Set([1]),
  () => /a/,
  () => new URL("https://a.example"),
  () => new Uint8Array(2),
  () => Object("a"),
  () => Object(1),
  () => Object(true),
  () => Object.create(null),
  () => Object.create({ inherited: 1 }),
  () => Object.assign(Object.create(null), { a: 1 }),
  () => ({ toJSON: () => 1 }),
  () => JSON.parse('{"__proto__":{"a":1}}'),
  () => ({ ["__proto__"]: 1 }),
  () => ({ [Symbol("a")]: 1 }),
  () => "\ud800",
  () => ({ "\udfff": 1 }),
  () => Object.assign(new Array(3), { 0: 1, 2: 3 }),
  () => new Array(3),
  () => Object.assign([1, 2], { extra: 3 }),
  () => new (class extends Array<number> {})(2),
  () => cyclic(),
  () => shared(),
  (source) => nested(source.below(40)),
  (source) => "x".repeat(source.below(80_000)),
  (source) => Array.from({ length: source.below(20_000) }, () => null),
  (source) => Object.fromEntries(Array.from({ length: source.below(9000) }, (_, i) => [`k${i}`, i])),
  (source) => getter(randomJson(source)),
  (source) => new Proxy(randomJson(source, 1) === null ? {} : { a: randomJson(source) }, {}),
  (source) => new Proxy([randomJson(source)], {}),
  () => new Proxy({}, { get: fail, ownKeys: fail }),
  () => new Proxy({}, { getPrototypeOf: () => Object.prototype, ownKeys: () => ["a"], get: fail }),
  () => revoked(),
  () => Object.freeze({ a: Object.freeze([1]) }),
  () => Object.defineProperty({}, "a", { get: fail, enumerable: true }),
  () => globalThis,
  () => process.env,
  () =>
    (function (..._: readonly unknown[]) {
      // biome-ignore lint/complexity/noArguments: the very object that an old program could pass on
      return arguments;
    })(1, 2),
];

function fail(): never {
  throw new TypeError("not to be read");
}

function cyclic(): unknown {
  const value: { [name: string]: unknown } = { a: 1 };
  value["self"] = [value];
  return value;
}

/** Small as a graph, astronomically large as a tree. */
function shared(): unknown {
  let value: unknown = "a";
  for (let i = 0; i < 15; i++) value = [value, value, value];
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

function getter(value: JsonValue): object {
  return Object.defineProperty({}, "a", { get: () => value, enumerable: true });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
