import type { FailureLog } from '../../../agent/protocol/failure-log.js';
import type {
  EnrollRequest,
  EnrollResponse,
  ReportRequest,
  ReportResponse,
} from '../../../agent/protocol/protocol.js';

/** For the OpenAPI document: one node that enrols, reports and asks. */
const nodeId = '019a7f40-1000-7aaa-8bbb-0123456789ab';
const moduleId = '019a7f3e-3000-7aaa-8bbb-0123456789ab';
const releaseId = '019a7f3e-4000-7aaa-8bbb-0123456789ab';
const instance = 'i-7d1f';

const enrollRequest: EnrollRequest = {
  protocol: 1,
  token: 'tge_single-use-token-from-an-admin',
  publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  name: 'node-1',
  labels: { zone: 'a' },
};

const enrollResponse: EnrollResponse = {
  protocol: 1,
  tenantId: '019a7f30-1000-7aaa-8bbb-0123456789ab',
  nodeId,
  clusterId: '019a7f31-1000-7aaa-8bbb-0123456789ab',
  serverKeys: [{ kid: '2026-05', publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
};

const reportRequest: ReportRequest = {
  protocol: 1,
  bootId: '3f1c9a52',
  agentVersion: '0.1.0',
  revision: 7,
  observed: [
    {
      moduleId,
      generation: 3,
      state: 'healthy',
      running: [{ releaseId, configurationId: null, instance }],
      endpoints: ['http://127.0.0.1:8080'],
    },
  ],
  metrics: [
    {
      moduleId,
      releaseId,
      instance,
      ageMs: 120,
      requests: 1200,
      errors: 1,
      frontErrors: 0,
      cut: 0,
      retries: 0,
      clientGone: 2,
      websockets: 0,
      cpuMs: 5230,
      memoryBytes: 73_400_320,
      histogram: [
        [88, 1100],
        [96, 100],
      ],
    },
  ],
};

const reportResponse: ReportResponse = { protocol: 1, reportIntervalMs: 5000, revision: 8 };

const failureLog: FailureLog = {
  protocol: 1,
  moduleId,
  generation: 3,
  releaseId,
  source: instance,
  code: 'exited',
  lines: ['connecting to postgres://shop:[masked]@db:5432/shop', 'Error: connection refused'],
  isCut: false,
};

export const agentExamples = {
  failureLog: { request: failureLog },
  enroll: { request: enrollRequest, response: enrollResponse },
  report: { request: reportRequest, response: reportResponse },
  desired: {
    response: { statement: 'eyJ0eXAiOiJ0aWRlZ2F0ZS1kZXNpcmVk….eyJwcm90b2Nv….c2lnbmF0dXJl' },
  },
};
