import { HopwiseError, type WaitingApproval } from "@hopwise/core";
import { faultOf, inOwnWords } from "@hopwise/core/adapter";
import { isHttpsAddress } from "@hopwise/core/options";
import { pageShown } from "../protocol/index.ts";
import type { Flight } from "./flights.ts";
import type { Guard } from "./guard.ts";

/** A client that asks for ever must not make what is remembered of it grow. */
const MOST_OFFERED = 1000;

/**
 * Where the host has a page for answers, a call that waits comes back with its address. A client that can show its user
 * a page is asked to, on the stream of that call, which its caller alone reads: once for each request, since the same call is made
 * again until somebody answered. Nobody waits for what it answers: an approval is a signature, and comes another way.
 */
export function offerPage(guard: Guard, flight: Flight, approval: WaitingApproval): void {
  const { approvalUrl, flights, inner, offered, report } = guard;
  const { request } = approval;
  if (approvalUrl === undefined) return;
  let page: string;
  try {
    page = addressIn(approvalUrl(approval));
  } catch (cause) {
    const message = `approvalUrl gave no https address (http on this machine alone), so the call waits without a page: ${faultOf(cause)}`;
    report(new HopwiseError("guard_failed", message, { cause }));
    return;
  }
  flight.page = page;
  if (!guard.showsPages || !flights.isOpen(flight) || offered.has(request)) return;
  offered.add(request);
  if (offered.size > MOST_OFFERED) offered.delete(offered.values().next().value as string);
  const send = async (): Promise<void> =>
    inner.send(pageShown(approval, page), { relatedRequestId: flight.request.id });
  send().catch((error: unknown) => {
    // The call waits all the same.
    offered.delete(request);
    report(error);
  });
}

/** People log in there: over plain http, whoever stands on the way could show them another page. */
function addressIn(url: unknown): string {
  if (isHttpsAddress(url)) return url;
  throw inOwnWords(new HopwiseError("guard_failed", "it gave something else"));
}
