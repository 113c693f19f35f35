import { WholeApp } from '../support/whole-app.js';

let whole: WholeApp;
let text: string;
beforeAll(async () => {
  whole = await WholeApp.start({ isWorker: true });
  await fetch(`${whole.url}/api/v1/deployments`);
  text = await (await fetch(`${whole.url}/metrics`)).text();
});
afterAll(() => whole?.close());

const typeOf = (name: string) => new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)?.[1];
const valueOf = (name: string) =>
  new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];

describe('GET /metrics', () => {
  it.each([
    ['deployments_started_total', 'counter'],
    ['deployments_completed_total', 'counter'],
    ['deployments_failed_total', 'counter'],
    ['deployments_rolled_back_total', 'counter'],
    ['deployment_duration_seconds', 'histogram'],
    ['approval_requests_total', 'counter'],
    ['approvals_granted_total', 'counter'],
    ['approvals_rejected_total', 'counter'],
    ['modules_deployed_total', 'counter'],
    ['nodes_updated_total', 'counter'],
  ])('has the business metric tidegate_%s, a %s', (name, type) => {
    expect(typeOf(`tidegate_${name}`)).toBe(type);
  });

  it.each([
    ['due_step_oldest_age_seconds', 'gauge'],
    ['fenced_writes_total', 'counter'],
    ['hints_taken_total', 'counter'],
    ['deployments_in_flight', 'gauge'],
    ['gate_polls_total', 'counter'],
    ['gate_verdicts_total', 'counter'],
    ['http_requests_total', 'counter'],
    ['http_request_duration_seconds', 'histogram'],
    ['sockets_open', 'gauge'],
    ['sockets_cut_total', 'counter'],
    ['outbox_deliveries_total', 'counter'],
    ['outbox_open_streams', 'gauge'],
    ['default_partition_bytes', 'gauge'],
    ['housekeeping_failures_total', 'counter'],
  ])('has tidegate_%s of the platform, a %s', (name, type) => {
    expect(typeOf(`tidegate_${name}`)).toBe(type);
  });

  it('has values: of the engine, of HTTP, of the runtime', () => {
    expect(Number(valueOf('tidegate_due_step_oldest_age_seconds'))).toBeGreaterThanOrEqual(0);
    expect(valueOf('tidegate_fenced_writes_total')).toBe('0');
    expect(text).toContain(
      'tidegate_http_requests_total{method="GET",route="/api/v1/deployments",status="401"} 1',
    );
    expect(Number(valueOf('process_resident_memory_bytes'))).toBeGreaterThan(1e6);
    expect(Number(valueOf('nodejs_eventloop_lag_p99_seconds'))).toBeGreaterThanOrEqual(0);
  });

  it('has no series whose label is an id of ours or somebody’s name', () => {
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/);
    expect(text).not.toContain('"admin"');
  });

  it('speaks OpenMetrics to whom asks for it', async () => {
    const accept = 'application/openmetrics-text; version=1.0.0';
    const answer = await fetch(`${whole.url}/metrics`, { headers: { accept } });
    expect(answer.headers.get('content-type')).toContain('application/openmetrics-text');
    expect((await answer.text()).trimEnd()).toMatch(/# EOF$/);
  });
});
