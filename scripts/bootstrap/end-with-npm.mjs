// npm hands SIGTERM and SIGINT on to what it has started, and nothing else: when it is killed, or its terminal
// goes away, what runs under it would run on for ever. So that ends by itself, as if it had been told to.
const LOOK_MS = 250;

/** Does nothing where npm has not started this process. */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const { ppid } = process;
  const look = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  look.unref();
}
