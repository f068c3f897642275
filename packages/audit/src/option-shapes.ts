import { composed, either, list, type Shape } from "@hopwise/core/options";

/** Where a log is read: its folder; or those of several instances, which are read as one. */
export type AuditFolders = string | readonly string[];

export const FOLDER: Shape = composed("the path of the log's folder, such as ./audit");

const FOLDERS_WORDS = "the path of a log's folder, such as ./audit, or a list of them";

export const FOLDERS: Shape = either(FOLDERS_WORDS, FOLDER, list(FOLDER, FOLDERS_WORDS, { min: 1, max: 1000 }));
