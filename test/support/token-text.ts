/** What no log, no answer and no model may see: a token, a proof, or the compact form of a chain, from its beginning on. */
export const TOKEN_TEXT: RegExp = /eyJ[\w-]{8,}|\*hw\d[!#-[\]-~]{8,}/;
