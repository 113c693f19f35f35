/** Deployments that have ended, by hand, and their receipts over real HTTP. */
import { AuditSealerModule } from '../../src/edges/audit/audit-sealer.module.js';
import { LogSealer } from '../../src/edges/audit/log/log-sealer.js';
import { type NoteVerifier, parseVerifierKey } from '../../src/kernel/tlog/note.js';
import type { Answer, DeployingTenant } from './deployments-app.js';
import { NodeReports } from './node-reports.js';
import { PendingApprovals } from './pending-approvals.js';

export class ReceiptsRig {
  readonly reports: NodeReports;

  private constructor(readonly approvals: PendingApprovals) {
    this.reports = new NodeReports(approvals.app);
  }

  static async start(): Promise<ReceiptsRig> {
    return new ReceiptsRig(await PendingApprovals.start({}, [AuditSealerModule]));
  }

  get app() {
    return this.approvals.app;
  }

  close(): Promise<void> {
    return this.approvals.close();
  }

  async seal(): Promise<void> {
    await this.app.whole.get(LogSealer).seal();
  }

  /** As if its time had come: the engine looks once, and this is what people see then. */
  async look(tenant: DeployingTenant, id: string) {
    await this.app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
    await this.app.act(tenant.id, id);
    return (await tenant.get(`/deployments/${id}`)).body;
  }

  /** To its end: its nodes do what they are told, and are healthy. */
  async settle(tenant: DeployingTenant, id: string): Promise<string> {
    await this.look(tenant, id);
    await this.reports.say('healthy', 'node-%');
    return (await this.look(tenant, id)).status as string;
  }

  async deploy(tenant: DeployingTenant, change: object = {}): Promise<string> {
    const id = await tenant.deploy({ strategy: { kind: 'direct' }, ...change });
    await this.app.pass(tenant.id, id, 'preflight');
    return id;
  }

  async receipt(tenant: DeployingTenant, id: string): Promise<Answer> {
    await this.seal();
    return tenant.get(`/deployments/${id}/receipt`);
  }

  /** What an auditor has written down. */
  async trusted(tenant: DeployingTenant): Promise<NoteVerifier[]> {
    const { body } = await tenant.as('Admin', '/audit-logs/key');
    return [parseVerifierKey(body.key as string)];
  }
}
