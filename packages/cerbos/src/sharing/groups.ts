import type { Asker } from "./asker.ts";
import type { Form } from "./form.ts";

/** The questions about one principal. */
export interface Group {
  readonly about: string;
  /** That of its first question. All others have the same key. */
  readonly form: Form;
  underWay: number;
  /** Oldest first. Nobody waits where nothing is under way. */
  readonly waiting: Set<Asker>;
}

/** What is under way, and who waits for it. */
export interface Groups {
  /** @param about is the same in any case where two forms have the same key: keys are long, and only then compared */
  of(about: string, form: Form): Group;
  /** Whether a request of this group may go now. */
  mayGo(group: Group): boolean;
  /** Counts a request while it runs; of no group where nobody can wait for it. */
  run<Result>(group: Group | undefined, request: () => Promise<Result>): Promise<Result>;
  /** Called for each group that may go on, since a request ended. */
  onEnd: (group: Group) => void;
}

export function createGroups(requestsUnderWay: number): Groups {
  /** By what they are about. No set is empty. */
  const all = new Map<string, Set<Group>>();
  let underWay = 0;
  const ended = (group: Group): void => {
    group.underWay--;
    groups.onEnd(group);
    if (group.underWay > 0) return;
    const alike = all.get(group.about);
    alike?.delete(group);
    if (alike?.size === 0) all.delete(group.about);
  };
  const groups: Groups = {
    onEnd: () => {},
    of(about, form) {
      const alike = all.get(about) ?? new Set();
      for (const known of alike) if (known.form.key() === form.key()) return known;
      const group = { about, form, underWay: 0, waiting: new Set<Asker>() };
      all.set(about, alike.add(group));
      return group;
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
        if (underWay < requestsUnderWay)
          for (const alike of all.values()) for (const other of alike) groups.onEnd(other);
      }
    },
  };
  return groups;
}
