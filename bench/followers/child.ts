/** A program of this bench as a process of its own, which answers one question at a time. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class Child {
  private constructor(private readonly child: ChildProcess) {}

  static start(name: 'crowd' | 'bare-server'): Child {
    const child = fork(fileURLToPath(new URL(`${name}.ts`, import.meta.url)), {
      execArgv: ['--import', './test/support/register-typescript.mjs'],
    });
    return new Child(child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  tell(message: object | string): void {
    this.child.send(message);
  }

  async answer<T>(): Promise<T> {
    const [message] = (await once(this.child, 'message')) as [T | { readonly error: string }];
    if (typeof message === 'object' && message !== null && 'error' in message) {
      throw new Error(message.error);
    }
    return message;
  }

  ask<T>(message: object | string): Promise<T> {
    const answer = this.answer<T>();
    this.tell(message);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill();
    await exited;
  }
}
