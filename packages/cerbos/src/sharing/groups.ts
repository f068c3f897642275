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

/** In the place of a key, which is long: one that was alone with what it is about needs none. */
const ALONE = "";

export function createGroups(requestsUnderWay: number): Groups {
  /** By what they are about, and then by key. None of the inner maps is empty. */
  const all = new Map<string, Map<string, Group>>();
  let underWay = 0;
  const ended = (group: Group): void => {
    group.underWay--;
    groups.onEnd(group);
    if (group.underWay > 0) return;
    const alike = all.get(group.about);
    alike?.delete(alike.has(ALONE) ? ALONE : group.form.key());
    if (alike?.size === 0) all.delete(group.about);
  };
  const groups: Groups = {
    onEnd: () => {},
    of(about, form) {
      const alike = all.get(about);
      const key = alike === undefined ? ALONE : form.key();
      const known = alike && byKey(alike).get(key);
      if (known !== undefined) return known;
      const group = { about, form, underWay: 0, waiting: new Set<Asker>() };
      all.set(about, (alike ?? new Map<string, Group>()).set(key, group));
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
          for (const alike of all.values()) for (const other of alike.values()) groups.onEnd(other);
      }
    },
  };
  return groups;
}

/** The same, where none is alone any more. */
function byKey(alike: Map<string, Group>): Map<string, Group> {
  const alone = alike.get(ALONE);
  if (alone === undefined) return alike;
  alike.delete(ALONE);
  return alike.set(alone.form.key(), alone);
}
