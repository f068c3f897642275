import { type Finding, fault, ok, warning } from "./finding.ts";

/** This version is younger, so a clock that stands before is wrong. */
const MADE = Date.parse("2026-01-01T00:00:00Z");

/** A proof is good for that long by the server's clock, in the default limits. */
const WINDOW_SECONDS = 30;
const CLOSE_SECONDS = 5;

const PATIENCE_MS = 5_000;

/** Whether the clock can be right: by itself, and where a server is given, by that server's. */
export async function checkClock(now: () => number, server: string | undefined): Promise<Finding> {
  const time = new Date(now()).toISOString();
  if (now() < MADE) return fault("clock", `it says ${time}, which is over: set it`);
  if (server === undefined) return ok("clock", `${time}; --server URL compares it with a server's`);
  const theirs = await timeOf(server);
  if (typeof theirs === "string") return fault("clock", theirs);
  const apart = Math.round(Math.abs(now() - theirs) / 1000);
  const text = `${time}, ${apart} seconds from the server's`;
  if (apart > WINDOW_SECONDS) {
    return fault("clock", `${text}: proofs are good for ${WINDOW_SECONDS} seconds; set the clock, or use nonces`);
  }
  return apart > CLOSE_SECONDS ? warning("clock", `${text}; proofs are good for ${WINDOW_SECONDS}`) : ok("clock", text);
}

/** A server's clock, by the Date of any answer of it; else the reason why it is not known. */
async function timeOf(server: string): Promise<number | string> {
  if (!URL.canParse(server)) return "--server is no URL";
  try {
    const { headers } = await fetch(server, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE_MS) });
    const time = Date.parse(headers.get("date") ?? "");
    return Number.isNaN(time) ? "the server does not say what time it is (Date)" : time;
  } catch {
    return `the server does not answer within ${PATIENCE_MS / 1000} seconds`;
  }
}
