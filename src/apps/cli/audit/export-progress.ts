import type { ExportLine } from '../../../kernel/tlog/export-lines.js';
import type { Terminal } from '../display/terminal.js';

export interface Progress {
  show(line: ExportLine): void;
  end(): void;
}

/** Drawn anew after so many entries. */
const EVERY = 500;

/** On stderr and in a terminal only: a log needs none. */
export function exportProgress({ streams: { stderr } }: Terminal): Progress {
  if (stderr.isTTY !== true) return { show: () => undefined, end: () => undefined };
  let [entries, size] = [0, 0];
  return {
    show: (line) => {
      if (line.kind === 'head') size = line.size;
      if (line.kind !== 'entry') return;
      entries += 1;
      if (entries % EVERY !== 1) return;
      const share = size === 0 ? '' : ` of the log's ${size}`;
      stderr.write(`\r${entries} entries${share}, now ${line.sequence}\u001b[0K`);
    },
    end: () => void stderr.write('\r\u001b[0K'),
  };
}
