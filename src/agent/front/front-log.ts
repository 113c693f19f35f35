/** Where the front tells what it did. Never per request: a proxy's log would outgrow the disk. */
export type FrontLog = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** As the other programs print it (kernel/log-form.ts), on standard output, which is a file: see front-process.ts. */
export const stdoutLog: FrontLog = (message, fields = {}) => {
  const began = { level: 'info', time: new Date().toISOString(), part: 'front' };
  const line = { ...began, pid: process.pid, ...fields, message };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

export const silentLog: FrontLog = () => undefined;
