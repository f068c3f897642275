import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Asks a Cerbos executable whether it takes two rules for one, by a policy and its test. No version says so: it came
 * with 0.52 and is in 0.55, and may go with any of the next.
 *
 * @param test runs `cerbos compile` on a folder; true where all compiles and passes
 */
export async function mixesUpRules(test: (folder: string) => Promise<boolean>): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "hopwise-mixing-"));
  try {
    await writeFile(join(folder, "song.yaml"), POLICY);
    await writeFile(join(folder, "song_test.yaml"), TEST);
    return !(await test(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of two rules in one policy, the second gets the condition of the first: so the answer is the same at each start. */
const POLICY = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: song
  version: default
  rules:
    - actions: [sing]
      effect: EFFECT_ALLOW
      roles: [nobody]
      condition: { match: { all: { of: [{ expr: R.attr.loud }] } } }
    - actions: [sing]
      effect: EFFECT_ALLOW
      roles: [singer]
      condition: { match: { none: { of: [{ expr: R.attr.loud }] } } }
`;

const TEST = `name: song
principals: { ann: { id: ann, roles: [singer] } }
resources: { loud: { kind: song, id: loud, attr: { loud: true } } }
tests:
  - name: loud
    input: { principals: [ann], resources: [loud], actions: [sing] }
    expected: [{ principal: ann, resource: loud, actions: { sing: EFFECT_DENY } }]
`;
