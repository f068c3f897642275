/** Notes which functions run during one call, and what that says of the files that they stand in. */

/** A function, where it is written. */
export interface Place {
  readonly file: string;
  readonly name: string;
  readonly line: number;
}

/** A file that came to be open: a file is open while any of its functions runs, and is left when none of them does. */
export interface Visit {
  readonly file: string;
  /** The function that was entered. */
  readonly by: Place;
  /** The file whose function called it; undefined where code that is not watched did. */
  readonly from: string | undefined;
  /** Whether the file had been left before. */
  readonly again: boolean;
  /**
   * Whether the file that calls it now had called it before and was not left since: the next step of one function, or of
   * one loop. Where a loop goes through several files, each of its rounds continues the one before.
   */
  readonly repeated: boolean;
  /** How many files were open already. */
  readonly depth: number;
}

/** One call of a function. */
export interface Call {
  readonly at: Place;
  readonly caller: Call | undefined;
  paused: boolean;
}

export interface Recorder {
  /** Makes a function known; gives the number by which it is entered. */
  readonly place: (place: Place) => number;
  readonly enter: (id: number) => Call | undefined;
  readonly leave: (call: Call | undefined) => void;
  /** A function awaits something: its caller goes on, and after the first time the event loop. */
  readonly pause: <T>(call: Call | undefined, value: T) => T;
  readonly resume: <T>(call: Call | undefined, value: T) => T;
  begin(): void;
  /** How many functions run, and how often one was entered. */
  readonly running: number;
  readonly entries: number;
  end(): { readonly visits: readonly Visit[]; readonly functions: readonly Place[] };
}

export function createRecorder(): Recorder {
  const places: Place[] = [];
  const entered = new Set<Place>();
  const left = new Set<string>();
  const visits: Visit[] = [];
  /** Files that are open: how many of their functions run. */
  const open = new Map<string, number>();
  /** The stay at each file, a new one where it is opened otherwise than `repeated`; and in which stays it was called. */
  const stays = new Map<string, object>();
  const callers = new Map<string, Set<object>>();
  let current: Call | undefined;
  let recording = false;
  let entries = 0;

  return {
    place: (place) => places.push(place) - 1,
    enter: (id) => {
      if (!recording) return undefined;
      const at = places[id] as Place;
      const { file } = at;
      const caller = current;
      const stay = caller && stays.get(caller.at.file);
      const known = callers.get(file) ?? new Set();
      callers.set(file, known);
      const running = open.get(file) ?? 0;
      open.set(file, running + 1);
      if (running === 0) {
        const repeated = stay !== undefined && known.has(stay);
        if (!repeated) stays.set(file, {});
        visits.push({ file, by: at, from: caller?.at.file, again: left.has(file), repeated, depth: open.size - 1 });
      }
      if (stay !== undefined) known.add(stay);
      entered.add(at);
      entries++;
      current = { at, caller, paused: false };
      return current;
    },
    leave: (call) => {
      if (call === undefined) return;
      const { file } = call.at;
      const running = (open.get(file) ?? 0) - 1;
      open.set(file, running);
      if (running === 0) {
        open.delete(file);
        left.add(file);
      }
      current = call.paused ? undefined : call.caller;
    },
    pause: (call, value) => {
      if (call !== undefined) {
        current = call.paused ? undefined : call.caller;
        call.paused = true;
      }
      return value;
    },
    resume: (call, value) => {
      if (call !== undefined) current = call;
      return value;
    },
    begin: () => {
      recording = true;
    },
    get running() {
      return [...open.values()].reduce((sum, running) => sum + running, 0);
    },
    get entries() {
      return entries;
    },
    end: () => {
      recording = false;
      return { visits, functions: [...entered] };
    },
  };
}
