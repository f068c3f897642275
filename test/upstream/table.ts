/**
 * What the Python middleware cerbos-fastmcp answers, request by request and caller by caller, with the place that says so:
 * files of the repository cerbos/cerbos-fastmcp as of February 2026 (3bdaef6). `here` is what Hopwise answers otherwise, on
 * purpose.
 */

/** The names in a list, a call that runs, or a refusal. */
export type Answer = readonly string[] | "runs" | "refused";

/** Who asks: the claims of their token. */
export interface Person {
  readonly says: string;
  readonly sub?: string;
  readonly claims?: object;
}

const EXAMPLE = "src/cerbos_fastmcp/examples/server.py";
const tester = (role: string): Person => ({
  says: "tests/test_integration.py: the token of a role, of the region NA",
  sub: "tester",
  claims: { roles: [role], department: role, region: "NA" },
});

export const PEOPLE = {
  ian: {
    says: `docs/example-server.md; ${EXAMPLE}: his static token`,
    sub: "ian",
    claims: { roles: ["ADMIN"], department: "engineering", region: "NA" },
  },
  "tester as ADMIN": tester("ADMIN"),
  sally: {
    says: `docs/example-server.md; ${EXAMPLE}: her static token`,
    sub: "sally",
    claims: { roles: ["SALES"], department: "SALES", region: "EMEA" },
  },
  "tester as SALES": tester("SALES"),
  "a seller of no region": {
    says: `${EXAMPLE}: a claim that is not there is an empty text to the policies`,
    sub: "sam",
    claims: { roles: ["SALES"] },
  },
  harry: {
    says: `docs/example-server.md; ${EXAMPLE}: his static token`,
    sub: "harry",
    claims: { roles: ["HR"], department: "HR", region: "APAC" },
  },
  "a guest": {
    says: "docs/policies.md: no rule names the role, and Cerbos denies what no rule allows",
    sub: "gil",
    claims: { roles: ["GUEST"], department: "none", region: "EMEA" },
  },
  nobody: { says: "docs/configuration.md, access tokens: without one there is no principal" },
  "a forger": { says: `${EXAMPLE}: a token that the server's own verifier does not know`, sub: "mallory" },
} as const satisfies { readonly [name: string]: Person };

export type Name = keyof typeof PEOPLE;

/** An answer for each of {@link PEOPLE}, in their order: a new person does not compile without answers. */
type Answers = readonly [Answer, Answer, Answer, Answer, Answer, Answer, Answer, Answer, Answer];

export interface Row {
  readonly says: string;
  readonly method: string;
  readonly params?: object;
  readonly python: Answers;
  readonly here?: { readonly why: string; readonly answers: Answers };
}

const Y = "runs";
const N = "refused";
const NONE: readonly string[] = [];
const ADMIN = ["greet", "get_sales_data", "get_engineering_data", "admin_tool"];
const SALES = ["greet", "get_sales_data"];
const HR = ["greet", "get_hr_records"];
const PROMPT = ["sampleprompt"];
const RESOURCE = ["prompt://sample"];
const TEMPLATE = ["prompt://sample/{name}"];

const RULES = "docs/policies.md; policies/mcp_tool.yaml";
const call = (name: string, args: object = {}): Pick<Row, "method" | "params"> => ({
  method: "tools/call",
  params: { name, arguments: args },
});

