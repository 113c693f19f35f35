import type {
  HistoryRequest,
  IntervalRequest,
  MetricSource,
  NodeInterval,
} from '../metric-source.js';
import { differences } from './counter-difference.js';
import { readIntervalSamples } from './interval-samples.queries.js';
import { readCounterSamples, type CounterSample } from './counter-samples.queries.js';

/** What agents reported, from node_metrics. Holds nothing: every question is one statement. */
export const agentMetricSource: MetricSource = {
  kind: 'agent',
  title: 'Counters reported by the agents',

  async readIntervals(tx, requests: readonly IntervalRequest[]) {
    const samples = groupByNode(await readIntervalSamples(tx, requests));
    const answers = new Map<string, NodeInterval[]>();
    requests.forEach((request, index) => {
      const intervals: NodeInterval[] = [];
      for (const [nodeId, own] of samples.get(index) ?? []) {
        const asked = own.filter((sample) => isAskedFor(sample, request));
        const [interval] = differences(nodeId, asked, request.fromMs, 1);
        if (interval) intervals.push(interval);
      }
      answers.set(request.key, intervals);
    });
    return answers;
  },

  async readHistory(tx, request: HistoryRequest) {
    const buckets = Math.floor((request.toMs - request.fromMs) / request.pollMs);
    if (buckets < 1) return [];
    const fromMs = request.toMs - buckets * request.pollMs;
    const rows = await readCounterSamples(tx, [{ ...request, fromMs, bucketMs: request.pollMs }]);
    const history: NodeInterval[][] = Array.from({ length: buckets }, () => []);
    for (const [nodeId, own] of groupByNode(rows).get(0) ?? []) {
      differences(nodeId, own, fromMs, buckets).forEach((interval, bucket) => {
        if (interval) history[bucket]!.push(interval);
      });
    }
    return history;
  },
};

function isAskedFor(
  { releaseId, instance }: CounterSample,
  request: Pick<IntervalRequest, 'releaseId' | 'exceptInstances'>,
): boolean {
  if (request.releaseId !== undefined && releaseId !== request.releaseId) return false;
  return !request.exceptInstances?.includes(instance);
}

/** request index → node → its samples, in the order of the statement. */
function groupByNode(rows: readonly CounterSample[]): Map<number, Map<string, CounterSample[]>> {
  const groups = new Map<number, Map<string, CounterSample[]>>();
  for (const row of rows) {
    const nodes = groups.get(row.request) ?? new Map<string, CounterSample[]>();
    groups.set(row.request, nodes);
    const own = nodes.get(row.nodeId) ?? [];
    nodes.set(row.nodeId, own);
    own.push(row);
  }
  return groups;
}
