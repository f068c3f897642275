/** What the trace of one call says of how the code reads. */
import type { Place, Recorder, Visit } from "./recorder.ts";
import { checkTools, isTool, SECOND_LOOK } from "./tools.ts";

export interface Walk {
  readonly files: number;
  readonly functions: number;
  /** Entries of a file that had been left before; tools do not count. */
  readonly reentries: number;
  /** Those of them that are no next step of a file which is open still and had called the same file before. */
  readonly turnBacks: readonly Visit[];
  /** Entries, by the file that looks a second time on purpose, of files that had been left before. */
  readonly secondLook: number;
  readonly visits: readonly Visit[];
  readonly entered: readonly Place[];
}

export function walkOf({ visits, functions }: ReturnType<Recorder["end"]>): Walk {
  checkTools(visits);
  const second = visitsWithin(SECOND_LOOK, visits);
  const again = visits.filter((visit) => visit.again && !isTool(visit.file) && !second.has(visit));
  return {
    files: new Set(functions.map(({ file }) => file)).size,
    functions: functions.length,
    reentries: again.length,
    turnBacks: again.filter(({ repeated }) => !repeated),
    secondLook: [...second].filter(({ file, again }) => again && !isTool(file)).length,
    visits,
    entered: functions,
  };
}

/** What a file enters, and all that is entered from there, until it is left. */
function visitsWithin(file: string, visits: readonly Visit[]): ReadonlySet<Visit> {
  const found = new Set<Visit>();
  let depth = Number.POSITIVE_INFINITY;
  for (const visit of visits) {
    // After a wait it goes on where it was, and is not entered again.
    if (visit.from === file) depth = visit.depth - 1;
    else if (visit.depth <= depth) depth = visit.file === file ? visit.depth : Number.POSITIVE_INFINITY;
    if (visit.depth > depth) found.add(visit);
  }
  return found;
}

const short = (file: string): string => file.replace(/^packages\/([^/]+)\/src/, "$1");
const line = ({ file, by, from, again, depth }: Visit): string =>
  `${again ? "↩" : " "} ${"  ".repeat(depth)}${short(file)}  ${by.name}:${by.line}${from === undefined ? "" : `  ← ${short(from)}`}`;

/** The walk in words: each file as it is opened, by which function, from where. */
export function printWalk({ files, functions, reentries, turnBacks, secondLook, visits }: Walk, all: boolean): string {
  const shown = all ? visits : visits.filter((visit) => turnBacks.includes(visit) || !visit.again);
  return [
    ...shown.map(line),
    "",
    `files entered: ${files}, functions entered: ${functions}`,
    `files entered again after they were left: ${reentries} times`,
    `of these turns back: ${turnBacks.length}`,
    `entered again by the second look, on purpose: ${secondLook} times`,
    ...turnBacks.map((visit) => line({ ...visit, depth: 0 })),
  ].join("\n");
}
