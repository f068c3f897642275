/**
 * All commands that are asked where a state is kept, beside those of the client itself: in the scripts, and to run them. A
 * missing right to one of them may show only when somebody revokes something, or asks for an approval. So each look asks
 * for all of them.
 */
export const COMMANDS: readonly string[] = [
  ...["EVAL", "WAIT", "INFO", "TIME"],
  ...["GET", "SET", "DEL", "EXISTS", "INCR", "PEXPIREAT", "PEXPIRETIME"],
  ...["HGET", "HSET", "HSETNX", "HDEL", "HEXISTS", "HINCRBY", "HMGET", "HGETALL"],
  ...["ZADD", "ZREM", "ZCARD", "ZSCORE", "ZRANGEBYSCORE", "ZREMRANGEBYRANK"],
];

/** Where a rule stands that gives all of them. */
const RULE = "the README of @hopwise/redis has a rule that is enough";

/** Whether a command was refused because its user lacks a right to it, or to its keys: that does not go by itself. */
export function lacksRights(error: unknown): boolean {
  // Redis 7.0 says it of a command in a script by no word of its own.
  return error instanceof Error && /^(NOPERM\b|ERR The user executing the script can't )/.test(error.message);
}

/** Of a command that was refused. */
export const NO_RIGHTS: string = `does not give the client's user the rights that this needs: ${RULE}`;

/** @param commands those that a look was told of */
export function rightsWords(commands: readonly string[]): string {
  return `does not give the client's user the right to ${commands.join(", ")}, or to its keys: ${RULE}`;
}
