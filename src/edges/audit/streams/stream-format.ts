/** How entries are written for a receiver. Stored; never renamed. */
export const STREAM_FORMATS = ['ocsf', 'tidegate'] as const;
export type StreamFormat = (typeof STREAM_FORMATS)[number];
