import { runFront } from '../../agent/front/front-main.js';
import { messageOf } from '../../kernel/errors.js';

/** The front of a node: owns its ports, sends each request to an instance. See agent/front. */
try {
  await runFront(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}
