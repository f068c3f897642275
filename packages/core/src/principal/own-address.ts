/**
 * A name as no directory has it: each of its signs ends the part of an address, or the text in quotation marks, in which it
 * stands as it is.
 */
const SIGNS = `//x/../y?a=b&c=d#"e"'f'`;

/**
 * Whether a name stays in its place in the addresses that a host's function makes, whatever signs are in it. Who names a user or an
 * agent chooses the signs, and would else choose the address: another user's, or another server's, which would get the headers.
 *
 * @param addressOf gives the address for a name
 * @returns what is wrong, to follow the name of the option; undefined where nothing is, or nothing can be told
 */
export function whyNameLeaves(addressOf: (name: string) => unknown): string | undefined {
  const [plain, signs] = [parsed(addressOf, "somebody"), parsed(addressOf, SIGNS)];
  if (plain === undefined || signs === undefined) return undefined;
  if (partsOf(plain) !== partsOf(signs)) {
    return 'a name with signs such as "/", "?" or "#" leads to another address: put it through encodeURIComponent';
  }
  const quote = ['"', "'"].find((sign) => textsOf(signs).some((text) => text.includes(sign + SIGNS)));
  if (quote === undefined) return undefined;
  return `a name with a ${quote} in it ends the text in which it stands, and asks for somebody else: write it by JSON.stringify in a filter of SCIM or a query of GraphQL, and with each ' twice in one of OData`;
}

function parsed(addressOf: (name: string) => unknown, name: string): URL | undefined {
  try {
    return new URL(addressOf(name) as string | URL);
  } catch {
    // It knows its own names alone, or takes none with such signs.
    return undefined;
  }
}

/** What must be the same whoever is asked about. */
function partsOf({ origin, pathname, searchParams, hash }: URL): string {
  return JSON.stringify([origin, pathname.split("/").length, [...searchParams.keys()], hash !== ""]);
}

function textsOf({ pathname, searchParams }: URL): readonly string[] {
  try {
    return [...searchParams.values(), decodeURIComponent(pathname)];
  } catch {
    return [...searchParams.values()]; // a path that was not escaped by this
  }
}
