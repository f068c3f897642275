/** Of this process, or of this worker: a worker is given the time at which its process began. */
const LOADED: number = Date.now();

/** Whether a memory was made before, also by another copy of this package. */
const MADE: unique symbol = Symbol.for("@hopwise/core:memory") as never;

const realm = globalThis as { [MADE]?: true };

/**
 * Something remembers from now on, be it elsewhere: a memory that begins after it does not know what that let in, and was not
 * the first.
 */
export function rememberingBegan(): void {
  if (realm[MADE] !== true) Object.defineProperty(realm, MADE, { value: true, configurable: true });
}

/**
 * Since when a new memory has seen everything, in milliseconds since the epoch. The first one of a process: since that began,
 * for nobody else can have let anything in. Any other one, such as that of an authorizer which was built anew, or beside one with
 * another store: since now, or what the one before let in would be let in again.
 */
export function memoryBegan(): number {
  if (realm[MADE] === true) return Date.now();
  rememberingBegan();
  return LOADED;
}
