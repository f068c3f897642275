/** Whether a part can do its work. */
export interface Health {
  readonly ok: boolean;
  /** What is wrong, for operators, without secrets; undefined where nothing is. */
  readonly problem?: string;
}
