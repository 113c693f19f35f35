/** The token under which Nest hands out the one ObjectStore of the process. */
export const OBJECT_STORE = Symbol('tidegate:object-store');
