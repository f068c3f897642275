import { performance } from "node:perf_hooks";
import { HopwiseError } from "@hopwise/core";
import { COMMAND_OPTIONS, type SingleClient } from "./client.ts";
import type { Connected } from "./connect.ts";
import { saysLittle, unavailable, wordsOf } from "./faults.ts";
import { HAS } from "./log-scripts.ts";
import { faultOf, type Step } from "./run-step.ts";
import { runScript } from "./script.ts";
import type { Steps } from "./steps.ts";
import type { Trips } from "./trips.ts";

/** Appends to the log of revocations, and waits until a replica has it. */
export interface Appending {
  /** @throws {HopwiseError} `state_unavailable` */
  append(step: Step): Promise<void>;
  close(): void;
}

/** Connecting, and waiting for a replica: who revokes something waits longer than who makes a call. */
const DEADLINE_MS = 3000;
const CONNECT_MS = 2000;
const REPLICA_MS = 1000;
/** A connection is kept so long for what is appended next. */
const IDLE_MS = 5000;

/** There is no connection beside, and why. */
class NotBeside extends Error {}

/**
 * On a connection of its own to the log's master, which is made where it is needed: `WAIT` holds up everything behind it, and
 * is for what its own connection wrote. Where the server takes no more connections, something must be revoked all the same: then by
 * the one that is there, which is enough where there is no replica to wait for.
 */
export function appendingOf(connected: Connected, trips: Trips, steps: Steps): Appending {
  const { line } = connected;
  let own: Promise<SingleClient> | undefined;
  let idle: NodeJS.Timeout | undefined;
  let underWay = 0;

  const leave = (connection: Promise<SingleClient> | undefined): void => {
    if (own === connection) own = undefined;
    connection?.then((client) => client.destroy()).catch(() => {});
  };

  const appendOnce = async (step: Step, endsAt: number): Promise<void> => {
    own ??= line.masterOf(step.tag).then((master) => connectBeside(master, trips));
    const connection = own;
    try {
      const client = await trips.wait(endsAt, connection);
      await trips.wait(endsAt, appendOn(client, step, line.name));
    } catch (error) {
      // Of whatever it was: the master may be another one now.
      leave(connection);
      throw error;
    }
  };

  return {
    append: async (step) => {
      steps.checkOpen();
      clearTimeout(idle);
      underWay++;
      const endsAt = performance.now() + DEADLINE_MS;
      try {
        // The connection may be an old one, to who is no master any more. An entry is kept once, however often it is appended.
        const isOld = own !== undefined;
        await appendOnce(step, endsAt).catch((error) => {
          if (error instanceof NotBeside) return appendPlainly(line.name, steps, step, error.cause);
          if (isOld && !(error instanceof HopwiseError)) return appendOnce(step, endsAt);
          throw error;
        });
        await checkIsRead(line.name, steps, step);
      } catch (error) {
        throw faultOf(connected, error);
      } finally {
        underWay--;
        if (underWay === 0) idle = setTimeout(() => leave(own), IDLE_MS).unref();
      }
    },
    close: () => {
      clearTimeout(idle);
      leave(own);
    },
  };
}

/** Appends, and waits for a replica, where there is one. What was appended before is written once more, so that there is something to wait for. */
async function appendOn(client: SingleClient, { tag, script, keys, args }: Step, name: string): Promise<void> {
  const send = (_: unknown, command: readonly string[]): Promise<unknown> =>
    client.sendCommand(command, COMMAND_OPTIONS);
  const replicas = Number(await runScript({ send }, tag, script, keys, args));
  if (replicas === 0) return;
  const reached = Number(await send(tag, ["WAIT", "1", `${REPLICA_MS}`]));
  if (reached >= 1) return;
  throw unavailable(
    `${name} has the revocation, but no replica took it within ${REPLICA_MS} ms: it would be lost with the master; try again`,
  );
}

/** By the connection that all steps take: nobody waits on it for a replica. @param cause why there is no other one */
async function appendPlainly(name: string, { askPlainly }: Steps, step: Step, cause: unknown): Promise<void> {
  if (Number(await askPlainly(step)) === 0) return;
  throw unavailable(
    `${name} has the revocation, and was asked for one more connection, to wait until a replica took it: it ${wordsOf(cause)}; the revocation would be lost with the master; try again`,
    cause,
  );
}

/** The connection was made by the client's options: of a client that was led elsewhere since, all steps are asked elsewhere. */
async function checkIsRead(name: string, { askPlainly }: Steps, step: Step): Promise<void> {
  if ((await askPlainly({ ...step, script: HAS })) === "1") return;
  throw unavailable(
    `${name} has the revocation, but not where this client asks: give the client its database in its options, and not by select; where it has done neither, try again`,
  );
}

/** A connection of its own to a server. @throws {NotBeside} */
async function connectBeside(master: SingleClient, trips: Trips): Promise<SingleClient> {
  // While it waits for a replica nothing comes on it, not even the answer to a ping.
  const socket = { ...master.options?.socket, socketTimeout: DEADLINE_MS };
  const client = master.duplicate({ pingInterval: undefined, socket });
  let said: unknown;
  client.on("error", (error) => {
    if (said === undefined || !saysLittle(error)) said = error;
  });
  try {
    await trips.wait(performance.now() + CONNECT_MS, client.connect());
    return client;
  } catch (error) {
    client.destroy();
    throw new NotBeside("no connection beside", { cause: said ?? error });
  }
}
