import type { Denied } from "../decision/index.ts";
import { defined } from "../lib/index.ts";
import { reading } from "../options/index.ts";
import { type ModelView, modelView } from "./model-view.ts";

/** The part of a denial that may leave to its caller: what a model reads, and what a program needs. */
export interface WireView extends ModelView {
  /** Names the denial's record, for the operator of the server. */
  readonly invocation?: string;
  /** The first hop that was refused; with `policy_denied` always 0, and only the record tells which it was. */
  readonly hop?: number;
  /** The nonce that the next proof must name; only with `proof_nonce_required`. */
  readonly nonce?: string;
}

/**
 * Makes the view of a denial that leaves the server. The same members, in the same order, for every denial with the same code:
 * what is not there looks to the byte like what is not allowed.
 *
 * @param denied a refusal by the enforcement point itself has no record to name
 * @throws {HopwiseError} `config_invalid` for what is no denial
 */
export function wireView(
  denied: Parameters<typeof modelView>[0] & Partial<Pick<Denied, "invocation" | "hop" | "nonce">>,
): WireView {
  const { invocation, nonce, ...more } = reading("wireView", "denied", "the denial of an authorizer", denied, (it) => ({
    ...it,
  }));
  const view = modelView(denied);
  // What is not there is refused at the user. Another hop would say that a thing exists, and that the user may have it.
  const hop = view.code === "policy_denied" ? 0 : more.hop;
  return { ...view, ...defined({ invocation, hop, nonce }) };
}
