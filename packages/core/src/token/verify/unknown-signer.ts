import { HopwiseError } from "../../errors.ts";
import { listed } from "../../lib/index.ts";
import { type CompactJws, isKeySource } from "../keys/index.ts";
import type { AnchorAnswer } from "../trust/index.ts";

/** Issuers that are told of, each with its keys. */
const MOST = 3;

/**
 * The refusal of a root whose key no anchor has, in words for its operator: by which key it says that it is signed, and which keys are
 * trusted. Whose it says it is stands in what nobody signed, and that is not read.
 */
export function unknownSigner({ header }: CompactJws, asked: readonly Pick<AnchorAnswer, "anchor">[]): HopwiseError {
  const told = asked.slice(0, MOST).map(({ anchor: { issuer, keys } }) => {
    const own = isKeySource(keys) ? "the usable ones that it publishes" : listed(keys.map(({ kid }) => kid));
    return `of ${listed([issuer])}, ${own}`;
  });
  const more = asked.length > MOST ? [`of ${asked.length - MOST} more`] : [];
  const trusted = told.length === 0 ? "trust has no anchor" : `trusted are ${[...told, ...more].join("; ")}`;
  const message = `no trusted issuer has a key of the kid of the root token, "${header["kid"]}"; ${trusted}`;
  return new HopwiseError("token_untrusted_issuer", message, { pointer: "/kid" });
}
