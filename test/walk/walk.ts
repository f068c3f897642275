/** What the trace of one call says of how the code reads. */
import type { Place, Recorder, Visit } from "./recorder.ts";
import { checkTools, isTool } from "./tools.ts";

export interface Walk {
  readonly files: number;
  readonly functions: number;
  /** Entries of a file that had been left before; tools do not count. */
  readonly reentries: number;
  /** Those of them that are no next step of a file which is open still and had called the same file before. */
  readonly turnBacks: readonly Visit[];
  readonly visits: readonly Visit[];
  readonly entered: readonly Place[];
}

export function walkOf({ visits, functions }: ReturnType<Recorder["end"]>): Walk {
  checkTools(visits);
  const again = visits.filter(({ file, again }) => again && !isTool(file));
  return {
    files: new Set(functions.map(({ file }) => file)).size,
    functions: functions.length,
    reentries: again.length,
    turnBacks: again.filter(({ repeated }) => !repeated),
    visits,
    entered: functions,
  };
}

const short = (file: string): string => file.replace(/^packages\/([^/]+)\/src/, "$1");
const line = ({ file, by, from, again, depth }: Visit): string =>
  `${again ? "↩" : " "} ${"  ".repeat(depth)}${short(file)}  ${by.name}:${by.line}${from === undefined ? "" : `  ← ${short(from)}`}`;

/** The walk in words: each file as it is opened, by which function, from where. */
export function printWalk({ files, functions, reentries, turnBacks, visits }: Walk, all: boolean): string {
  const shown = all ? visits : visits.filter((visit) => turnBacks.includes(visit) || !visit.again);
  return [
    ...shown.map(line),
    "",
    `files entered: ${files}, functions entered: ${functions}`,
    `files entered again after they were left: ${reentries} times`,
    `of these turns back: ${turnBacks.length}`,
    ...turnBacks.map((visit) => line({ ...visit, depth: 0 })),
  ].join("\n");
}
