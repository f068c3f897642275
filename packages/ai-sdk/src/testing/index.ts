/**
 * A model for tests of agent loops: it says and calls what a test tells it to. Companies and policies for them come from
 * `@hopwise/core/testing`.
 *
 * @packageDocumentation
 */
export { type ScriptedCall, type ScriptedModel, type ScriptedTurn, scriptedModel } from "./scripted-model.ts";
