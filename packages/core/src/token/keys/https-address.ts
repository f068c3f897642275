import { composed, type Shape } from "../../options/index.ts";

/** An address from which nobody on the way can answer. */
export function httpsAddress(example: string, of = ""): Shape {
  return composed(
    `an https address${of} without a user and password in it, such as ${example}; http on this machine alone`,
    isHttps,
  );
}

/** Whether somebody who is sent there, or sends a secret there, reaches nobody on the way. */
export function isHttpsAddress(given: unknown): given is string {
  return JWKS_URL.safeParse(given).success;
}

export const JWKS_URL: Shape = httpsAddress("https://id.example/jwks.json");

/** Whoever stands on the way to plain http could put keys of their own in. `fetch` takes no address with a password. */
export function isHttps(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isThisMachine(hostname));
}

/** Whether a host, as a URL has it, is this machine: nobody stands on the way there. */
export function isThisMachine(hostname: string): boolean {
  return ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}
