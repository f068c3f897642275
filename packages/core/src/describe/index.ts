/** What do policies get to see? Told from the options of an authorizer, as a list and as JSON Schemas. */
export {
  type AttributeDescription,
  type ContextDescription,
  type ContextOptions,
  describeContext,
} from "./describe-context.ts";
