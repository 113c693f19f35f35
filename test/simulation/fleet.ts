/**
 * Nodes that are late, say things twice and out of order, fail, fall silent and come back. Desired
 * state is written by moves; messages about it travel on their own and may overtake each other.
 */
import type { NodeMove, Pair } from '../../src/engine/plan.js';
import { limits } from '../../src/kernel/limits.js';
import type { Dice } from './dice.js';
import type { Trace } from './violation.js';
import type { VirtualTime } from './virtual-time.js';

type State = 'converging' | 'healthy' | 'absent' | 'failed';

interface Desired {
  readonly generation: number;
  /** Canonical text of the pairs with their shares. */
  readonly content: string;
  readonly to: Pair | null;
}

export interface FleetNode {
  readonly id: string;
  readonly name: string;
  desired: Desired;
  /** The agent's own memory, which survives its restarts. */
  accepted: Desired;
  running: string;
  state: State;
  reports: number;
  isSilent: boolean;
  /** The control plane's view. */
  seen: { report: number; generation: number; state: State; at: number };
}

export interface FleetOptions {
  readonly remembersGenerations: boolean;
  readonly isCalm: () => boolean;
  readonly onReport: (node: FleetNode) => void;
}

const FETCH_MS = 2_000;

export function contentOf(from: Pair | null, to: Pair | null, percent?: number): string {
  if (!to) return 'absent';
  const name = ({ releaseId, configurationId }: Pair) => `${releaseId}/${configurationId ?? ''}`;
  if (percent === undefined || !from) return `${name(to)}@100`;
  return `${name(from)}@${100 - percent}+${name(to)}@${percent}`;
}

export class Fleet {
  readonly nodes = new Map<string, FleetNode>();
  /** Release ids that cannot be started on some nodes. */
  readonly broken = new Set<string>();
  private readonly movedSteps = new Set<string>();
  /** By `<run>:<node>`: what the node ran before the run touched it. */
  readonly before = new Map<string, string>();

  constructor(
    private readonly time: VirtualTime,
    private readonly dice: Dice,
    private readonly trace: Trace,
    private readonly options: FleetOptions,
  ) {}

  add(id: string, name: string, pair: Pair | null): FleetNode {
    const desired = { generation: 1, content: contentOf(null, pair), to: pair };
    const state: State = pair ? 'healthy' : 'absent';
    const node: FleetNode = {
      id,
      name,
      desired,
      accepted: desired,
      running: desired.content,
      state,
      reports: 0,
      isSilent: false,
      seen: { report: 0, generation: 1, state, at: this.time.now() },
    };
    this.nodes.set(id, node);
    this.beat(node);
    return node;
  }

  node(id: string): FleetNode {
    return this.nodes.get(id)!;
  }

  healthOf({ seen }: FleetNode): 'Healthy' | 'Lost' {
    return this.time.now() - seen.at > limits.nodeLostMs ? 'Lost' : 'Healthy';
  }

  /** Called once its transaction is committed. */
  move(runId: string, stepKey: string, moves: readonly NodeMove[], generations: readonly number[]) {
    const key = `${runId}:${stepKey}`;
    if (this.movedSteps.has(key)) this.trace.violated('I2', `move ${key} was applied twice`);
    this.movedSteps.add(key);
    for (const [at, { nodeId, from, to, percent }] of moves.entries()) {
      const node = this.node(nodeId);
      const generation = generations[at]!;
      if (generation <= node.desired.generation) {
        this.trace.violated('I4', `desired generation of ${node.name} fell to ${generation}`);
      }
      const first = `${runId}:${nodeId}`;
      // A plan knows one pair per node: a share that a cancelled rollout left behind is not restored.
      const { to: ran } = node.desired;
      if (!this.before.has(first)) this.before.set(first, contentOf(null, ran));
      node.desired = { generation, content: contentOf(from, to, percent), to };
      this.send(node);
      if (!this.options.isCalm() && this.dice.chance(0.3)) this.send(node);
    }
  }

  silence(node: FleetNode, ms: number): void {
    node.isSilent = true;
    this.trace.say(`${node.name} falls silent for ${ms} ms`);
    this.time.after(ms, () => {
      node.isSilent = false;
      this.report(node);
    });
  }

  /** A copy of what is desired now; it may arrive after a later one. */
  private send(node: FleetNode): void {
    const message = node.desired;
    const most = this.options.isCalm() ? 300 : 6_000;
    this.time.after(this.dice.between(20, most), () => {
      if (!node.isSilent) this.receive(node, message);
    });
  }

  private receive(node: FleetNode, message: Desired): void {
    const { generation } = node.accepted;
    const isOld = message.generation <= generation;
    if (message.generation === generation) {
      if (message.content !== node.accepted.content) {
        this.trace.violated('I2', `generation ${generation} of ${node.name} has two contents`);
      }
      return;
    }
    if (isOld && this.options.remembersGenerations) return;
    if (isOld) {
      this.trace.violated(
        'I4',
        `${node.name} went back from ${generation} to ${message.generation}`,
      );
    }
    node.accepted = message;
    node.state = 'converging';
    this.report(node);
    const most = this.options.isCalm() ? 1_500 : 9_000;
    this.time.after(this.dice.between(100, most), () => this.settle(node, message));
  }

  private settle(node: FleetNode, message: Desired): void {
    if (node.accepted !== message) return;
    const isBroken = message.to !== null && this.broken.has(`${message.to.releaseId}:${node.id}`);
    node.state = isBroken ? 'failed' : message.to ? 'healthy' : 'absent';
    if (!isBroken) node.running = message.content;
    this.report(node);
    if (!this.options.isCalm() && this.dice.chance(0.3)) this.report(node);
  }

  private report(node: FleetNode): void {
    if (node.isSilent) return;
    node.reports += 1;
    const report = {
      report: node.reports,
      generation: node.accepted.generation,
      state: node.state,
    };
    const isCalm = this.options.isCalm();
    if (!isCalm && this.dice.chance(0.1)) return;
    this.time.after(this.dice.between(5, isCalm ? 100 : 3_000), () => {
      node.seen.at = this.time.now();
      if (report.report <= node.seen.report) return;
      node.seen = { ...report, at: this.time.now() };
      this.options.onReport(node);
    });
  }

  /** Asks again and reports from time to time: what was lost on the way is repaired by that. */
  private beat(node: FleetNode): void {
    this.time.after(FETCH_MS + this.dice.between(0, 500), () => {
      if (!node.isSilent) {
        if (node.desired.generation > node.accepted.generation) this.send(node);
        this.report(node);
      }
      this.beat(node);
    });
  }
}
