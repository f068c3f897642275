/** So many of something: `1 call`, `2 calls`. */
export function countOf(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}
