export const helpTexts: Readonly<Record<string, { readonly example: string }>>;
export function helpText(name: string): string;
export function endWithHelp(name: string, words?: readonly string[]): void;
