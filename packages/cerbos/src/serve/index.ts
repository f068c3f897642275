/** How does a decision point run beside this process, for as long as it lives? */

export type { PdpChange, RestartOptions } from "./keep-running.ts";
export { type Pdp, type StartPdpOptions, startPdp } from "./start-pdp.ts";
