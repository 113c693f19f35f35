/** By which environments are told apart: `production` and `Production` are the same one. */
export function environmentKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
