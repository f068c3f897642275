import { expect, it } from "vitest";
import { readerOf } from "../../options/index.ts";
import { errorOf } from "../../world.fixture.ts";
import { httpsAddress, JWKS_URL } from "./https-address.ts";

const read = readerOf<string>("remoteJwks", JWKS_URL);

it.each([
  "https://id.example/jwks.json",
  "https://id.example:8443/?a=b",
  "http://127.0.0.1:8080/jwks",
  "http://localhost/jwks",
  "http://[::1]:8080/jwks",
])("nobody on the way can answer from %s", (address) => {
  expect(read(address)).toBe(address);
});

it.each([
  "http://id.example/jwks.json",
  "http://localhost.example/jwks",
  "http://127.0.0.2/jwks",
  "ftp://localhost/jwks",
  "file:///etc/jwks",
  "id.example/jwks.json",
  "https://",
  "",
  "https://id.example/undefined/jwks",
  "https://ann@id.example/jwks",
  "https://:hunter2@id.example/jwks",
  "http://ann:hunter2@localhost/jwks",
])("%s is no address to ask, and is not told", async (address) => {
  const error = await errorOf(() => read(address));
  expect(error.code).toBe("config_invalid");
  expect(error.message).toContain(
    "an https address without a user and password in it, such as https://id.example/jwks.json; http on this machine alone",
  );
  expect(error.message).not.toContain("hunter2");
});

it("an address is told with what it is of", async () => {
  const users = readerOf("users", httpsAddress("https://users.example", " of a directory"));
  expect((await errorOf(() => users("ftp://x"))).message).toContain(
    "an https address of a directory without a user and password in it, such as https://users.example;",
  );
});
