/** A word that can be no sentence, no address and no line of a log. */
const WORD = /^[A-Za-z0-9_]{1,64}$/;
/** How many errors behind an error are looked at. */
const DEEPEST = 4;
/** Our own class, which hosts may throw, too: its codes are those of denials, and would read as if we had said so. */
const OURS = "HopwiseError";
/** Says no more than that something failed. */
const SAYS_NOTHING: ReadonlySet<unknown> = new Set(["Error", OURS]);

/**
 * What may be told of somebody else's error, whose text may quote anything: its `code`, such as `ECONNREFUSED`, or that of the
 * error behind it, or else its class; each only where it is one plain word.
 */
export function faultWord(error: unknown): string | undefined {
  try {
    const errors = behind(error);
    return (
      errors.map(({ code, name }) => (name === OURS ? undefined : code)).find(isWord) ??
      errors
        .map(({ name }) => name)
        .filter(isWord)
        .find((name) => !SAYS_NOTHING.has(name))
    );
  } catch {
    return undefined; // what was thrown throws when it is looked at
  }
}

type Told = { readonly code?: unknown; readonly name?: unknown; readonly cause?: unknown };

function behind(error: unknown): readonly Told[] {
  const errors: Told[] = [];
  for (let at = error; Object(at) === at && errors.length < DEEPEST; at = (at as Told).cause) errors.push(at as Told);
  return errors;
}

function isWord(value: unknown): value is string {
  return typeof value === "string" && WORD.test(value);
}

/** What the commonest words of a connection mean. */
const MEANING: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "the connection broke off"],
  ["UND_ERR_SOCKET", "the connection broke off"],
  ["ENOTFOUND", "there is no such host"],
  ["EAI_AGAIN", "the name of the host could not be looked up"],
  ["EHOSTUNREACH", "the host cannot be reached"],
  ["ENETUNREACH", "the network cannot be reached"],
  ["ETIMEDOUT", "no connection in time"],
  ["UND_ERR_CONNECT_TIMEOUT", "no connection in time"],
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "its certificate is not one that is trusted"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate is not one that is trusted"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its certificate is not one that is trusted"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another name"],
]);

/** Why a request over HTTP got no answer, to end a sentence. */
export function whyNoAnswer(error: unknown): string {
  const word = faultWord(error);
  if (word === undefined) return "the request failed";
  const meaning = MEANING.get(word);
  return meaning === undefined ? `the request failed (${word})` : `${meaning} (${word})`;
}
