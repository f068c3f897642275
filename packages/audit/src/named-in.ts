import type { DecisionRecord } from "@hopwise/core/audit";
import type { RevocationTarget } from "@hopwise/core/state";
import { lookFor, ofTokens, subjectIn, type Wanted } from "./look-for.ts";

/** Whether records name what shall be revoked, and what they name that may have been meant. */
export interface NamedTarget {
  see(record: DecisionRecord): void;
  isNamed(): boolean;
  nearest(): readonly RevocationTarget[];
}

/** How a target is looked for, and how to say another one of its kind. */
interface Sort extends Wanted {
  target(name: string, issuer: string | undefined): RevocationTarget;
  /** What the same text may be by mistake: hashes of tokens and thumbprints look alike. */
  readonly mistaken?: Wanted & { readonly target: RevocationTarget };
}

/** Looks for a target in records, one at a time. */
export function namedIn(target: RevocationTarget): NamedTarget {
  const { target: targetOf, mistaken, ...wanted } = sortOf(target);
  const [own, other] = [lookFor(wanted), mistaken && lookFor(mistaken)];
  return {
    see: (record) => {
      own.see(record);
      other?.see(record);
    },
    isNamed: own.isNamed,
    nearest: () => {
      if (own.isNamed()) return [];
      const same = own.others().map(({ name, issuer }) => targetOf(name, issuer));
      return mistaken !== undefined && other?.isNamed() ? [...same, mistaken.target] : same;
    },
  };
}

function sortOf(target: RevocationTarget): Sort {
  if ("user" in target) {
    const { user, notBefore } = target;
    return {
      name: user.subject,
      issuer: user.issuer,
      namesIn: subjectIn,
      target: (subject, issuer = user.issuer) => ({ user: { issuer, subject }, notBefore }),
    };
  }
  if ("token" in target) {
    const { token } = target;
    const mistaken = { name: token, namesIn: ofTokens("key"), target: { key: token as string as never } };
    return { name: token, namesIn: ofTokens("hash"), target: () => target, mistaken };
  }
  const of = (issuer: string | undefined) => (issuer === undefined ? {} : { issuer });
  if ("agent" in target) {
    const { agent, issuer } = target;
    return { name: agent, issuer, namesIn: ofTokens("agent"), target: (name, by) => ({ agent: name, ...of(by) }) };
  }
  const { key, issuer } = target;
  const mistaken = { name: key, namesIn: ofTokens("hash"), target: { token: key as string as never } };
  return { name: key, issuer, namesIn: ofTokens("key"), target: (_, by) => ({ key, ...of(by) }), mistaken };
}
