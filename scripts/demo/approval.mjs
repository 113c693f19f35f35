// Production asks a second person. Who told the demo to tell its story alone (`--once`) has it say yes as `admin`;
// else whoever watches does, from another terminal, and sees before what they sign.
import { counted } from '../../dist/kernel/counted.js';
import { DEMO_USERS } from '../../dist/tenancy/users/demo-users.js';
import { bold, cyan, dim, green } from './display/text.mjs';

const askedMs = 30_000;
/** A cup of coffee; the request itself waits for a day. */
const watcherMs = 30 * 60_000;

const admin = DEMO_USERS.find(({ role }) => role === 'Admin');

export class Approval {
  #story;

  constructor(story) {
    this.#story = story;
  }

  /** Resolves when nothing waits for a decision any more. `isWatched`: somebody in front of the screen decides. */
  async of(id, isWatched) {
    const { until, screen, admin: client } = this.#story.means();
    const status = await this.#leaving(id, 'Pending', askedMs, () => []);
    if (status !== 'PendingApproval') return;
    const subject = await client.get(`/approvals/deployments/${id}/subject`);
    if (isWatched) {
      await this.#leaving(id, 'PendingApproval', watcherMs, () => this.#lines(id, subject));
      screen.clear();
    } else {
      const { subjectDigest } = subject;
      await client.post(`/approvals/deployments/${id}/approve`, { subjectDigest });
    }
    const { requests } = await client.get(`/approvals/deployments/${id}`);
    const said = requests.flatMap(({ decisions }) => decisions);
    const yes = said.find(({ verb }) => verb === 'approve');
    if (yes) screen.say(`${green('✓')} Approved by ${bold(yes.by)}${dim(`: ${about(subject)}`)}`);
    await until(askedMs, 'What was approved did not start', async () => {
      const { status: now } = await client.get(`/deployments/${id}`);
      return now !== 'PendingApproval';
    });
  }

  async #leaving(id, from, patienceMs, lines) {
    const { until, screen, admin: client } = this.#story.means();
    let status = from;
    await until(patienceMs, `The deployment stayed ${from}`, async () => {
      ({ status } = await client.get(`/deployments/${id}`));
      const shown = lines();
      if (shown.length > 0) screen.show(shown);
      return status !== from;
    });
    return status;
  }

  #lines(id, subject) {
    const { url } = this.#story.means();
    const { requestedBy, rules } = subject;
    const could = [...new Set(rules.flatMap(({ possible }) => possible))].join(', ');
    return [
      '',
      `    ${bold(`${requestedBy} asks for ${subject.version} in ${subject.targetEnvironment}`)}:`,
      `    ${about(subject)}.`,
      `    Nobody approves what they asked for themselves. Others who can: ${could || 'nobody'}.`,
      '    Your turn, in another terminal:',
      '',
      cyan(`    npx tidegate login --server ${url} --username ${admin.username}`),
      dim(`      the password is ${admin.password}`),
      cyan(`    npx tidegate approvals approve ${id}`),
      '',
      dim('    It shows what would change, and asks. Nothing moves before that.'),
      '',
    ];
  }
}

/** What changes, in a few words. */
function about({ running, version, nodes, differences }) {
  const before = running.find(({ isCompared }) => isCompared)?.version ?? 'nothing';
  const moved = nodes.items.filter(({ change }) => ['added', 'changed'].includes(change)).length;
  const count = differences.manifest.changes.length;
  const places =
    before === 'nothing' || count === 0 ? '' : `, ${counted(count, 'line')} of its manifest`;
  return `${before} → ${version} on ${counted(moved, 'node')}${places}`;
}
