/** As whom modules run; not root. */
export interface ModuleUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Besides `gid`. */
  readonly groups: readonly number[];
  readonly home: string;
}
