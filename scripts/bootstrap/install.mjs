// Are the packages those of the lock file? A stamp of our own says so, written when npm has ended well; npm's
// own list may be there while two of them were at work in one folder. A mark says that npm has begun: with it
// nothing that lies there is believed.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

const hint = 'npm could not install the packages: see above, and run this again.';

export async function install(root, step) {
  const stamp = path.join(root, 'node_modules', '.tidegate-installed');
  const begun = path.join(root, '.bootstrap.installing');
  const wanted = stampOf(root);
  if (!fs.existsSync(begun)) {
    if (readText(stamp) === wanted) return;
    if (isInstalledByHand(root)) return writeWhereAllowed(stamp, wanted);
  }
  const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /npm-cli\.[cm]?js$/.test(npm);
  fs.writeFileSync(begun, '');
  await step({
    title: 'Installing packages (npm ci, about half a minute)',
    hint,
    file: isScript ? process.execPath : 'npm',
    args: isScript ? [npm, ...flags] : flags,
  });
  fs.writeFileSync(stamp, wanted);
  fs.rmSync(begun);
}

/** A folder that two machines share has the packages of one of them. */
function stampOf(root) {
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  return `${hash} ${process.platform} ${process.arch}\n`;
}

/** `npm ci` without us: its list must say what the lock file says, and each package must be there. */
function isInstalledByHand(root) {
  const wanted = readJson(path.join(root, 'package-lock.json'));
  const present = readJson(path.join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted.packages).every(([name, { version, integrity, optional, link }]) => {
    if (name === '' || !name.includes('node_modules/')) return true;
    const there = present.packages[name];
    // Packages for other platforms stay away.
    if (!there) return optional === true;
    if (there.version !== version || there.integrity !== integrity) return false;
    return link === true || readJson(path.join(root, name, 'package.json'))?.version === version;
  });
}

function writeWhereAllowed(file, text) {
  try {
    fs.writeFileSync(file, text);
  } catch {
    // Looked at again at the next start, which costs a moment and no more.
  }
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
