import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, JSON_OPTION } from "../command.ts";
import { checkCerbos, checkPolicies } from "../doctor/cerbos.ts";
import { checkClock } from "../doctor/clock.ts";
import { type Finding, warning } from "../doctor/finding.ts";
import { checkNode } from "../doctor/node.ts";
import { checkPackages, needsOfNode } from "../doctor/packages.ts";
import { checkServices } from "../doctor/services.ts";
import { STORE } from "../open-state.ts";
import { jsonText, oneLine, paint, type Terminal } from "../terminal.ts";

/** Says what is wrong with a set-up, and, where they are named, with the services that calls stand on. */
export const doctor: Command = {
  name: "doctor",
  words: "",
  count: [0, 0],
  summary: "Says what is wrong with a set-up: Node.js, packages, Cerbos, policies, clock.",
  details: [
    "Starts a PDP with a policy of its own and stops it again, unless --pdp names those that run elsewhere.",
    "Asks of the network only what --pdp, --state, --keys and --server name: name what your server uses, where calls are denied by an outage.",
  ],
  options: {
    policies: { value: "FOLDER", help: "your policies; ./policies where there is one" },
    pdp: {
      value: "TARGET",
      many: true,
      help: "a PDP that your server connects to (connectPdp), such as pdp.internal:3593",
    },
    ...STORE,
    keys: { value: "URL", many: true, help: "the keys of an issuer that your server trusts (remoteJwks)" },
    server: { value: "URL", help: "compares the clocks: a proof is refused where they differ by more than 30 seconds" },
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const policies = typed.value("policies");
    const folder = resolve(terminal.folder, policies ?? "policies");
    const findings: readonly Finding[] = [
      checkNode(process.versions.node, `${process.platform}-${process.arch}`, needsOfNode(terminal.folder)),
      ...checkPackages(terminal.folder),
      ...(typed.has("pdp") ? [] : await checkCerbos()),
      ...(policies !== undefined || existsSync(folder)
        ? await checkPolicies(folder)
        : [warning("policies", "no folder ./policies here; --policies FOLDER names another")]),
      ...(await checkServices(typed, terminal)),
      await checkClock(terminal.now, typed.value("server")),
    ];
    const faults = findings.filter(({ state }) => state === "fault").length;
    if (typed.has("json")) terminal.out(jsonText({ ok: faults === 0, findings }, 2));
    else for (const finding of findings) terminal.out(lineOf(finding, terminal));
    return faults === 0 ? 0 : 1;
  },
};

const COLORS = { ok: "green", warning: "yellow", fault: "red" } as const;

function lineOf({ check, state, text }: Finding, terminal: Terminal): string {
  const [first = "", ...more] = text.split("\n").map(oneLine);
  const head = `${paint(terminal, COLORS[state], state.padEnd(7))}  ${check.padEnd(8)}  ${first}`;
  return [head, ...more.map((line) => `${" ".repeat(19)}${line}`)].join("\n");
}
