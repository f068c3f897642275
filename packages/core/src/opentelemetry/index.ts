/**
 * Calls as traces and metrics of OpenTelemetry. A door of its own: the core's runs where `@opentelemetry/api` is not
 * installed.
 *
 * @packageDocumentation
 */
export { type OpenTelemetryOptions, openTelemetry } from "./open-telemetry.ts";
