import type { GRPC } from "@cerbos/grpc";
import { having, maybe, mustBe, optionsOf, readerOf, reading, such } from "@hopwise/core/options";

/** A feature that Hopwise relies on, and that a PDP lacks or may lack. Stable, for programs. */
export type PdpWarningCode =
  | "target_absent"
  | "version_unknown"
  | "annotations_missing"
  | "role_policies_unsafe"
  | "failed_rules_unseen"
  | "strict_evaluation_off"
  | "strict_evaluation_unknown"
  | "schemas_not_enforced"
  | "rules_mixed_up"
  | "canary_outdated";

/** Something an operator should know about a PDP before relying on it. */
export interface PdpWarning {
  readonly code: PdpWarningCode;
  /** The missing feature, the consequence, and what to do. */
  readonly text: string;
  /** Where the PDP is, if it was connected to by a target. */
  readonly target?: string;
}

/** The findings of {@link probePdp}. */
export interface PdpProbe {
  /** Version of Cerbos, as it says itself, such as `0.55.0`. */
  readonly version: string;
  /** Empty when nothing is missing. Nothing is printed. */
  readonly warnings: readonly PdpWarning[];
}

/** Options of {@link probePdp}. */
export interface ProbePdpOptions {
  readonly signal?: AbortSignal;
}

const readClient = readerOf<Pick<GRPC, "serverInfo" | "checkResources">>(
  "probePdp",
  having("a Cerbos client, such as new GRPC(target, { tls: true })", "serverInfo", "checkResources"),
);
const readOptions = optionsOf<ProbePdpOptions>("probePdp", {
  signal: maybe(such("a signal, such as AbortSignal.timeout(2_000)", (value) => value instanceof AbortSignal)),
});

/**
 * Asks a PDP for its version, and tries how it is set up: whether it denies where a rule cannot be evaluated, and where
 * attributes do not fit their schema, and whether it mixes up rules. Neither a version number nor any other answer of
 * Cerbos tells that, so the probe asks about a policy that serves this purpose alone: `hopwise_canary`, which comes with
 * this project's policies. Without it the warning is `strict_evaluation_unknown`. The questions decide nothing; a
 * decision log shows them as `hopwise-probe`.
 *
 * @example
 * ```ts
 * const { version, warnings } = await probePdp(cerbos, { signal: AbortSignal.timeout(2_000) });
 * for (const { code, text } of warnings) console.warn(`${code}: ${text}`);
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for what is no client, or gives what no PDP answers; the client's error where
 *   the PDP does not answer
 */
export async function probePdp(
  client: Pick<GRPC, "serverInfo" | "checkResources">,
  given: ProbePdpOptions = {},
): Promise<PdpProbe> {
  readClient(client);
  const options = readOptions(given);
  const [info, behaviour] = await Promise.all([client.serverInfo(options), lacksByBehaviour(client, options)]);
  const version = answered("serverInfo", info, (it) => it.version);
  if (typeof version !== "string") mustBe("probePdp", "the version that client.serverInfo gives", "a text", version);
  return { version, warnings: [...lacksOf(version), ...behaviour] };
}

/** The kind whose policy decides nothing. */
export const CANARY = "hopwise_canary";

type CanaryClient = Pick<GRPC, "checkResources">;

/** Whether the PDP has the canary's policy. */
export async function hasCanary(client: CanaryClient, options: ProbePdpOptions): Promise<boolean> {
  return (await askCanary(client, options)).known;
}

async function lacksByBehaviour(client: CanaryClient, options: ProbePdpOptions): Promise<readonly PdpWarning[]> {
  const { known, strict, enforced, mixing } = await askCanary(client, options);
  if (!known) return [{ code: "strict_evaluation_unknown", text: STRICT_UNKNOWN }];
  return [
    ...(strict ? [] : [{ code: "strict_evaluation_off", text: STRICT_OFF } as const]),
    ...(enforced ? [] : [{ code: "schemas_not_enforced", text: SCHEMAS_IGNORED } as const]),
    ...(mixing === true ? [{ code: "rules_mixed_up", text: RULES_MIXED_UP } as const] : []),
    ...(mixing === undefined ? [{ code: "canary_outdated", text: CANARY_OUTDATED } as const] : []),
  ];
}