// biome-ignore format: one line an answer, in the order of the people
export const TABLE: { readonly [asked: string]: Row } = {
  //                                  ian    ADMIN  sally  SALES  none   harry guest nobody forger
  "the tools": {
    method: "tools/list",
    says: `${RULES}: the gate tools/list, then tools/list::NAME; tests/test_integration.py: the list of SALES`,
    python:                          [ADMIN, ADMIN, SALES, SALES, SALES, HR,   NONE, N, N],
  },
  "the prompts": {
    method: "prompts/list",
    says: `${RULES}: prompts/list, of ADMIN and SALES; middleware.py: then all of them`,
    python:                          [PROMPT, PROMPT, PROMPT, PROMPT, PROMPT, NONE, NONE, N, N],
  },
  "the resources": {
    method: "resources/list",
    says: `${RULES}: resources/list, of ADMIN; middleware.py: then all of them`,
    python:                          [RESOURCE, RESOURCE, NONE, NONE, NONE, NONE, NONE, N, N],
  },
  "the templates of resources": {
    method: "resources/templates/list",
    says: "middleware.py: the request is none that it looks at",
    python:                          [TEMPLATE, TEMPLATE, TEMPLATE, TEMPLATE, TEMPLATE, TEMPLATE, TEMPLATE, N, N],
    here: {
      why: "what offers resources is asked about as their list",
      answers:                       [TEMPLATE, TEMPLATE, NONE, NONE, NONE, NONE, NONE, N, N],
    },
  },
  "a greeting": {
    ...call("greet", { name: "Ada" }),
    says: `${RULES}: tools/call::greet, of all three roles; tests/test_integration.py: it runs for ADMIN`,
    python:                          [Y, Y, Y, Y, Y, Y, N, N, N],
  },
  "the sales of EMEA": {
    ...call("get_sales_data", { region: "EMEA" }),
    says: `${RULES}: SALES where the argument is the region of the principal, ADMIN anywhere`,
    python:                          [Y, Y, Y, N, N, N, N, N, N],
  },
  "the sales of NA": {
    ...call("get_sales_data", { region: "NA" }),
    says: `${RULES}: the same rule`,
    python:                          [Y, Y, N, Y, N, N, N, N, N],
  },
  "the sales of no region": {
    ...call("get_sales_data", { region: "" }),
    says: `${RULES}: the same rule, where both are empty`,
    python:                          [Y, Y, N, N, Y, N, N, N, N],
  },
  "engineering data": {
    ...call("get_engineering_data", { region: "NA" }),
    says: `${RULES}: of ADMIN alone`,
    python:                          [Y, Y, N, N, N, N, N, N, N],
  },
  "the records of all departments": {
    ...call("get_hr_records"),
    says: `${RULES}: of HR alone, not even of ADMIN`,
    python:                          [N, N, N, N, N, Y, N, N, N],
  },
  "the records of one department": {
    ...call("get_hr_records", { department: "HR" }),
    says: `${RULES}: the same rule`,
    python:                          [N, N, N, N, N, Y, N, N, N],
  },
  "the tool for admins": {
    ...call("admin_tool"),
    says: `${RULES}: of ADMIN alone; tests/test_integration.py: denied to SALES`,
    python:                          [Y, Y, N, N, N, N, N, N, N],
  },
  "a tool that is not there": {
    ...call("no_such_tool"),
    says: "middleware.py: policies are asked before the server looks for the tool, and no rule names it",
    python:                          [N, N, N, N, N, N, N, N, N],
  },
  "a prompt": {
    method: "prompts/get",
    params: { name: "sampleprompt" },
    says: "middleware.py: the request is none that it looks at",
    python:                          [Y, Y, Y, Y, Y, Y, Y, N, N],
    here: {
      why: "nothing is read that no policy was asked about, and no rule names prompts/get",
      answers:                       [N, N, N, N, N, N, N, N, N],
    },
  },
  "a resource": {
    method: "resources/read",
    params: { uri: "prompt://sample" },
    says: "middleware.py: the request is none that it looks at",
    python:                          [Y, Y, Y, Y, Y, Y, Y, N, N],
    here: {
      why: "nothing is read that no policy was asked about, and no rule names resources/read",
      answers:                       [N, N, N, N, N, N, N, N, N],
    },
  },
};

/** What the rule of the page's step 5 changes: ADMIN may read. */
export const WITH_RULE_TO_READ: Answers = [Y, Y, N, N, N, N, N, N, N];

/** What ian gets while no PDP answers. Here each is `policy_unavailable`, on purpose: an outage is no empty list. */
export const OUTAGE: { readonly [asked: string]: { readonly says: string; readonly python: Answer } } = {
  "the tools": { says: "middleware.py: any failure of the gate gives an empty list", python: NONE },
  "the prompts": { says: "middleware.py: the same", python: NONE },
  "the resources": { says: "middleware.py: the same", python: NONE },
  "a greeting": { says: "middleware.py: cerbos_error", python: N },
};
