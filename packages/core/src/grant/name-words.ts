import { wholeText } from "../lib/index.ts";

/** A name as it is; in quotation marks where it could be read as more than a name, such as `to is any value; id`. */
export function nameWords(name: string): string {
  return wholeText(PLAIN.test(name) ? name : JSON.stringify(name));
}

const PLAIN = /^[^\s"'`()[\]{},;\\]+$/u;
