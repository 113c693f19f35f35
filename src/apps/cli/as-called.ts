const CALL = /(?:\bnpx )?(?<![\w./@-])tidegate (?=[a-z[])/g;

/** Hints and examples with the program's name as it was called: what they say can be typed as it stands. */
export function asCalled(text: string, call: 'npx tidegate' | 'tidegate' = 'tidegate'): string {
  return text.replace(CALL, `${call} `);
}
