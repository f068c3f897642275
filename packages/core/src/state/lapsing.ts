/** Keys that are to be forgotten, by the second in which they lapse. */
export interface Lapsing {
  add(key: string, untilSeconds: number): void;
  /** Hands over all keys that have lapsed by now, each once. At most once a second it looks at all seconds, and never at all keys. */
  forget(nowSeconds: number): void;
}

/** Keys may lapse in another order than that in which they came: a late one keeps nobody else. */
export function createLapsing(forgetOne: (key: string, second: number) => void): Lapsing {
  const bySecond = new Map<number, string[]>();
  let looked = 0;
  return {
    add: (key, untilSeconds) => {
      const second = Math.ceil(untilSeconds);
      const others = bySecond.get(second);
      if (others === undefined) bySecond.set(second, [key]);
      else others.push(key);
    },
    forget: (nowSeconds) => {
      if (Math.floor(nowSeconds) === looked) return;
      looked = Math.floor(nowSeconds);
      for (const [second, keys] of bySecond) {
        if (second > nowSeconds) continue;
        bySecond.delete(second);
        for (const key of keys) forgetOne(key, second);
      }
    },
  };
}
