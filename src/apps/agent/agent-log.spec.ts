import { Writable } from 'node:stream';
import { agentLogTo, openAgentLog } from '../../agent/agent-log.js';
import type { LogFormat } from '../../kernel/log-form.js';
import { Logger } from '../../platform/logging/logger.js';

/** One line of each of the two programs. */
function linesOf(format: LogFormat): string[] {
  const lines: string[] = [];
  const destination = new Writable({
    decodeStrings: false,
    write: (line: string | Buffer, _encoding, done) => {
      lines.push(line.toString());
      done();
    },
  });
  Logger.create({ level: 'info', format, destination }).warn({ part: 'agent', port: 8090 }, 'held');
  agentLogTo(destination, { level: 'info', format }).warn({ port: 8090 }, 'held');
  return lines;
}

describe('the log of an agent', () => {
  it('has the lines of the server, so that one query finds both', () => {
    const lines = linesOf('json').map((line) => JSON.parse(line) as { time: string });
    const [ofServer, ofAgent] = lines.map((line) => ({ ...line, time: line.time.length }));
    expect(ofAgent).toEqual(ofServer);
    expect(ofAgent).toEqual({
      level: 'warn',
      time: '2026-01-01T12:00:00.000Z'.length,
      part: 'agent',
      port: 8090,
      message: 'held',
    });
  });

  it('is readable in a terminal as the server’s is', () => {
    const [ofServer, ofAgent] = linesOf('pretty').map((line) => line.replace(/[\d:.]{12}/, 'TIME'));
    expect(ofAgent).toBe(ofServer);
    expect(ofAgent).toContain('[TIME] WARN: held');
  });

  it('takes the server’s variables, and refuses what they cannot be', () => {
    expect(openAgentLog({ level: 'debug', format: 'json' }).level).toBe('debug');
    expect(openAgentLog({ level: '', format: undefined }).level).toBe('info');
    expect(() => openAgentLog({ level: 'loud' })).toThrow('TIDEGATE_LOG_LEVEL must be one of');
    expect(() => openAgentLog({ format: 'xml' })).toThrow(
      'TIDEGATE_LOG_FORMAT must be one of auto, json, pretty.',
    );
  });
});
