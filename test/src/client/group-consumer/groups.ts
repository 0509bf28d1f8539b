/** Consumers of groups on a whole cluster, with a producer that feeds them. */
import type { ClientPlan, ClusterPlan, GroupConsumerPlan } from '../../../../sim/scenario/plan.ts'
import { ApplicationBooks } from '../../../../sim/view/application-books.ts'
import type { PresetName } from '../../../../src/versions.ts'
import { ClusterHarness, producer, topic } from '../../broker/cluster-harness.ts'

export const MS = 1000
export const GROUP = 'billing'

export const member = (name: string, fields: Partial<GroupConsumerPlan> = {}): GroupConsumerPlan => ({
  kind: 'group-consumer',
  name,
  group: GROUP,
  subscribes: { topics: ['orders'] },
  config: { 'auto.offset.reset': 'earliest' },
  bootstrap: [],
  processing: { eachUs: 0, commits: 'auto', async: false, handsOver: false },
  pollUs: 100 * MS,
  autostart: true,
  ...fields,
})

export interface GroupSetup {
  readonly protocol?: PresetName
  readonly partitions?: number
  readonly clients: readonly ClientPlan[]
  readonly brokerConfig?: ClusterPlan['brokerConfig']
  readonly everyMs?: number
  readonly count?: number
  readonly seed?: number
}

/** Three brokers, a topic `orders`, a producer that writes to it all the time, and clients. */
export function world(setup: GroupSetup): ClusterHarness {
  const { protocol = '1.1', partitions = 4, clients, everyMs = 50, count } = setup
  const replicas = Array.from({ length: partitions }, (_, index) => [0, 1, 2].map((i) => ((index + i) % 3) + 1))
  return ClusterHarness.ready({
    ...(setup.seed === undefined ? {} : { seed: setup.seed }),
    plan: {
      protocol,
      topics: [topic({ partitions, replicas })],
      brokerConfig: { 'offsets.topic.num.partitions': 5, ...setup.brokerConfig },
      clients: [
        {
          ...producer('p1', -1),
          workload: {
            topic: 'orders',
            everyUs: everyMs * MS,
            startUs: 3000 * MS,
            keys: { low: 1, high: 100 },
            sizeBytes: 20,
            ...(count === undefined ? {} : { count }),
          },
        },
        ...clients,
      ],
    },
  })
}

/** Which partitions each client owns by its own account, of the last generation that it heard of. */
export function owners(harness: ClusterHarness): Record<string, readonly string[]> {
  const owned: Record<string, readonly string[]> = {}
  for (const { event } of harness.records) {
    if (event.kind === 'PartitionsAssigned') owned[event.client] = event.partitions
    else if (event.kind === 'PartitionsRevoked') owned[event.client] = []
  }
  return owned
}

/** What the applications of a run have done. */
export function books(harness: ClusterHarness): ApplicationBooks {
  const applications = new ApplicationBooks()
  for (const { event } of harness.records) applications.apply(event as never)
  return applications
}
