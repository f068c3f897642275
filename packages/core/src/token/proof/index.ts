/** Does its holder make this call, with these arguments, now, for the first time? */

export { areShared, createNonces, type Nonces, type NoncesOptions, type NonceTimes } from "./nonce.ts";
export { type Credential, type Invocation, prove } from "./prove.ts";
export { momentOf, type Proof, verifyProof } from "./verify-proof.ts";
export { whyUnknown } from "./why-unknown.ts";
