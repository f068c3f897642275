import { once } from "node:events";
import { createInterface } from "node:readline/promises";

/**
 * Asks a person, once. Whoever ends the terminal in the place of an answer (Ctrl+D, Ctrl+C) has said nothing: Node.js gives an
 * error for that, or, before 24, never an answer.
 *
 * @param output not standard output, to which the answer of the program goes
 */
export async function askOnce(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<string> {
  const terminal = createInterface({ input, output });
  const ended = once(terminal, "close").then(() => "");
  try {
    return await Promise.race([terminal.question(question).catch(() => ""), ended]);
  } finally {
    terminal.close();
  }
}
