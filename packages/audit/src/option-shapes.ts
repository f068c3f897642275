import { type Shape, text } from "@hopwise/core/options";

export const FOLDER: Shape = text("the path of the log's folder, such as ./audit");
