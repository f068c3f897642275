import { HopwiseError } from "@hopwise/core";
import { onceInProcess } from "@hopwise/core/adapter";

/** What stands in front of transports: a guard of a server, or what carries a client's chain. */
const layers: { readonly [kind in "guard" | "carrier"]: WeakSet<object> } = {
  guard: onceInProcess("mcp/guards/1", () => new WeakSet<object>()),
  carrier: onceInProcess("mcp/carriers/1", () => new WeakSet<object>()),
};

const WHY: { readonly [kind in keyof typeof layers]: string } = {
  guard:
    "its requests pass a guard already, which takes chain and proof out, so that a second guard would refuse them all",
  carrier: "what passes it is signed already, so that nobody would see which of two delegations a request shows",
};

/**
 * One layer of a kind. Two of them would look like one.
 *
 * @throws {HopwiseError} `config_invalid` where `inner` is such a layer
 */
export function checkOneLayer(called: string, kind: keyof typeof layers, inner: object): void {
  if (layers[kind].has(inner))
    throw new HopwiseError("config_invalid", `${called}: ${WHY[kind]}; give it what that one was made of`);
}

export function noteLayer<Layer extends object>(kind: keyof typeof layers, layer: Layer): Layer {
  layers[kind].add(layer);
  return layer;
}
