import type { Terminal } from './terminal.js';

const WIDTH = 30;
/** Redrawn when a person could see the difference. */
const STEPS = 200;

export function barText(sentBytes: number, totalBytes: number): string {
  const share = totalBytes === 0 ? 1 : sentBytes / totalBytes;
  const filled = Math.round(share * WIDTH);
  const bar = '#'.repeat(filled) + ' '.repeat(WIDTH - filled);
  return `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${bytesText(sentBytes)} of ${bytesText(totalBytes)}`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const [unit, size] =
    bytes < 1024 ** 2 ? ['KiB', 1024] : bytes < 1024 ** 3 ? ['MiB', 1024 ** 2] : ['GiB', 1024 ** 3];
  return `${(bytes / Number(size)).toFixed(1)} ${unit}`;
}

/** On stderr and in a terminal only: a log needs no bar. */
export function uploadBar({ streams }: Terminal): {
  progress: (sentBytes: number, totalBytes: number) => void;
  end: () => void;
} {
  if (streams.stderr.isTTY !== true) return { progress: () => undefined, end: () => undefined };
  let shown = -1;
  return {
    progress: (sentBytes, totalBytes) => {
      const step = totalBytes === 0 ? STEPS : Math.floor((sentBytes / totalBytes) * STEPS);
      if (step === shown) return;
      shown = step;
      streams.stderr.write(`\r${barText(sentBytes, totalBytes)}\u001b[0K`);
    },
    end: () => void streams.stderr.write('\r\u001b[0K'),
  };
}