interface Song {
  readonly known: boolean;
  /** It denied where a DENY rule failed. */
  readonly strict: boolean;
  /** It denied where attributes did not fit their schema. */
  readonly enforced: boolean;
  /** It answered for one rule by the condition of another; undefined where its canary does not have these rules. */
  readonly mixing: boolean | undefined;
}

async function askCanary(client: CanaryClient, options: ProbePdpOptions): Promise<Song> {
  const answer = await client.checkResources(
    {
      principal: { id: "hopwise-probe", roles: ["hopwise_probe"] },
      resources: [
        { resource: { kind: CANARY, id: "rule", attr: { song: "none" } }, actions: ["evaluate"] },
        { resource: { kind: CANARY, id: "schema", attr: {} }, actions: ["validate"] },
        { resource: { kind: CANARY, id: "quiet", attr: { song: "none" } }, actions: ["combine"] },
        { resource: { kind: CANARY, id: "loud", attr: { song: "loud" } }, actions: ["combine"] },
      ],
      includeMetadata: true,
    },
    options,
  );
  return answered("checkResources", answer, ({ results: [rule, schema, quiet, loud] }) => {
    const [forQuiet, forLoud] = [quiet, loud].map((it) => it?.actions["combine"] === "EFFECT_ALLOW");
    return {
      known: rule?.metadata?.actions["evaluate"]?.matchedPolicy === `resource.${CANARY}.vdefault`,
      strict: rule?.actions["evaluate"] === "EFFECT_DENY",
      enforced: schema?.actions["validate"] === "EFFECT_DENY",
      mixing: forQuiet === forLoud ? undefined : forLoud,
    };
  });
}

/** What a client gave: it may be a program's own, round one of Cerbos. @throws {HopwiseError} `config_invalid` for no answer */
function answered<Answer, T>(method: string, answer: Answer, read: (answer: Answer) => T): T {
  return reading("probePdp", `what client.${method} gives`, "the answer of a PDP", answer, read);
}

const STRICT_UNKNOWN =
  `It has no policy for "${CANARY}", so it cannot be seen whether it denies when a rule cannot be evaluated. ` +
  "Add that policy (and its schema) to its policies, and set engine.strictEvaluation (Cerbos 0.55.0 or newer).";
const STRICT_OFF =
  "It skips a rule that cannot be evaluated, also one that denies: what the rule forbids is then allowed. " +
  "Use Cerbos 0.55.0 or newer and set engine.strictEvaluation to true.";
const SCHEMAS_IGNORED =
  "It lets attributes pass that do not fit their schema, and rules that read them may fail. " +
  'Set schema.enforcement to "reject".';

const RULES_MIXED_UP =
  "It takes two rules for one whose expressions are the same in the same order, and judges both by one condition, also " +
  "where one denies. All versions that we tried do so, 0.55.0 too, so there is none to change to. Run hopwise test (or " +
  "lintPolicies) on its policies before each roll-out: it names such rules, and their cure is one expr. Where it names none, " +
  "nothing is left to do, and this warning may be left out by its code.";
const CANARY_OUTDATED =
  `Its policy for "${CANARY}" is that of an older Hopwise, so it cannot be seen whether it mixes up rules. Replace it by ` +
  "the present one.";

/** The features that versions before this one lack. */
const SINCE: readonly (readonly [minor: number, code: PdpWarningCode, text: string])[] = [
  [51, "annotations_missing", "Its decision log cannot show chain and hop: it does not know request annotations."],
  [
    51,
    "role_policies_unsafe",
    "A role policy does not stop what it does not list: the parent role's permissions come through.",
  ],
  [
    54,
    "failed_rules_unseen",
    "A rule that cannot be evaluated leaves no trace, not even in its log, so the skipped rule goes unnoticed.",
  ],
];

function lacksOf(version: string): readonly PdpWarning[] {
  const [, major, minor] = /^v?(\d+)\.(\d+)\.\d+/.exec(version) ?? [];
  if (major === undefined) {
    return [{ code: "version_unknown", text: "It does not say which version it is: what it lacks cannot be told." }];
  }
  if (Number(major) > 0) return [];
  return SINCE.filter(([since]) => Number(minor) < since).map(([since, code, text]) => ({
    code,
    text: `${text} Use Cerbos 0.${since}.0 or newer; this is ${version}.`,
  }));
}
