/**
 * How the Admin API of a PDP that runs beside this process is entered: it alone lets a store be loaded anew. The password is
 * no secret, and need not be one. The socket lies where only this user can enter, who may also stop the PDP, and write
 * its policies wherever this process may; and of a folder nothing can be changed by that API.
 */
export const ADMIN = { username: "hopwise", password: "hopwise" } as const;

/** Its bcrypt hash, which is what Cerbos wants, in base64. With the least cost: there is nothing to guess. */
export const ADMIN_HASH: string = Buffer.from("$2b$04$abcdefghijklmnopqrstuu330UPaI1sptnecsZ5lTOWdx687KKKVW").toString(
  "base64",
);
