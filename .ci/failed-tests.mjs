// What a results file of jest says, for `.ci/run`: `counts` prints "passed failed", `failures` the tests
// that failed, with the beginning of what each says, `files` the files they are in.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const MOST_LINES = 25;

const [what, file] = process.argv.slice(2);
const result = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;

if (what === 'counts') {
  const passed = result?.numPassedTests ?? 0;
  const failed = result ? result.numFailedTests + result.numRuntimeErrorTestSuites : 0;
  console.log(passed, failed);
} else if (what === 'files') {
  for (const { name, status } of result?.testResults ?? []) {
    if (status === 'failed') console.log(relative('.', name));
  }
} else {
  for (const suite of result?.testResults ?? []) {
    const failed = suite.assertionResults.filter(({ status }) => status === 'failed');
    // A suite that could not even be loaded has no tests.
    if (failed.length === 0 && suite.status === 'failed') say(suite.name, suite.message);
    for (const { fullName, failureMessages } of failed) {
      say(`${suite.name}: ${fullName}`, failureMessages.join('\n'));
    }
  }
}

function say(title, message) {
  console.log(title);
  for (const line of stripVTControlCharacters(message).split('\n').slice(0, MOST_LINES))
    console.log(`  ${line}`);
}
