/**
 * What a model sent, by the very object that the tool's schema made of it: the AI SDK hands a tool that object alone. Where
 * it cannot be told, because one object came of two inputs, or none was seen, what the schema made counts as sent.
 */
export interface SentInputs {
  note(sent: unknown, parsed: unknown): void;
  /** Undefined where it cannot be told. */
  of(parsed: unknown): { readonly sent: unknown } | undefined;
}

export function sentInputs(): SentInputs {
  const known = new WeakMap<object, { readonly sent: unknown } | "two inputs">();
  return {
    note: (sent, parsed) => {
      if (typeof parsed !== "object" || parsed === null || sent === undefined) return;
      known.set(parsed, known.has(parsed) ? "two inputs" : { sent });
    },
    of: (parsed) => {
      const found = typeof parsed === "object" && parsed !== null ? known.get(parsed) : undefined;
      return found === "two inputs" ? undefined : found;
    },
  };
}
