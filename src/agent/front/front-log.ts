/** Where the front tells what it did. Never per request: a proxy's log would outgrow the disk. */
export type FrontLog = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** One JSON object per line on standard output, which is a file: see front-process.ts. */
export const stdoutLog: FrontLog = (message, fields = {}) => {
  const line = { time: new Date().toISOString(), pid: process.pid, message, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

export const silentLog: FrontLog = () => undefined;
