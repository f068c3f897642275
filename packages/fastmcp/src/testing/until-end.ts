import { HopwiseError } from "@hopwise/core";

/** What a test asks of a server, for as long as that is there. */
interface UntilEnd {
  /** Asks; once the end has come, whatever a client says that was taken away from below the question is no answer to it. */
  whileOpen<T>(ask: () => Promise<T>): Promise<T>;
  end(): void;
}

export function untilEnd(): UntilEnd {
  let isOver = false;
  const over = (cause?: unknown): HopwiseError =>
    new HopwiseError(
      "config_invalid",
      "guardedServer: it was closed before this was over: await it before close(), or before a block with await using ends",
      { cause },
    );
  return {
    whileOpen: async (ask) => {
      if (isOver) throw over();
      try {
        return await ask();
      } catch (cause) {
        throw isOver ? over(cause) : cause;
      }
    },
    end: () => {
      isOver = true;
    },
  };
}
