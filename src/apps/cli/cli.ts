import type { Command } from 'commander';
import type { Tidegate } from '#sdk';
import { Terminal, type Streams } from './display/terminal.js';
import type { CliEnvironment } from './session/cli-environment.js';
import { connect } from './session/connect.js';
import { proveAt } from './session/prove.js';
import { takeWayOut, wayOf } from './session/way-out.js';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly context?: string;
  readonly server?: string;
  readonly ca?: string;
  readonly json?: boolean;
  readonly utc?: boolean;
  /** False after --no-color. */
  readonly color: boolean;
}

/** What the program runs in; tests hand in their own. */
export interface Surroundings {
  readonly streams: Streams;
  readonly environment: CliEnvironment;
  readonly version: string;
  /** How it was called, which hints and examples repeat. Absent: by its name. */
  readonly call?: 'npx tidegate' | 'tidegate';
  /** Ctrl-C. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** What a command works with. */
export interface Cli extends Surroundings {
  readonly options: GlobalOptions;
  readonly terminal: Terminal;
  connect(): Promise<Tidegate>;
}

/** Told by a command's action: with which code the program ends. Nothing means 0. */
export type Outcome = number | void;

type Act = <A extends unknown[]>(
  work: (cli: Cli, ...given: A) => Promise<Outcome>,
) => (...given: A) => Promise<void>;

export interface Actions {
  /** Wraps an action, so that it gets a Cli in front of what commander hands over. */
  readonly act: Act;
}

export function actions(surroundings: Surroundings, onExitCode: (code: number) => void): Actions {
  return {
    act:
      (work) =>
      async (...given) => {
        // Commander hands the command itself over last.
        const command = given.at(-1) as Command;
        const options: GlobalOptions = command.optsWithGlobals();
        takeWayOut(wayOf(surroundings.environment, options));
        const code = await work(cliOf(surroundings, options), ...given);
        if (typeof code === 'number') onExitCode(code);
      },
  };
}

export function cliOf(surroundings: Surroundings, options: GlobalOptions): Cli {
  const { environment, streams } = surroundings;
  const terminal = new Terminal(streams, {
    isJson: options.json === true,
    isUtc: options.utc === true,
    mayColor: options.color && !environment.isColorRefused,
  });
  // Without a terminal there is nobody to ask: the refusal says what is missing.
  const { onInterrupt } = surroundings;
  const isAskable = streams.stdin.isTTY === true;
  const prove = isAskable ? proveAt({ streams, terminal, onInterrupt }) : undefined;
  return {
    ...surroundings,
    options,
    terminal,
    connect: () => connect(environment, options, prove),
  };
}

/** The examples under a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.flatMap(folded).join('\n')}\n`;
}

const EXAMPLE_COLUMNS = 80;

/** As a shell takes it: broken before an option or a long word, with a backslash. */
function folded(line: string): string[] {
  const lines: string[] = [];
  let open = '  $';
  for (const part of line.split(/ (?=--?[a-z]|\| |"|\S{40,}$)/)) {
    if (open !== '  $' && open.length + part.length + 3 > EXAMPLE_COLUMNS) {
      lines.push(`${open} \\`);
      open = '     ';
    }
    open += ` ${part}`;
  }
  return [...lines, open];
}
