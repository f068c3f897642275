import { HopwiseError } from "@hopwise/core";

/** Stands in whatever a host throws: nobody but the host program may read it. */
export const SECRET = "hunter2";

/** An object that throws when it is looked at, in whatever way. */
function trapOf(fail: () => never): object {
  return new Proxy({}, { get: fail, ownKeys: fail, has: fail, getPrototypeOf: fail });
}

const trap = trapOf(() => {
  throw new Error(SECRET);
});

/** A host may throw our errors, too: of any code, and with any text. */
function ours(code: "revoked" | "attributes_invalid"): HopwiseError {
  return new HopwiseError(code, `postgres://admin:${SECRET}@db`, {
    pointer: `/${SECRET}`,
    rule: SECRET,
    reason: SECRET,
  });
}

type Behaviour = () => unknown;

/** No answer at all. Those that never come cost a deadline each. */
export const FAULTS: { readonly [what: string]: Behaviour } = {
  throws: () => {
    throw new Error(`postgres://admin:${SECRET}@db is down`);
  },
  "throws a text": () => {
    throw SECRET;
  },
  "throws nothing": () => {
    throw undefined;
  },
  "throws an error of ours": () => {
    throw ours("revoked");
  },
  "throws an error of ours, of a code that it may have": () => {
    throw ours("attributes_invalid");
  },
  "throws an error with a number as its code": () => {
    throw Object.assign(new Error(SECRET), { code: 14, details: SECRET });
  },
  "throws what throws when looked at": () => {
    throw trap;
  },
  rejects: async () => {
    throw new Error(SECRET);
  },
  "rejects, as an ordinary function": () => Promise.reject(new Error(SECRET)),
  "rejects with an error of ours": () => Promise.reject(ours("revoked")),
  "never answers": () => new Promise(() => {}),
  // biome-ignore lint/suspicious/noThenProperty: another library's promise
  "answers by a promise of another make that never comes": () => ({ then: () => {} }),
};

/** Whether it takes a deadline until it ends. */
export function hangs(what: string): boolean {
  return /never/.test(what);
}

export const NONSENSE: { readonly [what: string]: Behaviour } = {
  undefined: () => undefined,
  null: () => null,
  "a number": () => 5,
  NaN: () => Number.NaN,
  "a text": () => "text",
  "an empty text": () => "",
  yes: () => true,
  no: () => false,
  "a list": () => [],
  "a list of null": () => [null],
  "an empty object": () => ({}),
  "an object of no kind": () => Object.create(null) as object,
  "a date": () => new Date(),
  "a function": () => () => {},
  "a symbol": () => Symbol("x"),
  "a bigint": () => 5n,
  "an object that throws when looked at": () => trap,
  "an object that throws an error of ours when looked at": () =>
    trapOf(() => {
      throw ours("revoked");
    }),
  "a promise of null": async () => null,
  "a promise of yes, as an ordinary function": () => Promise.resolve(true),
  "a promise of an object that throws": async () => ({ nested: trap }),
};

/** The rejections that nobody handled since it was called: Node would end the process for each of them. */
export function watchRejections(): () => Promise<readonly string[]> {
  const found: string[] = [];
  const seen = (reason: unknown): void => void found.push(reason instanceof Error ? reason.message : typeof reason);
  process.on("unhandledRejection", seen);
  return async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", seen);
    return found;
  };
}

/** Runs all of them, as many at a time, so that those which wait do so together. */
export async function together<T>(jobs: readonly (() => Promise<T>)[], atATime: number): Promise<readonly T[]> {
  const done: T[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < jobs.length; i = next++) done[i] = await (jobs[i] as () => Promise<T>)();
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return done;
}
