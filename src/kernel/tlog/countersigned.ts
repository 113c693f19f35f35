/** What a witness has answered to a checkpoint: the same note with more signatures, or their lines alone. */
import { NoteError, splitNote } from './note.js';

/** Of others; whoever has more of them says so elsewhere. */
const SIGNATURES = 20;

/**
 * The note with the signatures of both; null: the answer has none that is new. Whose they are is for whoever
 * knows those keys to say.
 */
export function countersignedBy(answer: string, note: string): string | null {
  const isLines = answer.startsWith('\u2014 ');
  const given = isLines ? note + answer : answer;
  try {
    const [before, after] = [splitNote(note), splitNote(given)];
    if (after.text !== before.text) return null;
    const known = before.signatures.map(lineOf);
    const lines = new Set(after.signatures.map(lineOf));
    if (known.some((line) => !lines.has(line))) return null;
    const added = [...lines].filter((line) => !known.includes(line));
    if (added.length === 0 || added.length > SIGNATURES) return null;
    return note + added.map((line) => `${line}\n`).join('');
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

function lineOf({ name, bytes }: { readonly name: string; readonly bytes: Buffer }): string {
  return `\u2014 ${name} ${bytes.toString('base64')}`;
}
