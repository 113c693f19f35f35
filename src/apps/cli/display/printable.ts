/**
 * Makes what came from a server harmless in a terminal: control characters (escape sequences among
 * them), line separators and bidirectional overrides become a visible sign.
 */
export function printable(value: string): string {
  return value.replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    '\ufffd',
  );
}
