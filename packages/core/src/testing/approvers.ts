import { HopwiseError } from "../errors.ts";
import { mustBe } from "../options/index.ts";
import {
  type ApprovalAnswer,
  type ApprovalRequest,
  type Approver,
  generateSigner,
  type Signer,
  signApproval,
} from "../token/index.ts";

/** The people of a company who answer requests, each with a key of their own. */
export interface Approvers {
  readonly approvers: readonly Approver[];
  /** @throws {HopwiseError} `config_invalid` for somebody who has no key; what `signApproval` throws */
  sign(who: string, answer: ApprovalAnswer, request: ApprovalRequest, clock: () => number): Promise<string>;
}

/**
 * Registers users as approvers, and makes their keys.
 *
 * @param users all whom the company knows; undefined where a directory knows them
 */
export async function approversOf(
  names: readonly string[],
  issuer: string,
  users: readonly string[] | undefined,
): Promise<Approvers> {
  const stranger = names.find((name) => users?.includes(name) === false);
  if (stranger !== undefined) throw unknown(`createCompany: approvers: the company has no user "${stranger}"`, users);
  const keys = new Map<string, Signer>();
  for (const name of names) keys.set(name, await generateSigner());
  return {
    approvers: [...keys].map(([subject, { publicJwk }]) => ({ issuer, subject, keys: [publicJwk] })),
    sign: async (who, answer, request, clock) => {
      if (typeof who !== "string") mustBe("approval", "who", "the name of an approver, such as dana", who);
      const signer = keys.get(who);
      if (signer !== undefined) return signApproval({ signer, request, answer, clock });
      throw unknown(`the company has no approver "${who}"`, names);
    },
  };
}

function unknown(message: string, known: readonly string[] = []): HopwiseError {
  const there = known.length === 0 ? 'name some: createCompany({ approvers: ["dana"] })' : `it has ${known.join(", ")}`;
  return new HopwiseError("config_invalid", `${message}; ${there}`);
}
