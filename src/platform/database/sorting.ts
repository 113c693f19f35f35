/**
 * How a statement sorts by what it is asked for: everything that can be sorted by becomes a text whose
 * order is the one that is meant, so that one comparison does for all of them. Two statements are
 * enough for a list, rising and falling; which column it is, is a parameter.
 */

/** So many characters count: what is the same so far follows by id, and a cursor stays short. */
const CHARACTERS = 64;

/** Statements with a filter that is mostly left away: a plan for any filter would be one for none. */
export const FILTERED = { plannedEachTime: true } as const;

export type Columns = Readonly<Record<string, string>>;

/** A time as a text; null is after everything. */
export const timeText = (column: string): string =>
  `coalesce(to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '~')`;

/** Text that people have written, upper and lower case together. */
export const wordText = (column: string): string =>
  `left(lower(coalesce(${column}, '')), ${CHARACTERS})`;

/** What the rows are sorted by. Fragment: :by. */
export const sortText = (columns: Columns): string => {
  const cases = Object.entries(columns).map(([name, text]) => `when '${name}' then ${text}`);
  return `(case :by::text ${cases.join(' ')} end collate "C")`;
};

/** The condition and the order of a page. Fragment: :afterId, :afterValue, :take. */
export function pageAfter(
  value: string,
  id: string,
  { isFalling, type = 'uuid' }: { readonly isFalling: boolean; readonly type?: 'uuid' | 'text' },
): { readonly condition: string; readonly order: string } {
  const [than, way] = isFalling ? ['<', 'desc'] : ['>', 'asc'];
  return {
    condition: `(:afterId::${type} is null
      or (${value}, ${id}) ${than} (:afterValue::text collate "C", :afterId::${type}))`,
    order: `order by ${value} ${way}, ${id} ${way} limit :take`,
  };
}

/** As `pageAfter`, in the order of ids: by an index. Fragment: :afterId, :take. */
export function pageByAge(id: string, isFalling: boolean) {
  const [than, way] = isFalling ? ['<', 'desc'] : ['>', 'asc'];
  return {
    condition: `(:afterId::uuid is null or ${id} ${than} :afterId)`,
    order: `order by ${id} ${way} limit :take`,
  };
}

/** The parameters of `sortText` and `pageAfter`. */
export interface SortParameters {
  readonly by: string;
  readonly afterId: string | null;
  readonly afterValue: string | null;
  readonly take: number;
}

/** What has these characters in it somewhere, whatever they are: `like` would read some of them. */
export const hasText = (columns: readonly string[], parameter = 'text'): string =>
  `(:${parameter}::text is null
    or strpos(lower(concat_ws(' ', ${columns.join(', ')})), lower(:${parameter}::text)) > 0)`;

/** The parameters of a slice. */
export const sortParameters = ({
  after,
  take,
  by,
}: {
  readonly after: { readonly id: string; readonly value: string } | null;
  readonly take: number;
  readonly by: string;
}): SortParameters => ({
  by,
  take,
  afterId: after?.id ?? null,
  afterValue: after?.value ?? null,
});
