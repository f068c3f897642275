import { HopwiseError } from "@hopwise/core";
import { type Connection, connect } from "./connect.ts";
import { unavailable } from "./faults.ts";
import type { Machine } from "./machine.ts";
import type { Settings } from "./options.ts";

/** The one connection of a store: opened when it is needed, and again where the file was taken away. */
export interface HeldConnection {
  /** From then on, what is wrong with the set-up is an outage: it was right before. */
  isStarted: boolean;
  /**
   * @param since since when nothing was lost of the file that was used last
   * @throws {HopwiseError}, `Busy`, errors of SQLite
   */
  get(since: number | undefined): Connection;
  /**
   * Looks whether the file is still the one that was opened.
   *
   * @param epoch that of the file, as far as it was read
   * @throws {HopwiseError} `state_unavailable` where it is another one; it is opened when it is needed again
   * @throws what it was closed for
   */
  look(connection: Connection, epoch: string | undefined): void;
  /**
   * Refuses whatever is asked of a damaged file, until another one is in its place: what is lost of it may read as if nothing had
   * been there.
   */
  closeFor(damage: unknown): void;
  /**
   * Opens it anew next time, after an error: what lay beside the file may have been taken away, and SQLite have met that first.
   *
   * @param epoch as above
   */
  drop(epoch: string | undefined): void;
  close(): void;
}

export function holdConnection(machine: Machine, settings: Settings): HeldConnection {
  let connection: Connection | undefined;
  let isClosed = false;
  /** The epoch of a file that was taken away while it was open. */
  let lost: string | undefined;
  let damage: { readonly fault: unknown } | undefined;

  const letGo = (): void => {
    const dropped = connection;
    connection = undefined;
    damage = undefined;
    try {
      dropped?.close();
    } catch {} // it is broken, or closed
  };
  const held: HeldConnection = {
    isStarted: false,
    get: (since) => {
      if (isClosed) throw unavailable(`the state in ${settings.file} was closed`);
      if (connection !== undefined) return connection;
      try {
        connection = connect(machine, settings, { lostEpoch: lost, since });
      } catch (error) {
        if (held.isStarted && error instanceof HopwiseError) throw unavailable(error.message, error);
        throw error;
      }
      lost = undefined;
      return connection;
    },
    look: ({ watch }, epoch) => {
      try {
        watch.look();
      } catch (error) {
        lost = epoch;
        letGo();
        throw error;
      }
      if (damage !== undefined) throw damage.fault;
    },
    closeFor: (fault) => {
      // What could not be opened is opened anew next time: another file may be in its place by then.
      if (connection !== undefined) damage ??= { fault };
    },
    drop: (epoch) => {
      try {
        connection?.watch.look();
      } catch {
        lost = epoch;
      }
      letGo();
    },
    close: () => {
      isClosed = true;
      letGo();
    },
  };
  return held;
}
