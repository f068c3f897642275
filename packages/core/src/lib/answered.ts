const ELSEWHERE = [301, 302, 303, 307, 308];

/** What a server answered that is not 200, in words that follow its name. No redirect is followed: it would carry headers elsewhere. */
export function answered(status: number): string {
  const isElsewhere = ELSEWHERE.includes(status);
  return `answered ${status}${isElsewhere ? ", and no redirect is followed: give the address that it leads to" : ""}`;
}
