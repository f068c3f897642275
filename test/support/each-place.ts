import { createContext, runInContext } from "node:vm";

type Path = readonly (string | number)[];
type Node = { readonly [name: string | number]: unknown };

/** An object as a literal gives it, or a list: what has a class is one value, whatever it has within. */
function isNode(value: unknown): value is Node {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

/** Every place in a value, at every depth: itself first. */
export function placesIn(value: unknown, above: Path = []): readonly Path[] {
  const below = isNode(value)
    ? Object.keys(value).flatMap((name) =>
        placesIn(value[name], [...above, Array.isArray(value) ? Number(name) : name]),
      )
    : [];
  return [above, ...below];
}

/** The same value with another one at a place. */
export function withAt(value: unknown, [step, ...below]: Path, other: unknown): unknown {
  if (step === undefined) return other;
  const copy: Record<string | number, unknown> = Array.isArray(value)
    ? ([...value] as never)
    : { ...(value as object) };
  copy[step] = withAt((value as Node)[step], below, other);
  return copy;
}

/** Must not be quoted where it came in the wrong place, nor what fails told. */
export const SECRET = "hunter2-hunter2";

function fails(): never {
  throw new TypeError(SECRET);
}
const ALL = { get: fails, has: fails, ownKeys: fails, getPrototypeOf: fails, getOwnPropertyDescriptor: fails };

function revoked(of: object): object {
  const { proxy, revoke } = Proxy.revocable(of, {});
  revoke();
  return proxy;
}

function cyclic(): object {
  const one: Record<string, unknown> = {};
  one["self"] = one;
  return one;
}

const elsewhere = createContext();

/** What anybody may pass in the place of anything, made anew each time. */
export const ODD: { readonly [what: string]: () => unknown } = {
  undefined: () => undefined,
  null: () => null,
  "a number": () => 5,
  "a number below": () => -1,
  NaN: () => Number.NaN,
  infinity: () => Number.POSITIVE_INFINITY,
  "a bigint": () => 5n,
  "a symbol": () => Symbol(SECRET),
  true: () => true,
  "an empty text": () => "",
  "a number as text": () => "5",
  "half a character": () => "a\ud800",
  "a long text": () => SECRET.repeat(1000),
  "an empty list": () => [],
  "a list with a hole": () => new Array(1),
  "a list of null": () => [null],
  "a list of promises": () => [Promise.resolve("a")],
  "an empty object": () => ({}),
  "an object like a list": () => ({ 0: "a", length: 1 }),
  "an object of no prototype": () => Object.create(null),
  "an object within itself": cyclic,
  "an object of another realm": () => runInContext("({ a: 1 })", elsewhere),
  "a getter that fails": () => Object.defineProperty({}, "a", { get: fails, enumerable: true }),
  "a promise": () => Promise.resolve({}),
  "a promise of a list": () => Promise.resolve([]),
  // biome-ignore lint/suspicious/noThenProperty: another library's promise
  "a promise that never comes": () => ({ then: () => {} }),
  "a date": () => new Date(0),
  "a date that is none": () => new Date(Number.NaN),
  "a map": () => new Map([["a", 1]]),
  bytes: () => Buffer.from(SECRET),
  "an error": () => new Error(SECRET),
  "what fails when it is read": () => new Proxy({}, ALL),
  "a function that fails when it is read": () => new Proxy(() => {}, { ...ALL, apply: fails }),
  "a proxy that was revoked": () => revoked({}),
  "a list that was revoked": () => revoked([]),
};
