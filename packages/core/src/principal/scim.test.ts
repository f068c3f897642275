/** Directories that say by an answer of 200 that there is nobody, as SCIM does. */
import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { agentsOverHttp } from "./agents-over-http.ts";
import { usersOverHttp } from "./users-over-http.ts";

const alice = { issuer: "https://id.example", subject: "alice" };
interface Found {
  readonly Resources?: readonly { readonly id: string; readonly active: boolean }[];
}

/** The same `parse` in front of each kind of directory. */
const asked = (answer: unknown) => {
  const options = {
    name: "scim",
    parse: (body: unknown): never => {
      const { Resources } = Object(body) as Found;
      const [person] = Resources ?? [];
      if (Resources === undefined) return body as never;
      return (person?.active === true ? { id: person.id, roles: ["clerk"] } : null) as never;
    },
    fetch: async () => Response.json(answer),
  };
  const url = (): string => "https://hr.example/Users";
  const users = usersOverHttp({ ...options, url });
  const agents = agentsOverHttp({ ...options, url });
  return [async () => users.find(alice), async () => agents.find("planner")];
};

describe("an answer in which a directory over HTTP", () => {
  it("has somebody is who that is", async () => {
    for (const find of asked({ Resources: [{ id: "u-1", active: true }] })) {
      expect(await find()).toEqual({ id: "u-1", roles: ["clerk"] });
    }
  });

  it.each([
    ["has nobody", { Resources: [] }],
    ["has somebody who left", { Resources: [{ id: "u-1", active: false }] }],
  ])("%s says that nobody is known by the name, where parse says so", async (_, answer) => {
    for (const find of asked(answer)) expect(await find()).toBeUndefined();
  });

  it("has nothing is an outage, also where parse passes it on: nobody looked at it", async () => {
    for (const find of asked(null)) {
      expect((await errorOf(find())).message).toMatch(/^parse made no (user|agent) of its answer$/);
    }
  });
});
