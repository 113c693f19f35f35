const LOOK_MS = 250;

/** As whoever called it would call it again. */
export function ownCall(): 'npx tidegate' | 'tidegate' {
  // eslint-disable-next-line no-restricted-properties
  return process.env.npm_lifecycle_event === undefined ? 'tidegate' : 'npx tidegate';
}

/**
 * Between npx and this process is a shell, which ends by a signal and hands none on. A command that is still
 * waiting for a deployment, with nobody left to read it, ends as if it had got the signal.
 */
export function endWithNpx(): void {
  // The command line has no other use for what npm says.
  // eslint-disable-next-line no-restricted-properties
  if (process.env.npm_lifecycle_event === undefined) return;
  const { ppid } = process;
  const look = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  look.unref();
}
