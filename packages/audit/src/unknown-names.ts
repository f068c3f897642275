import { optionsOf, readerOf } from "@hopwise/core/options";
import { type AuditFilter, FILTER_ROWS } from "./filter.ts";
import { keysIn, lookFor, ofTokens, usersIn, type Wanted } from "./look-for.ts";
import { type AuditFolders, FOLDERS } from "./option-shapes.ts";
import { readAuditLog } from "./read-audit-log.ts";

/** Members of a filter that are names, of which somebody may mistype one. */
type Name = Exclude<keyof AuditFilter, "since" | "until">;

/** A name that no record has. */
export interface UnknownName {
  readonly name: Name;
  /** What records have that may have been meant: what the filter would say in its place. */
  readonly nearest: readonly AuditFilter[];
}

const readFolder = readerOf<AuditFolders>("unknownNames", FOLDERS);
const readFilter = optionsOf<AuditFilter>("unknownNames", FILTER_ROWS);

/** Where records have the names of each member, and how another one is said. */
const SORTS: {
  readonly [Member in Name]: (given: NonNullable<AuditFilter[Member]>) => Wanted & {
    filter?(name: string, issuer: string | undefined): AuditFilter;
  };
} = {
  chain: (name) => ({
    name,
    namesIn: (record) => (record.kind === "decision" && record.chain?.id !== undefined ? [record.chain.id] : []),
  }),
  token: (name) => ({ name, namesIn: ofTokens("hash") }),
  key: (name) => ({ name, namesIn: keysIn }),
  user: ({ id, issuer }) => ({
    name: id,
    issuer,
    namesIn: usersIn,
    filter: (other, of = issuer) => ({ user: { id: other, issuer: of } }),
  }),
  agent: (name) => ({ name, namesIn: ofTokens("agent"), filter: (agent) => ({ agent }) }),
  tool: (name) => ({ name, namesIn: ({ tool }) => [tool], filter: (tool) => ({ tool }) }),
  hidden: (name) => ({
    name,
    namesIn: (record) => (record.kind === "decision" ? (record.hidden ?? []).flatMap(({ items = [] }) => items) : []),
    filter: (hidden) => ({ hidden }),
  }),
  code: (name) => ({ name, namesIn: (record) => (record.code === undefined ? [] : [record.code]) }),
  invocation: (name) => ({ name, namesIn: ({ invocation }) => [invocation] }),
};

/**
 * Says which names of a filter no record of a log has, whenever it was written, and what may have been meant: for who found
 * nothing, and does not know whether there is nothing.
 *
 * @throws {HopwiseError} as `readAuditLog`
 */
export async function unknownNames(folder: AuditFolders, filter: AuditFilter = {}): Promise<readonly UnknownName[]> {
  const [folders, given] = [readFolder(folder), readFilter(filter)];
  const sought = (Object.keys(SORTS) as Name[]).flatMap((name) => {
    if (given[name] === undefined) return [];
    const sort = (SORTS[name] as (value: unknown) => ReturnType<(typeof SORTS)[Name]>)(given[name]);
    return [{ name, filter: sort.filter, ...lookFor(sort) }];
  });
  if (sought.length === 0) return [];
  for await (const { record } of readAuditLog(folders)) {
    for (const { see } of sought) see(record);
    if (sought.every(({ isNamed }) => isNamed())) return [];
  }
  return sought
    .filter(({ isNamed }) => !isNamed())
    .map(({ name, others, filter: said }) => ({
      name,
      nearest: said === undefined ? [] : others().map((other) => said(other.name, other.issuer)),
    }));
}
