/**
 * Every code that Hopwise can answer with, and everything that is true of a code wherever it comes up. Codes are stable:
 * programs and policies may depend on them; texts may change. `docs/errors.md` is made from this table.
 */

/**
 * Where on its way a call is stopped. `decide-call.ts` has the order. `guard` is the enforcement point itself, before and
 * around the way; `result` comes after the tool has run.
 */
export type Stage =
  | "guard"
  | "arguments"
  | "token"
  | "proof"
  | "state"
  | "agents"
  | "grant"
  | "context"
  | "policy"
  | "approval"
  | "spending"
  | "audit"
  | "result";

/**
 * Those whose refusals say nothing of a tool to somebody who may not see it: they come before one is looked at, or after the
 * policies, or are of the caller's own chain. Each code of any other stage says whether it does.
 */
type OfNoTool =
  | "token"
  | "proof"
  | "state"
  | "agents"
  | "grant"
  | "policy"
  | "approval"
  | "spending"
  | "audit"
  | "result";

/** The properties of one code. */
type CodeRow = OfAnyStage &
  (ReadByCallers | ReadAsAnother) &
  (
    | {
        /**
         * The one stage that gives it; `start` for a set-up that cannot work, `holder` for the maker of tokens and proofs,
         * `statement` for whoever reads that something is revoked or approved.
         */
        readonly stage: OfNoTool | "start" | "holder" | "statement";
        readonly tellsOfTool?: never;
      }
    | {
        readonly stage: Exclude<Stage, OfNoTool>;
        /**
         * Whether it says something of a tool, if only that there is one, or none. Then it is for those who may see the tool; others
         * get `tool_hidden` in its place (`refuseAsShown` in `way/end-otherwise.ts`).
         */
        readonly tellsOfTool: boolean;
      }
  );

interface OfAnyStage {
  /** Whether the same call may be allowed later, without a wider grant or policy. */
  readonly retryable?: true;
  /** A fault that kept us from a good answer. A denial without it is a good answer. */
  readonly fault?: true;
  /** For the operator: the meaning of the code, and what to do. */
  readonly help: string;
}

interface ReadByCallers {
  readonly wire?: never;
  /**
   * For the model: what it may know of the cause, and what to do. Of its own delegation and proof that is all; of policies,
   * users and the set-up nothing. Codes have the same words only where a caller would do the same, and may know no more.
   */
  readonly model: string;
}

/** Of what callers and models may know no more, they see another code and its words: always one with words of its own. */
interface ReadAsAnother {
  readonly wire: string;
  readonly model?: never;
}

