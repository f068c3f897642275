import type { Typed } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { wrong } from "./wrong.ts";

/**
 * A person is asked; where there is none, it must have been said before.
 *
 * @param undone what is said where the answer is no
 */
export async function isSure(question: string, undone: string, typed: Typed, terminal: Terminal): Promise<boolean> {
  if (typed.has("yes")) return true;
  const answer = await terminal.ask?.(`${question} Type yes: `);
  if (answer === undefined) throw wrong("Nobody can be asked here: say --yes");
  if (answer.trim().toLowerCase() === "yes") return true;
  terminal.err(undone);
  return false;
}
