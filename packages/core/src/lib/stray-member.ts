import { plainName } from "./plain-text.ts";

/**
 * Why nothing can be read safely in this process: somebody put a member on the prototype that all objects have, such as a
 * library that merges what a caller sent (`__proto__`). Whatever a call, an option or a token leaves out would be read from
 * there: `user` would make a call without a credential that of a user. Undefined where all is well.
 *
 * What is assigned or merged can be enumerated. Who can hide a member runs code here, and needs none.
 *
 * @param prototype that of what is read, which may come from another realm
 */
export function strayMember(prototype: object = Object.prototype): string | undefined {
  const [name] = Object.keys(prototype);
  if (name === undefined) return undefined;
  return `every object of this process has the member "${plainName(name)}", which was put on Object.prototype; find what put it there, such as a merge of data that a caller sent, and start the process anew`;
}
