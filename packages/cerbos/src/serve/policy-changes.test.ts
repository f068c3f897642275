/** Each way in which a policy folder changes: what the folder forbids must soon be forbidden. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder, writeIn } from "../testing/policies.ts";
import { until } from "../testing/until.ts";
import { type Pdp, type StartPdpOptions, startPdp } from "./start-pdp.ts";

const rules = (effect: "ALLOW" | "DENY", kind = "door"): string => `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: ${kind}
  version: default
  rules:
    - { actions: [open], effect: EFFECT_${effect}, roles: [user] }
`;
const write = (folder: string, effect: "ALLOW" | "DENY"): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "door.yaml"), rules(effect));
};
/** Another policy, so that a folder from which the one is gone still holds some. */
const lamp = (folder: string): void => writeFileSync(join(folder, "lamp.yaml"), rules("ALLOW", "lamp"));
/** As a new link takes the place of the old: there is always one. */
const link = (to: string, at: string): void => {
  symlinkSync(to, `${at}.new`);
  renameSync(`${at}.new`, at);
};

interface Way {
  /** Makes the folder `at`, in which it is allowed. */
  readonly make?: (at: string) => void;
  /** Changes it to where it is not. */
  readonly forbid: (at: string) => void;
}

const WAYS: { readonly [name: string]: Way } = {
  "a file written in place": { forbid: (at) => write(at, "DENY") },
  "a file renamed over the old": {
    forbid: (at) => {
      writeFileSync(join(at, "door.tmp"), rules("DENY"));
      renameSync(join(at, "door.tmp"), join(at, "door.yaml"));
    },
  },
  "a file deleted": { forbid: (at) => unlinkSync(join(at, "door.yaml")) },
  "a file that is a link to elsewhere, written there": {
    make: (at) => {
      write(`${at}-elsewhere`, "ALLOW");
      mkdirSync(at);
      symlinkSync(join(`${at}-elsewhere`, "door.yaml"), join(at, "door.yaml"));
    },
    forbid: (at) => write(`${at}-elsewhere`, "DENY"),
  },
  "a ConfigMap of Kubernetes": {
    make: (at) => {
      write(join(at, "..1"), "ALLOW");
      link("..1", join(at, "..data"));
      symlinkSync("..data/door.yaml", join(at, "door.yaml"));
    },
    forbid: (at) => {
      write(join(at, "..2"), "DENY");
      link("..2", join(at, "..data"));
      rmSync(join(at, "..1"), { recursive: true });
    },
  },
  "the folder a link that is swapped": {
    make: (at) => {
      write(`${at}-1`, "ALLOW");
      link(`${at}-1`, at);
    },
    forbid: (at) => {
      write(`${at}-2`, "DENY");
      link(`${at}-2`, at);
    },
  },
  "the folder moved away, and another in its place": {
    forbid: (at) => {
      write(`${at}-new`, "DENY");
      renameSync(at, `${at}-old`);
      renameSync(`${at}-new`, at);
    },
  },
  "the folder removed, and copied again": {
    forbid: (at) => {
      write(`${at}-new`, "DENY");
      rmSync(at, { recursive: true });
      cpSync(`${at}-new`, at, { recursive: true });
    },
  },
  "a subfolder moved away": {
    make: (at) => write(join(at, "sub"), "ALLOW"),
    forbid: (at) => renameSync(join(at, "sub"), `${at}-away`),
  },
  "a subfolder moved in, in place of another": {
    make: (at) => write(join(at, "sub"), "ALLOW"),
    forbid: (at) => {
      write(`${at}-new`, "DENY");
      rmSync(join(at, "sub"), { recursive: true });
      renameSync(`${at}-new`, join(at, "sub"));
    },
  },
};

async function started(policies: string, options: Partial<StartPdpOptions> = {}): Promise<Pdp> {
  const pdp = await startPdp({ policies, ...options });
  onTestFinished(() => pdp.close());
  return pdp;
}

function opens(pdp: Pdp): Promise<boolean> {
  return pdp.client.isAllowed({
    principal: { id: "ann", roles: ["user"] },
    resource: { kind: "door", id: "d1" },
    action: "open",
  });
}

/** What Cerbos and Hopwise said, the latter by itself. */
function told(lines: readonly string[]): readonly string[] {
  const all = lines.map((line) => JSON.parse(line) as { readonly "log.logger": string; readonly message: string });
  return all.filter((line) => line["log.logger"] === "hopwise").map(({ message }) => message);
}

