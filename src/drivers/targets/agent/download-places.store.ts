/** The table `download_places`: so many rows for a cluster, each leased by one download. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

/** A place that a process held when it was killed is free after this. */
const LEASE_MS = 15_000;

/** The right of one download to read and send bytes. */
export interface DownloadPlace {
  readonly tenantId: string;
  readonly clusterId: string;
  readonly number: number;
  /** Of this download alone: whoever takes the place later has another. */
  readonly holder: string;
}

type OfCluster = { readonly tenantId: string; readonly clusterId: string };

const layOut = statement<OfCluster & { readonly size: number }>(
  'download-places.lay-out',
  `
  insert into download_places (tenant_id, cluster_id, number)
  select :tenantId, :clusterId, number from generate_series(1, :size::int) as number on conflict do nothing`,
);

/** Whoever asks at the same moment passes over this one's place and finds the next. */
const take = statement<
  OfCluster & { readonly size: number; readonly holder: string; readonly leaseMs: number },
  { readonly number: number }
>(
  'download-places.take',
  `
  with free as (
    select number from download_places
    where tenant_id = :tenantId and cluster_id = :clusterId and number <= :size::int
      and (lease_until is null or lease_until < (select clock_timestamp()))
    order by number limit 1 for update skip locked)
  update download_places place set holder = :holder,
    lease_until = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
  from free where place.tenant_id = :tenantId and place.cluster_id = :clusterId and place.number = free.number
  returning place.number`,
);

const renew = statement<
  {
    readonly tenantIds: readonly string[];
    readonly clusterIds: readonly string[];
    readonly numbers: readonly number[];
    readonly holders: readonly string[];
    readonly leaseMs: number;
  },
  { readonly holder: string }
>(
  'download-places.renew',
  `
  update download_places place
  set lease_until = clock_timestamp() + :leaseMs::int * interval '1 millisecond'
  from unnest(:tenantIds::uuid[], :clusterIds::uuid[], :numbers::int[], :holders::uuid[])
    as held (tenant_id, cluster_id, number, holder)
  where place.tenant_id = held.tenant_id and place.cluster_id = held.cluster_id
    and place.number = held.number and place.holder = held.holder
  returning place.holder`,
);

const leave = statement<OfCluster & { readonly number: number; readonly holder: string }>(
  'download-places.leave',
  `
  update download_places set holder = null, lease_until = null
  where tenant_id = :tenantId and cluster_id = :clusterId and number = :number and holder = :holder`,
);

/** Makes the rows that are not there yet. */
export async function layOutPlaces(
  open: OpenContext,
  clusterId: string,
  size: number,
): Promise<void> {
  await open.tx.execute(layOut, { tenantId: open.tenantId, clusterId, size });
}

/** Null: all places are taken. */
export async function takePlace(
  open: OpenContext,
  { clusterId, size, holder }: { clusterId: string; size: number; holder: string },
): Promise<DownloadPlace | null> {
  const { tenantId } = open;
  const taken = await open.tx.first(take, { tenantId, clusterId, size, holder, leaseMs: LEASE_MS });
  return taken ? { tenantId, clusterId, number: taken.number, holder } : null;
}

/** Of all tenants. Answers the holders that still have their places. */
export async function renewPlaces(
  tx: SystemTransaction,
  places: readonly DownloadPlace[],
): Promise<Set<string>> {
  const renewed = await tx.query(renew, {
    tenantIds: places.map(({ tenantId }) => tenantId),
    clusterIds: places.map(({ clusterId }) => clusterId),
    numbers: places.map(({ number }) => number),
    holders: places.map(({ holder }) => holder),
    leaseMs: LEASE_MS,
  });
  return new Set(renewed.map(({ holder }) => holder));
}

export async function leavePlace(open: OpenContext, place: DownloadPlace): Promise<void> {
  const { tenantId, clusterId, number, holder } = place;
  await open.tx.execute(leave, { tenantId, clusterId, number, holder });
}
