/**
 * Lets the transport finish its pending work first.
 *
 * A HTTP transport finds the stream for an answer by the request's id alone, and a second request of the same id leads
 * it to the second one's stream. The guard withdraws the first as soon as it sees the second, which is some microtasks
 * later; after a turn of the event loop no answer leaves in between.
 */
export function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
