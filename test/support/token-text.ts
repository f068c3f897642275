/**
 * What no log, no answer and no model may see: a token, a proof, or the compact form of a chain, from its beginning on. The three
 * letters within a hash or a thumbprint are chance, and so they are at the beginning of a random id (16 bytes) or of a hash (32).
 */
export const TOKEN_TEXT: RegExp = /(?<![\w-])eyJ(?!(?:[\w-]{19}|[\w-]{40})(?![\w.-]))[\w-]{8,}|\*hw\d[!#-[\]-~]{8,}/;