describe("a policy folder that changes is served as it is", () => {
  it.each(Object.entries(WAYS))("%s, and then written in place", async (_, { make, forbid }) => {
    const at = join(temporaryFolder(), "policies");
    (make ?? ((folder) => write(folder, "ALLOW")))(at);
    lamp(at);
    const lines: string[] = [];
    const pdp = await started(at, { onLog: (line) => lines.push(line) });
    expect(await opens(pdp)).toBe(true);
    forbid(at);
    lamp(at);
    await until(async () => !(await opens(pdp)));
    // Some ways make a watch deaf that is told by the file system: what comes after them must be heard, too.
    rmSync(join(at, "sub"), { recursive: true, force: true });
    write(at, "ALLOW");
    await until(() => opens(pdp));
    expect([told(lines), pdp.health()]).toEqual([[], { ok: true }]);
  });

  it("also where nothing but a schema changes, behind a link to the folder of schemas", async () => {
    const schema = "  schemas: { resourceSchema: { ref: cerbos:///door.json } }\n  rules:";
    const at = temporaryFolder({
      "door.yaml": rules("ALLOW").replace("  rules:", schema),
      "..data/_schemas/door.json": "{}",
      _schemas: "-> ..data/_schemas",
    });
    const pdp = await started(at);
    expect(await opens(pdp)).toBe(true);
    writeFileSync(join(at, "..data/_schemas/door.json"), '{ "required": ["colour"] }');
    await until(async () => !(await opens(pdp)));
    expect(pdp.health()).toEqual({ ok: true });
  });

  it("and not one file of it before all of it is: Cerbos reads a schema when it is first asked about it", async () => {
    const schema = "  schemas: { resourceSchema: { ref: cerbos:///door.json } }\n  rules:";
    const at = temporaryFolder({
      "door.yaml": rules("ALLOW").replace("  rules:", schema),
      "_schemas/door.json": '{ "required": ["colour"] }',
    });
    const pdp = await started(at, { onLog: () => {} });
    writeFileSync(join(at, "_schemas/door.json"), "{}");
    writeFileSync(join(at, "lamp.yaml"), "does: [not, compile]");
    await until(() => !pdp.health().ok);
    expect(await opens(pdp)).toBe(false);
  });

  it("and what lies about of a change that is closed under way is gone, too", async () => {
    const [at, temporary] = [temporaryFolder(), temporaryFolder()];
    write(at, "ALLOW");
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const pdp = await started(at, { onLog: () => {} });
    const isThere = (name: string): boolean =>
      readdirSync(temporary).some((home) => existsSync(join(temporary, home, name)));
    for (let i = 0; i < 500; i++) writeFileSync(join(at, `lamp-${i}.yaml`), rules("ALLOW", `lamp-${i}`));
    await until(() => isThere("next"));
    await pdp.close();
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("and no call that is under way fails by it", async () => {
    const at = temporaryFolder();
    write(at, "ALLOW");
    const pdp = await started(at, { sharing: false });
    const before: Promise<boolean>[] = [];
    let answer = true;
    write(at, "DENY");
    while (answer) {
      before.push(opens(pdp), opens(pdp), opens(pdp));
      answer = (await before.at(-1)) as boolean;
    }
    await Promise.all(before);
  });

  it.each([
    ["a member that is not known", rules("ALLOW", "lamp").replace("roles: [user]", "roles: [user], lit: yes")],
    ["an empty document, at which Cerbos crashes", `${rules("ALLOW", "lamp")}---\n`],
    ["not a byte, as a full disk leaves it", ""],
    ["a link that leads nowhere", "-> nowhere"],
  ])("and not where it does not compile: health and one warning say so until it does (%s)", async (_, broken) => {
    const at = temporaryFolder();
    write(at, "ALLOW");
    lamp(at);
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    const pdp = await started(at);
    write(at, "DENY");
    rmSync(join(at, "lamp.yaml"));
    writeIn(at, "lamp.yaml", broken);
    await until(() => !pdp.health().ok);
    const problem = expect.stringMatching(/do not compile\. Correct these places:[\s\S]*lamp\.yaml/);
    expect([pdp.health(), await opens(pdp)]).toEqual([{ ok: false, problem }, true]);
    rmSync(join(at, "lamp.yaml"));
    await until(async () => !(await opens(pdp)));
    await until(() => pdp.health().ok);
    const said = expect.stringMatching(
      /^A change has no effect: the PDP goes on with[\s\S]*Correct these places:[\s\S]*lamp\.yaml/,
    );
    expect(warned.mock.calls).toEqual([[said, "HopwiseWarning"]]);
  });
});

describe("a policy folder that cannot be read for some seconds", () => {
  const answer = (pdp: Pdp): Promise<boolean | undefined> => opens(pdp).catch(() => undefined);

  const FAULTS: { readonly [name: string]: [spoil: (at: string) => void, mend: (at: string) => void] } = {
    "it is gone": [(at) => renameSync(at, `${at}-away`), () => {}],
    "one file of it cannot be": [
      (at) => symlinkSync("/proc/self/mem", join(at, "z.yaml")),
      (at) => rmSync(join(at, "z.yaml"), { force: true }),
    ],
    "nothing is in it, as where a mount is away": [(at) => unlinkSync(join(at, "door.yaml")), () => {}],
  };
  it.runIf(existsSync("/proc/self/mem")).each(Object.entries(FAULTS))(
    "is not served from memory: the PDP is stopped, and serves again once it can be read (%s)",
    async (_, [spoil, mend]) => {
      const at = join(temporaryFolder(), "policies");
      write(at, "ALLOW");
      const lines: string[] = [];
      const pdp = await started(at, { onLog: (line) => lines.push(line) });
      spoil(at);
      await until(async () => (await answer(pdp)) === undefined);
      expect(pdp.health()).toEqual({ ok: false, problem: expect.stringContaining("cannot be checked") });
      expect(told(lines)).toEqual([
        expect.stringMatching(/^The PDP is stopped .*cannot be checked.*(ENOENT|EIO|holds no policy)/),
      ]);
      mend(at);
      write(at, "DENY");
      await until(async () => (await answer(pdp)) === false);
      await until(() => pdp.health().ok);
    },
  );
});
