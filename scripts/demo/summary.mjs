// What a reader takes home: what was rolled out, what was served, why 2.1.0 went back, and where to look next.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DEMO_USERS } from '../../dist/tenancy/users/demo-users.js';
import { figureLines } from './display/gate-figures.mjs';
import { bold, cyan, dim, green, padEnd, padStart, red, whole, wrap } from './display/text.mjs';
import { projectRoot } from './home.mjs';
import { moduleName } from './releases.mjs';

// With its indent 80 columns.
const columns = [9, 23, 21, 8, 7, 8];

function row(cells) {
  return `    ${cells
    .map((cell, index) =>
      index < 3 ? padEnd(cell, columns[index]) : padStart(cell, columns[index]),
    )
    .join('')}`;
}

const short = (how) => how.replaceAll(' → ', '→');

export function summaryLines({ direct, measure, good, bad, after, total }) {
  if (!direct) return [];
  const counts = (phase, mayFail) => {
    if (!phase?.requests) return ['–', '–', '–'];
    const { requests, failed, p95Ms } = phase;
    const shown = failed === 0 ? green('0') : mayFail ? whole(failed) : red(whole(failed));
    return [whole(requests), shown, `${whole(p95Ms)} ms`];
  };
  const outcome = ({ status, wave }) => (wave ? `${status} in wave ${wave}` : status);
  const lines = [
    '',
    `  ${bold('What happened')}`,
    '',
    dim(row(['release', 'strategy', 'outcome', 'requests', 'failed', 'p95'])),
  ];
  lines.push(row(['1.0.0', direct.how, outcome(direct), ...counts(measure)]));
  if (good) lines.push(row(['2.0.0', short(good.how), outcome(good), ...counts(good)]));
  if (bad) lines.push(row(['2.1.0', short(bad.how), outcome(bad), ...counts(bad, true)]));
  if (after) lines.push(row(['2.0.0', '', 'everywhere again', ...counts(after)]));
  if (total) {
    lines.push('', `    ${whole(total.requests)} requests served in all.`);
  }
  if (good?.status === 'Succeeded' && good.failed === 0) {
    lines.push(
      `    ${green(`0 of ${whole(good.requests)} requests failed during the good rollout.`)}`,
    );
  }
  if (bad?.failed > 0) {
    const kinds = Object.entries(bad.failures).map(([kind, count]) => `${count} × ${kind}`);
    const share = `${whole(bad.failed)} of ${whole(bad.requests)}`;
    lines.push(`    ${share} failed while 2.1.0 was out: ${kinds.join(', ')}.`);
  }
  return lines;
}

export function reasonLines({ version, status, reason, decision }) {
  const lines = ['', `  ${bold(`Why ${version} ended as ${status}`)}`, ''];
  for (const line of wrap(reason ?? 'no reason was given', 76)) lines.push(`    ${line}`);
  if (decision?.reading) {
    lines.push('', ...figureLines(decision.reading).map((line) => `    ${line}`));
  }
  return lines;
}

export function nextLines(url, nodes) {
  const [admin] = DEMO_USERS;
  const users = DEMO_USERS.map(({ username, password }) => `${username} / ${password}`);
  const body = `{"username":"${admin.username}","password":"${admin.password}"}`;
  const cli = existsSync(path.join(projectRoot, 'dist', 'apps', 'cli', 'main.js'));
  const lines = [
    '',
    `  ${bold('Look around')}`,
    '',
    `    dashboard    ${cyan(url)}`,
    `    API docs     ${cyan(`${url}/api/docs`)}`,
    `    metrics      ${cyan(`${url}/metrics`)}`,
    `    service      ${cyan(`http://127.0.0.1:${nodes[0].port}/payments`)} ${dim(`(${nodes[0].name}; others follow)`)}`,
    ...users.map((user, index) => `    ${padEnd(index === 0 ? 'sign in as' : '', 13)}${user}`),
    '',
    dim('    a token, and the deployments:'),
    `    token=$(curl -s ${url}/api/v1/authentication/login -H 'content-type: application/json' \\`,
    `      -d '${body}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`,
    `    curl -s ${url}/api/v1/deployments -H "authorization: Bearer $token"`,
  ];
  if (cli) {
    lines.push(
      '',
      dim('    the bad release once more, by hand (the traffic goes on):'),
      `    npx tidegate login --server ${url} --username deployer`,
      `    npx tidegate deploy ${moduleName} 2.1.0 --to Production --wait`,
    );
  }
  lines.push('', `  ${bold('Ctrl-C stops everything.')}`, '');
  return lines;
}
