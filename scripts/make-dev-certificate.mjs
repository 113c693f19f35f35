// A certificate for trying TLS on one's own machine: an authority that is made for it and forgotten at
// once, so that nobody who finds these files can sign anything with it, and what it signed. By openssl.
//
//   npm run make-dev-certificate [-- --out .tidegate/tls --days 30 --force] [names and addresses …]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { endWithHelp } from './help.mjs';

const OWN_NAMES = ['localhost', '127.0.0.1', '::1'];
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

endWithHelp('make-dev-certificate');
try {
  main();
} catch (error) {
  console.error(`make-dev-certificate: ${error.message}`);
  process.exitCode = 1;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: '.tidegate/tls' },
      days: { type: 'string', default: '30' },
      force: { type: 'boolean', default: false },
    },
  });
  const days = Number(values.days);
  if (!(Number.isInteger(days) && days >= 1 && days <= 397)) {
    throw new Error('--days must be a whole number from 1 to 397: browsers take no more.');
  }
  const names = [...new Set([...OWN_NAMES, ...positionals])];
  const bad = names.find(
    (name) => !isIP(name) && !/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(name),
  );
  if (bad !== undefined) throw new Error(`"${bad}" is no name and no address.`);
  const out = resolve(values.out);
  const files = { ca: join(out, 'ca.crt'), cert: join(out, 'tls.crt'), key: join(out, 'tls.key') };
  const there = Object.values(files).find((file) => existsSync(file));
  if (there !== undefined && !values.force) {
    throw new Error(
      `${there} is there already. Give --force to replace it, or --out another folder.`,
    );
  }
  const work = mkdtempSync(join(tmpdir(), 'tidegate-certificate-'));
  try {
    const made = issue(work, names, values.days);
    mkdirSync(out, { recursive: true, mode: 0o700 });
    for (const [name, file] of Object.entries(files)) {
      rmSync(file, { force: true });
      writeFileSync(file, made[name], { mode: name === 'key' ? 0o600 : 0o644 });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  console.log(`For ${names.join(', ')}, good for ${days} days. For development only.

  TIDEGATE_TLS_CERT=${files.cert} TIDEGATE_TLS_KEY=${files.key} npm start
  npx tidegate --ca ${files.ca} login --server https://localhost:8080
  npm run agent -- … --server https://localhost:8080 --ca ${files.ca}`);
}

function issue(work, names, days) {
  const file = (name) => join(work, name);
  const subject = (text) => ['-subj', `/CN=${text}`];
  const alternatives = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  writeFileSync(
    file('ca.conf'),
    configuration('basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign'),
  );
  writeFileSync(
    file('extensions'),
    `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=${alternatives}\n`,
  );
  openssl(
    'req',
    '-x509',
    ...CURVE,
    ...subject('Tidegate development authority'),
    '-days',
    days,
    '-config',
    file('ca.conf'),
    '-extensions',
    'made',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
  );
  openssl(
    'req',
    '-new',
    ...CURVE,
    ...subject(names[0]),
    '-config',
    file('ca.conf'),
    '-keyout',
    file('tls.key'),
    '-out',
    file('csr'),
  );
  openssl(
    'x509',
    '-req',
    '-in',
    file('csr'),
    '-CA',
    file('ca.crt'),
    '-CAkey',
    file('ca.key'),
    '-set_serial',
    `0x${serial()}`,
    '-days',
    days,
    '-extfile',
    file('extensions'),
    '-out',
    file('tls.crt'),
  );
  const read = (name) => readFileSync(file(name), 'utf8');
  return { ca: read('ca.crt'), cert: read('tls.crt') + read('ca.crt'), key: read('tls.key') };
}

/** Of our own: what a machine has set up for openssl is for something else. */
function configuration(extensions) {
  return `[req]\ndistinguished_name=name\nprompt=no\n[name]\n[made]\n${extensions}\n`;
}

function serial() {
  return `1${crypto.randomUUID().replaceAll('-', '').slice(1)}`;
}

function openssl(...words) {
  try {
    execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (error.code === 'ENOENT') {
      throw new Error(
        'there is no openssl on the PATH. Install it (Debian: apt-get install openssl; macOS has it), or make the two PEM files in another way, for example with mkcert, and name them in TIDEGATE_TLS_CERT and TIDEGATE_TLS_KEY.',
        { cause: error },
      );
    }
    throw new Error(`openssl ${words[0]} failed:\n${String(error.stderr)}`, { cause: error });
  }
}
