import type { Asker } from "./asker.ts";

/** The questions about one principal. */
export interface Group {
  readonly key: string;
  underWay: number;
  /** Oldest first. Nobody waits where nothing is under way. */
  readonly waiting: Set<Asker>;
}

/** What is under way, and who waits for it. */
export interface Groups {
  of(key: string): Group;
  /** Whether a request of this group may go now. */
  mayGo(group: Group): boolean;
  /** Counts a request while it runs; of no group where nobody can wait for it. */
  run<Result>(group: Group | undefined, request: () => Promise<Result>): Promise<Result>;
  /** Called for each group that may go on, since a request ended. */
  onEnd: (group: Group) => void;
}

export function createGroups(requestsUnderWay: number): Groups {
  const all = new Map<string, Group>();
  let underWay = 0;
  const ended = (group: Group): void => {
    group.underWay--;
    groups.onEnd(group);
    if (group.underWay === 0) all.delete(group.key);
  };
  const groups: Groups = {
    onEnd: () => {},
    of(key) {
      const known = all.get(key) ?? { key, underWay: 0, waiting: new Set() };
      all.set(key, known);
      return known;
    },
    mayGo: (group) => group.underWay === 0 || underWay < requestsUnderWay,
    async run(group, request) {
      underWay++;
      if (group !== undefined) group.underWay++;
      try {
        return await request();
      } finally {
        underWay--;
        if (group !== undefined) ended(group);
        // These are fewer than the requests that are under way.
        if (underWay < requestsUnderWay) for (const other of all.values()) groups.onEnd(other);
      }
    },
  };
  return groups;
}
