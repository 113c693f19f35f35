export function readFailpoints(text: string): {
  readonly text: string;
  readonly at: string;
  readonly about?: string;
  readonly action: string;
  readonly ms: number;
  readonly nth: number;
  /** Not once at the n-th time, but this share of the times. */
  readonly percent?: number;
}[];
