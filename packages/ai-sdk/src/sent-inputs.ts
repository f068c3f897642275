import { canonicalJson, type JsonValue } from "@hopwise/core/adapter";

/**
 * What a model sent, by the very object that the tool's schema made of it: the AI SDK hands a tool that object alone. Where a
 * person approved the call, or a hook refined its input, it hands over another object of the same content, and has the schema
 * read what was sent right before: then it is what was read last with that outcome, and so it is where the schema made a text or
 * another value that is no object. Where it cannot be told, because one object came of two inputs, or none was seen, what the
 * schema made counts as sent.
 */
export interface SentInputs {
  note(sent: unknown, parsed: unknown): void;
  /** An input as it is to be judged, and what was sent, where that can be told. A content that was looked at is not read again. */
  of(parsed: unknown): { readonly parsed: unknown; readonly sent?: unknown };
}

/** Of so many inputs it is known by content what was sent: as many as a loop may have approved at once. */
const MOST = 100;

export function sentInputs(): SentInputs {
  const known = new WeakMap<object, { readonly sent: unknown } | "two inputs">();
  const last: { readonly sent: unknown; readonly parsed: unknown }[] = [];
  const knownBy = (parsed: unknown) => (isObject(parsed) ? known.get(parsed) : undefined);
  return {
    note: (sent, parsed) => {
      if (sent === undefined) return;
      if (isObject(parsed)) known.set(parsed, known.has(parsed) ? "two inputs" : { sent });
      last.push({ sent, parsed });
      if (last.length > MOST) last.shift();
    },
    of: (parsed) => {
      const found = knownBy(parsed);
      if (found !== undefined) return found === "two inputs" ? { parsed } : { parsed, sent: found.sent };
      const content = last.length === 0 ? undefined : contentOf(parsed);
      if (content === undefined) return { parsed };
      // Of two inputs with one outcome it does not matter which: the same call runs, and the last one was read for it.
      const one = last.findLast((it) => knownBy(it.parsed) !== "two inputs" && contentOf(it.parsed) === content);
      return { parsed: JSON.parse(content), ...(one && { sent: one.sent }) };
    },
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Undefined for what JSON cannot say: two of those may look alike, and differ. Nothing at all is null, as it is to a decision. */
function contentOf(value: unknown): string | undefined {
  try {
    return canonicalJson((value ?? null) as JsonValue);
  } catch {
    return undefined;
  }
}