/** The table. A code without its row does not exist: {@link ErrorCode} is made of its keys. */
export const CODES = {
  // guard: may the enforcement point serve this at all?
  method_unguarded: {
    stage: "guard",
    tellsOfTool: false,
    model: "This server does not serve this kind of request. Do the task without it.",
    help: "The request is of a kind that Hopwise does not check, or a tool ran outside of a guarded request. Serve the data by a tool, resource or prompt; where it is a tool that was wrapped, put guardTransport before the transport of its server.",
  },
  tool_unguarded: {
    stage: "guard",
    tellsOfTool: true,
    wire: "policy_denied",
    help: "The server has no guarded tool of this name: it was never added, or removed before a session began. Behind `guardTransport` alone: it was not wrapped.",
  },
  tool_not_served: {
    stage: "guard",
    tellsOfTool: true,
    wire: "policy_denied",
    help: "The server itself does not serve this guarded tool to this caller: it was removed or switched off, its `canAccess` says no to the session, or it can be called only as a task, which a guarded server does not offer.",
  },
  tool_hidden: {
    stage: "guard",
    tellsOfTool: false,
    wire: "policy_denied",
    help: "The call was refused before a policy could be asked, and the policies do not show the tool to this caller, who is told no more than of a tool that is not there. The message says what refused it.",
  },
  server_refused: {
    stage: "guard",
    tellsOfTool: true,
    model: "The server refused this call. Do the task without it, or report it.",
    help: "The server answered with an error of its own before a decision was asked for: a hook such as `onToolCall` threw. Its message went to the caller, who may see the tool.",
  },
  call_withdrawn: {
    stage: "guard",
    tellsOfTool: false,
    model: "Nobody waited for this call any more. It did not run.",
    help: "The caller cancelled the call, or ended its session, after it was let in and before the server got it. Nobody got this answer.",
  },
  authentication_failed: {
    stage: "guard",
    tellsOfTool: false,
    model: "You could not be authenticated. Send a valid credential with each request.",
    help: "`userFromAuth` threw, or a request over HTTP came without its headers. The transport's `onerror` got the error, as the cause of one that names the option. Let `userFromAuth` return undefined for a request that carries no login; where it cannot tell just now, such as while the keys of your login cannot be fetched, let it throw a `HopwiseError` of the code `guard_failed`.",
  },
  guard_failed: {
    stage: "guard",
    tellsOfTool: false,
    retryable: true,
    fault: true,
    model: "The call could not be checked just now. Try again later.",
    help: "The enforcement point itself failed, a tool's own schema did not end, or `userFromAuth` gave no answer in time, so the call was not let through. The transport's `onerror` got the cause. Every call ends so while `Object.prototype` has a member of somebody else (`health()` names it): what a call leaves out would be read from there.",
  },

  // arguments: are they exactly one JSON value?
  arguments_malformed: {
    stage: "arguments",
    tellsOfTool: true,
    model: "These arguments cannot be read safely. Send plain JSON within the limits.",
    help: "The arguments are not plain JSON, are not an object, or are too deep or too long. The pointer names the place. It is also the code for a tool's name with characters that nobody sees, and for an argument that is missing or empty although it has the resource's id. A tool whose schema makes dates or maps needs a `projection` in the tool map.",
  },
  arguments_refused: {
    stage: "arguments",
    tellsOfTool: true,
    model: "These arguments do not fit the tool. Send arguments that its schema allows.",
    help: "The tool's own schema refused the arguments before a policy could be asked. Its message went to the caller, who may see the tool.",
  },

  // token: is this chain genuine, alive, and meant for us?
  token_malformed: {
    stage: "token",
    model: "A token of your delegation is broken. Ask for a new one.",
    help: "A token of the chain does not follow the specification. The pointer names the claim.",
  },
  token_too_large: {
    stage: "token",
    model: "Your delegation is longer than this server accepts. Ask for one that hands over less.",
    help: "A token or the chain is longer than the limits. Hand over fewer tools, or shorter constraints; or raise `limits` on both sides.",
  },
  token_version_unsupported: {
    stage: "token",
    model: "Your delegation is of a version that this server does not read. Ask for a new one.",
    help: "The root is of another version of the profile (`hw`), or the chain came in the compact form of another one. Update the older side.",
  },
  token_alg_refused: {
    stage: "token",
    model: "Your delegation is signed in a way that this server does not accept. Ask for a new one.",
    help: "A token names an algorithm that is not accepted, or another one than its signing key has. Use Ed25519 or ES256.",
  },
  token_key_refused: {
    stage: "token",
    model: "A key in your delegation cannot be used. Ask for one that is made for another key.",
    help: "A key in a token cannot be used: wrong kind, a point that is not on its curve, or a private member.",
  },
  token_signature_invalid: {
    stage: "token",
    model: "A signature of your delegation does not hold. Ask for a new one.",
    help: "Another key than the required one signed a token: it was forged or changed, or two keys have the same `kid`. An issuer that changed its key under the same `kid` has its chains taken once its keys were asked for again (`cooldownMs`).",
  },
  token_untrusted_issuer: {
    stage: "token",
    model: "This server does not accept your delegation from its issuer. Ask for one that it accepts.",
    help: "No trust anchor allows the root's `kid`, issuer, user, audience, tools, lifetime or depth. The pointer says which.",
  },
  token_expired: {
    stage: "token",
    retryable: true,
    model: "Your delegation has expired. Ask for a new one.",
    help: "The chain has expired. Use `renewing` where an agent runs longer than its chain.",
  },
  token_not_yet_valid: {
    stage: "token",
    retryable: true,
    model: "Your delegation is not valid yet. Try again later.",
    help: "By this server's clock, a token was issued in the future. Check both clocks.",
  },
  delegation_unavailable: {
    stage: "token",
    retryable: true,
    fault: true,
    model: "Your delegation could not be had just now, so the call did not run. Try again later.",
    help: "The source of a delegation (`renewing`, a function) threw, gave none, or did not answer in time, in a session or when tools were asked for; or the signer of a session did not sign. Check who renews it.",
  },
  issuer_keys_unavailable: {
    stage: "token",
    retryable: true,
    fault: true,
    model: "The keys of your delegation's issuer could not be had just now, so the call did not run. Try again later.",
    help: "The published keys of an issuer could not be had in time, or are too old; the message names it. Check its JWKS endpoint. Or the trust anchors were replaced again and again while the call was decided. Chains of other issuers are not affected.",
  },
  issuer_key_unknown: {
    stage: "token",
    retryable: true,
    model: "This server does not know the key of your delegation's issuer yet. Try again in a minute.",
    help: "No trusted issuer has a key of the root's `kid`, and one that publishes its keys may not be asked again yet (the cool-down of `remoteJwks`), so that it may be a new one. If it stays, nobody published it.",
  },
  chain_depth_exceeded: {
    stage: "token",
    model: "The delegation has more hops than it may have. Do the task yourself, or ask for one with fewer hops.",
    help: "The chain is deeper than one of its tokens, its anchor, or the limits allow.",
  },
  chain_link_broken: {
    stage: "token",
    model: "The tokens of your delegation do not belong together. Send it whole and unchanged, or ask for a new one.",
    help: "A token is not linked to the one before it: tokens were spliced, reordered, repeated or skipped.",
  },
  chain_widened: {
    stage: "token",
    model: "The delegation hands over more than its maker had. Ask for one that hands over less.",
    help: "A token allows more than its parent: a tool, an argument, a time, an audience, a depth. The pointer and the rule say where.",
  },
  principal_changed: {
    stage: "token",
    model: "Your delegation does not act for one and the same user throughout. Ask for a new one.",
    help: "A token names another user or transaction than the root; or a delegation was renewed for another user, or in a session for other agents.",
  },
  audience_mismatch: {
    stage: "token",
    model: "Your delegation is for another server. Ask for one for this server.",
    help: "The chain's audience does not have any of this enforcement point's names, or a renewed one not the name with which its session began. They are compared letter by letter.",
  },

  // proof: is it presented by its holder, for this call, now?
  proof_missing: {
    stage: "proof",
    model:
      "This server needs a delegation chain and a proof with each request. Send both, or, where it takes users without agents, the user's own login.",
    help: "The call came without a chain and a proof. Give its client a delegation (`carryOver`, `carryingFetch`, `createMcpClient`). Where `userFromAuth` lets users in, it found no login in the request either.",
  },
  proof_nonce_required: {
    stage: "proof",
    retryable: true,
    model: "The proof must name the server's nonce. Make a new proof with the one given.",
    help: "The proof does not name a nonce of this server, or names one that has lapsed. Hopwise's clients answer this by themselves. Where it comes again and again, instances behind one address were given different secrets: createNonces({ secret }) of @hopwise/core/state needs the same on all of them; or their clocks differ by more than a nonce lives, a minute where nothing else was said.",
  },
  proof_invalid: {
    stage: "proof",
    model:
      "The proof does not fit this call, your delegation or the time. Make a new proof for each call, with your delegation's own key and a clock that is right.",
    help: "The proof was refused, and the rule says why: another key, chain or tool, a clock that differs, or a form that the specification does not allow.",
  },
  proof_audience_mismatch: {
    stage: "proof",
    model: "The proof was made for another server. Make one for this server.",
    help: "The proof names another enforcement point: the client's `audience` is wrong, or another server relayed the proof.",
  },
  proof_arguments_mismatch: {
    stage: "proof",
    model: "The proof was made for other arguments. Make a new proof for each call.",
    help: "The arguments changed between the proof and this server.",
  },
  subject_mismatch: {
    stage: "proof",
    model: "The delegation belongs to another user than the logged-in one. Send the two of the same user.",
    help: "The transport authenticated another user than the chain's: one of the two credentials is not the caller's own. The message names both, with their issuers. Where the login and the chains are of two issuers, no login is ever a chain's user: give the agent a token without a user beside its chain.",
  },

  // state: was it revoked, or used before?
  revoked: {
    stage: "state",
    model: "Your delegation was revoked. Ask for a new one.",
    help: "A token, key, agent or user that the call relies on was revoked; the message says which. Of an agent or a key the model reads that another delegation with it would be refused, too.",
  },
  proof_replayed: {
    stage: "state",
    // Who reads only that a new proof is needed makes one, and pays twice.
    model:
      "The proof was used before, so its call may have run. Find out before you make it again. Make a new proof for each call.",
    help: "The same proof or nonce came a second time: a client, a proxy or a load balancer repeats requests, or an attacker replays them. The first of them may have run, and its answer may be lost: the record of that call says so. Let nothing on the way repeat a POST.",
  },
  budget_unsupported: {
    stage: "state",
    model: "Your delegation has a budget, and this server keeps none. Ask for a delegation without one.",
    help: "The chain has a budget, and this enforcement point does not count what is spent, so nothing may be. Have the root issued without `budget` for it.",
  },
  state_unavailable: {
    stage: "state",
    retryable: true,
    fault: true,
    model: "The call could not be checked just now, so it did not run. Try again later.",
    help: "The store of revocations or of seen proofs, or the clock, failed or did not answer in time; the message says which, and why. `hopwise doctor --state` asks the store without the server. Calls go on by themselves once it is well.",
  },

  // agents: are they who the chain says?
  agent_unknown: {
    stage: "agents",
    model: "An agent of your delegation is not registered here with its key. Report it.",
    help: "An agent of the chain is not registered, is registered with another key, or its row says that it is there no more (such as `disabled: true`). Register it, or name its class among the `classes` of its delegator.",
  },
  agent_depth_refused: {
    stage: "agents",
    model: "The delegation has more hops than it may have. Do the task yourself, or ask for one with fewer hops.",
    help: "The registry lets this agent stand only in shorter chains (`maxDepth`).",
  },
  agent_invalid: {
    stage: "agents",
    fault: true,
    wire: "attributes_invalid",
    help: "The agent registry gave an unusable agent: `keys` must be a list of public JWKs or thumbprints, each other member of the name and the type that `Agent` says, or left out (`null` is neither, nor is a column `max_depth`), and what its `look` gives an answer, `{ value, ageMs }`.",
  },
  registry_unavailable: {
    stage: "agents",
    retryable: true,
    fault: true,
    wire: "context_unavailable",
    help: "The agent registry threw, or did not answer in time. See to the service that it asks. Calls go on by themselves once it answers.",
  },

  // grant: was it handed over?
  agent_tool_refused: {
    stage: "grant",
    wire: "grant_tool_missing",
    help: "The agent registry does not let this agent take part in calling the tool (`tools`), even where its grant does.",
  },
  grant_tool_missing: {
    stage: "grant",
    model: "This tool was not handed over to you. Do the task without it, or report that you need it.",
    help: "A token of the chain does not hand over the tool. The hop is the first without it.",
  },
  grant_argument_refused: {
    stage: "grant",
    model: "These arguments are outside of what was handed over to you.",
    help: "A token of the chain does not hand over these arguments. The pointer names the argument; `wouldPass` says what would pass. The message says where the tool's own schema put the value there, and where a long list times many clauses took too many steps to check.",
  },
  grant_argument_missing: {
    stage: "grant",
    model: "An argument is missing that your delegation needs. Send it.",
    help: "An argument was neither sent nor put there by the tool's own schema, and a token of the chain hands the call over with it alone. The pointer names it; `wouldPass` says what would pass. Grant it with `optional` where it may be left out.",
  },
  grant_not_of_rows: {
    stage: "grant",
    model:
      "Your delegation hands this search over in a way that cannot be applied to its results. Ask for one that can.",
    help: "The tool gives rows, and a token of the chain constrains an argument of which the tool map's `filter.arguments` does not say what it says of a row, or by a constraint that cannot be said of rows. The pointer names the argument. Map it to `R.id` or an attribute, or to `null` where it says nothing of a row.",
  },

  // context: who and what is it about?
  tool_unmapped: {
    stage: "context",
    tellsOfTool: false,
    wire: "policy_denied",
    help: 'The tool map has no entry for the tool, so no policy can be asked. Say which resource and action it is, or give "*" an entry. Where the map has templates of URIs, exactly one of them must stand for a resource of MCP, and the server must read its URI by the same template, with the same values.',
  },
  user_unknown: {
    stage: "context",
    tellsOfTool: false,
    wire: "policy_denied",
    help: "The user directory knows no such user of this issuer, or what it gave says that they are there no more (such as `active: false`).",
  },
  resource_unknown: {
    stage: "context",
    tellsOfTool: false,
    wire: "policy_denied",
    help: "A loader or a required source of the tool map knows no such resource. Where policies are to decide on one that is not there, let it return an object that says so, or make it optional.",
  },
  attributes_missing: {
    stage: "context",
    tellsOfTool: false,
    wire: "policy_denied",
    help: "A required source of attributes has nothing about the user, or about an agent of the chain. The message names it. Add the entry, or make the source `optional`.",
  },
  attributes_invalid: {
    stage: "context",
    tellsOfTool: true,
    fault: true,
    model: "The server is not set up correctly. Report it; trying again does not help.",
    help: "A directory, registry, source or loader gave data that cannot be put to a policy: wrong roles, a wrong id, a taken name, a scope or version that Cerbos never takes, or a value that is not plain JSON. Or the tool map names an argument that the tool does not have.",
  },
  context_unavailable: {
    stage: "context",
    tellsOfTool: false,
    retryable: true,
    fault: true,
    model: "The call could not be checked just now, so it did not run. Try again later.",
    help: "A directory, source or loader threw, or did not answer in time. The message names it: see to the service that it asks, or to its own code where the message has the class of an error such as `TypeError`.",
  },

  // policy: does every hop's policy allow it?
  policy_denied: {
    stage: "policy",
    model: "The policy does not allow this call.",
    help: "The policies deny the call to this hop. The reason and the rule are the policy's own. Without a reason, no rule allowed it: the role or the action has no rule, a condition is false, or one failed (an attribute that it reads is missing; under strict evaluation such a rule denies). Cerbos' own log tells failed conditions, by the call's id.",
  },
  delegation_denied: {
    stage: "policy",
    // Told apart from a denial of the call, it would say that a resource exists, and that the user may have it.
    wire: "policy_denied",
    help: 'The policies do not let this hop hand authority to the next. The message names the kind and the action that they were asked about. Where your policies have no rules for that, set `delegation: "grants-only"`.',
  },
  policy_unavailable: {
    stage: "policy",
    retryable: true,
    fault: true,
    model: "The call could not be checked just now, so it did not run. Try again later.",
    help: "Cerbos did not answer in time, or could not be reached. `authorizer.health()` says why; `hopwise doctor --pdp` asks a PDP elsewhere without the server. One that `startPdp` started and that died is started again only with `restart: true`.",
  },
  policy_inconclusive: {
    stage: "policy",
    fault: true,
    model: "The call could not be decided. Report it; trying again does not help.",
    help: "Cerbos answered, and the answer cannot be relied on: it is larger than the client takes, it has a number that is not finite (a division by zero), an output that this version does not understand, an obligation that the enforcement point does not fulfil or after which the result would not fit the output schema of the tool, or the request does not fit a schema.",
  },
  policy_request_refused: {
    stage: "policy",
    fault: true,
    wire: "policy_inconclusive",
    help: "Cerbos does not take such a request at all, however often it is asked: it is too large, a kind, action, id, scope, version or name of an attribute is not one that it allows, or it cannot verify the JWT of auxData. The message quotes what it says.",
  },
  approval_required: {
    stage: "policy",
    model: "A person has to approve this call first. Report that you need it.",
    help: "A policy allows the call once a person has approved it, and this enforcement point's state keeps no requests for approvals. Where it does, the answer is no denial: the call waits (`pending`).",
  },
  filter_unsupported: {
    stage: "policy",
    fault: true,
    model: "These data cannot be had by a search. Report it; trying again does not help.",
    help: "The policies' condition on rows has an operator or an attribute that cannot be said of this table: the message names it. Map the attribute to a column, or write the rule with operators of the table in the README of `@hopwise/filter`.",
  },

  // approval: did the people approve it who must?
  approval_denied: {
    stage: "approval",
    model: "A person refused this call. Do not ask for it again; report it.",
    help: "Somebody who may approve the call said no, which ends its request. Where the call named the request, the message says who. A refusal is on record by this denial alone: of a call that was not made again there is none.",
  },
  approval_used: {
    stage: "approval",
    model:
      "This approval was used already: it is good for one call. Make the call again without it, to ask for another.",
    help: "An approval is good for one call, and that call was decided before. The same call without the request's id asks anew.",
  },
  approval_void: {
    stage: "approval",
    model: "This call can never be the one that was approved. Report it; trying again does not help.",
    help: "The tool's own schema makes something else of the same arguments each time, such as a random default, so no approval is of the call that is made later: give the tool a default that stays, or have the argument sent. Or its arguments are no plain data, and only a projection speaks for them: let the schema make texts and numbers of them.",
  },
  approval_limit: {
    stage: "approval",
    retryable: true,
    model: "Too many of your calls wait for a person. Wait for these first.",
    help: "As many requests of this chain wait as may (`approvals.maxWaiting`); or of this user by all chains, 200 or as many as one chain may where that is more. The message says which.",
  },

  // spending: is enough left?
  budget_exhausted: {
    stage: "spending",
    model: "Your delegation's budget does not cover this call.",
    help: "The budget of the chain has less left than the call costs: at this hop's token, or at one above. Or the store cannot vouch for what was spent before it began, and the budget began before: then it counts as spent. Or it begins later. Have a root issued with another budget.",
  },
  rate_exceeded: {
    stage: "spending",
    retryable: true,
    model: "There were too many calls. Wait, then try again.",
    help: "The chain, the user or the agent made as many calls within the window as `rates` allows. The next window begins at the time that the denial names.",
  },

  // audit: is it on record?
  audit_unavailable: {
    stage: "audit",
    retryable: true,
    fault: true,
    model: "The call could not be recorded just now, so it did not run. Try again later.",
    help: "The audit sink failed or was too slow, and an allowed call does not run without its record. The message says why, as far as the sink does. Make room on the disk, or mend what the sink writes to: an audit log then goes on by itself, a stream that broke (`jsonLinesAudit`) takes a new process.",
  },

  // result: may it be shown?
  result_withheld: {
    stage: "result",
    fault: true,
    model: "The tool ran, or may still run, and its result may not be shown. Do not call it again; report it.",
    help: "The policies oblige to change the result, and a result of this form cannot be changed: return JSON, or let the policy point at values that exist. Or a function ran that did not ask before (the record is `tool_unguarded`), or may still run (`guard_failed`): wrap it, or see why its own schema does not end. Or its MCP server cannot send what the tool gave: the transport's `onerror` got why.",
  },
  filter_lapsed: {
    stage: "result",
    retryable: true,
    model: "The search took too long, so nothing of it may be shown. Try again later.",
    help: "A filter serves one read of one call, within `filter.withinMs` of its decision. The tool was too slow. Take it right before the read; give the tool's filter a longer `withinMs` where its reads need it.",
  },
  filter_unapplied: {
    stage: "result",
    fault: true,
    model: "The search ran, and what it found may not be shown. Do not call it again; report it.",
    help: "The tool gives rows, and returned without applying the filter of its call; or it took that filter a second time, which serves one read. Read the rows once, by `visibleRows` of `@hopwise/filter`, or by `take` and `check` of `currentFilter()`; and await them: a tool that forgets the `await` returns before its rows were checked.",
  },

  // holder: the maker of a proof
  signing_failed: {
    stage: "holder",
    retryable: true,
    model: "The request could not be signed, so it was not sent. Try again later, or report it.",
    help: "The delegation could not be obtained in time, its key could not sign, or what names approvals failed. The error is the cause.",
  },

  // statement: may its signer revoke, or approve, just this?
  revocation_refused: {
    stage: "statement",
    model: "You may not revoke this. Revoke what you handed on, or what you hold yourself.",
    help: "A signed revocation names something that is not its signer's: a token that its evidence does not end with, that another issuer's chain has, or above the signer; or a user, key or agent, which only an issuer may name.",
  },
  approval_refused: {
    stage: "statement",
    model: "The approval is not for this call as it is now. Have the call approved as it is.",
    help: "A signed approval is of another request than the one that this call makes, outlives it, or is signed by a key of no approver or of an agent of the chain. Or its request lapsed, or its store lost it: the same call, made again, asks for a new one.",
  },

  // start: can this set-up work?
  pdp_missing: {
    stage: "start",
    model: "The server is not set up correctly. Report it; trying again does not help.",
    help: "No Cerbos binary was found for this platform, or no PDP answers at the address. The message says where it was looked, and how to get one; `hopwise doctor` looks again.",
  },
  pdp_start_failed: {
    stage: "start",
    model: "The server is not set up correctly. Report it; trying again does not help.",
    help: "Cerbos did not start. The message quotes its output.",
  },
  policy_invalid: {
    stage: "start",
    model: "The server is not set up correctly. Report it; trying again does not help.",
    help: "A policy, schema or policy test is broken. The message names file and line.",
  },
  config_invalid: {
    stage: "start",
    model: "The server is not set up correctly. Report it; trying again does not help.",
    help: "An option is missing or cannot be right. The message names it.",
  },
} as const;

/** Every code Hopwise can answer with. */
export type ErrorCode = keyof typeof CODES;

/** Codes of one stage, or of several. */
export type CodesOf<At extends CodeRow["stage"]> = {
  [Code in ErrorCode]: (typeof CODES)[Code]["stage"] extends At ? Code : never;
}[ErrorCode];

/** Codes that a denial can have. */
export type DenialCode = CodesOf<Stage>;

/** The properties of a code. */
export function rowOf(code: ErrorCode): CodeRow {
  return CODES[code];
}

/** Whether a call can end by it. A refusal of a set-up, of a maker of tokens, or of a statement ends none. */
export function isDenialCode(code: ErrorCode): code is DenialCode {
  const { stage } = CODES[code];
  return stage !== "start" && stage !== "holder" && stage !== "statement";
}

/** The code that callers and models see in the place of this one. */
export function wireCodeOf(code: DenialCode): DenialCode {
  return (rowOf(code).wire ?? code) as DenialCode;
}
