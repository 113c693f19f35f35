import { readFileSync } from 'node:fs';
import { historyView } from './approval-history-view.js';
import { subjectView, type ApprovalSubject } from './approval-view.js';
import { diffLines } from './diff-lines.js';

const style = { columns: 79, hasColor: false, isUtc: true };

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      { get: { responses: Record<string, { content: Record<string, { example: unknown }> }> } }
    >
  >;
}

/** As the API's document has it. */
function exampleOf<T>(path: string): T {
  const document = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as Document;
  const { get } = document.paths[`/api/v1/approvals/deployments/{deploymentId}${path}`]!;
  return get.responses['200']!.content['application/json']!.example as T;
}

const subject = exampleOf<ApprovalSubject>('/subject');
const widest = (lines: readonly string[]) => Math.max(...lines.map((line) => [...line].length));

describe('what would be signed', () => {
  it('is told in the width of a terminal, what changes before who decides', () => {
    const lines = subjectView(subject, style);
    expect(widest(lines)).toBeLessThanOrEqual(79);
    const text = lines.join('\n');
    expect(text).toContain('payment-processor 2.1.0 to Production/local: PendingApproval');
    expect(text).toContain('~ health.timeoutMs  1000 -> 2000');
    expect(text).toContain('~ POOL_SIZE  20 -> 40');
    expect(text).toContain('consecutiveStableChecks 5 instead of 3: stricter');
    expect(text).toContain('Staging/local  Succeeded, gates: 4 stable');
    expect(text).toContain('could approve: admin, carla');
    expect(text).toContain('barred: deployer (asked for it)');
    expect(text).toContain(`subject ${subject.subjectDigest}`);
    expect(text.indexOf('manifest')).toBeLessThan(text.indexOf('who decides'));
  });

  it('says what cannot be seen, and what is unusual', () => {
    const differences = { ...subject.differences, configuration: null };
    const unusual = {
      ...subject,
      differences,
      isDowngrade: true,
      releaseHistory: [],
      you: { canDecide: false, why: 'It is your own work.' },
    };
    const text = subjectView(unusual, style).join('\n');
    expect(text).toContain('OLDER than what runs there now: approving it needs --downgrade');
    expect(text).toContain('values are hidden: you may not read them');
    expect(text).toContain('nothing yet: it has run nowhere');
    expect(text).toContain('You cannot decide: It is your own work.');
    expect(text).not.toContain('Approve it:');
  });

  it('lets nobody write to the terminal', () => {
    const hostile = { ...subject, metadata: { note: '\u001b[2J\u202eevil' }, requestedBy: 'a\nb' };
    // eslint-disable-next-line no-control-regex
    expect(subjectView(hostile, style).join('')).not.toMatch(/[\u0000-\u001f\u202a-\u202e]/);
  });
});

describe('a difference', () => {
  const changed = (before: string, after: string) => ({
    changes: [{ path: '/A', change: 'changed' as const, before, after, isCut: false }],
    more: 0,
  });

  it('is never cut off at the edge of the screen', () => {
    const same = 'x'.repeat(300);
    const lines = diffLines(changed(`${same}1`, `${same}2`), style);
    expect(widest(lines)).toBeLessThanOrEqual(79);
    expect(lines.join('')).toContain('1');
    expect(lines.join('')).toContain('2');
    expect(lines.length).toBeGreaterThan(8);
  });

  it('of what nobody sees is written out', () => {
    const lines = diffLines(changed('a', 'a\u200b'), style);
    expect(lines).toEqual(['  ~ A  a -> "a\\u200b"']);
    expect(diffLines(changed('', ' '), style)).toEqual(['  ~ A  "" ->  ']);
  });

  it('that is not shown is counted', () => {
    const lines = diffLines({ ...changed('a', 'b'), more: 7 }, style);
    expect(lines.at(-1)).toBe('  ! 7 more differ and are not shown');
    expect(diffLines({ changes: [], more: 0 }, style)).toEqual(['  the same']);
  });
});

it('a history has each request with what was said', () => {
  const lines = historyView(exampleOf(''), style);
  expect(widest(lines)).toBeLessThanOrEqual(79);
  expect(lines[0]).toContain('request 1: open, asked by deployer');
  expect(lines.at(-1)).toContain('carla  comment  "Who looks at the pool on Monday?"');
});
