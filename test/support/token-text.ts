/**
 * What no log, no answer and no model may see: a token, a proof, or the compact form of a chain, from its beginning on. The three
 * letters within a hash or a thumbprint are chance.
 */
export const TOKEN_TEXT: RegExp = /(?<![\w-])eyJ[\w-]{8,}|\*hw\d[!#-[\]-~]{8,}/;
