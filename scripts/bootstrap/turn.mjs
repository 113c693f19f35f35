// Commands at once on a fresh clone: one installs and builds, the others wait for it. The lock says who has
// the turn and which step it runs: when that command was killed, its step is ended before anybody else begins.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identityOf, lives } from './process-identity.mjs';
import { say } from './say.mjs';
import { endGroup, Interrupted } from './step.mjs';

const LOOK_MS = 100;

export class Turn {
  #file;
  #mine = { ...identityOf(process.pid), step: undefined };

  constructor(root) {
    this.#file = path.join(root, '.bootstrap.lock');
  }

  /** False where the folder is not ours to write: then all is there already, or the work says what is not. */
  async take(interruption) {
    let isToldToWait = false;
    for (;;) {
      try {
        if (this.#write(fs.linkSync)) return true;
      } catch (error) {
        if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return false;
        throw error;
      }
      const holder = this.#read();
      if (holder && !lives(holder)) await this.#clear(holder);
      else if (holder && !isToldToWait) {
        say('Waiting for another Tidegate command that is installing or building …');
        isToldToWait = true;
      }
      if (interruption.signal !== undefined) throw new Interrupted(interruption.signal);
      await pause(LOOK_MS);
    }
  }

  /** So that whoever finds this command killed can end it. */
  runs(pid) {
    this.#mine.step = identityOf(pid);
    this.#write(fs.renameSync);
  }

  give() {
    fs.rmSync(this.#file, { force: true });
  }

  /** Written aside, so that nobody ever reads half of it. False: somebody else has it. */
  #write(put) {
    const aside = `${this.#file}.${process.pid}`;
    fs.writeFileSync(aside, JSON.stringify(this.#mine));
    try {
      put(aside, this.#file);
      return true;
    } catch (error) {
      if (error.code === 'EEXIST') return false;
      throw error;
    } finally {
      fs.rmSync(aside, { force: true });
    }
  }

  #read() {
    let text;
    try {
      text = fs.readFileSync(this.#file, 'utf8');
    } catch {
      return undefined;
    }
    try {
      const read = JSON.parse(text);
      // A version before wrote its process id alone.
      return typeof read === 'object' && read !== null ? read : identityOf(Number(read));
    } catch {
      return { pid: 0 };
    }
  }

  async #clear(holder) {
    // One of those who wait: what is renamed by one is there for no other.
    const aside = `${this.#file}.left.${process.pid}`;
    try {
      fs.renameSync(this.#file, aside);
      const left = JSON.parse(fs.readFileSync(aside, 'utf8'));
      if (typeof left === 'object' && lives(left)) fs.linkSync(aside, this.#file);
    } catch {
      // Somebody was faster, or it is not readable: looked at again.
    }
    fs.rmSync(aside, { force: true });
    if (!lives(holder.step)) return;
    say('A command before this one was killed: ending what it left …');
    await endGroup(holder.step.pid);
  }
}
