/**
 * When does the cluster stand? A story begins when it does: ZooKeeper serves and its clients are connected, each broker registered, each partition of the plan led with
 * all its replicas in the ISR, and each broker told of all of it. Folded from the trace alone, so that runs without a
 * view can ask as well.
 */
import type { SystemEvent } from '../../../src/events.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import type { ClusterPlan } from '../plan.ts'

export class Standing {
  private readonly replicas = new Map<string, number>()
  private readonly complete = new Set<string>()
  /** Partitions that each broker was told of, in requests that named all brokers as alive. */
  private readonly told = new Map<string, number>()
  private readonly brokers: number
  /** Clients of ZooKeeper that have no session yet. */
  private readonly unconnected: Set<string>
  private serving = false

  constructor(plan: ClusterPlan) {
    this.brokers = plan.brokers
    const clients = plan.clients.filter(({ kind }) => kind === 'zookeeper' || kind === 'contender')
    this.unconnected = new Set(clients.map(({ name }) => name))
    for (const topic of plan.topics) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        const size = topic.replicas?.[partition]?.length ?? topic.replicationFactor
        this.replicas.set(`${topic.name}-${partition}`, size)
      }
    }
  }

  apply(record: TraceRecord): void {
    const event = record.event as SystemEvent
    switch (event.kind) {
      case 'ZkLeaderServing':
        this.serving = true
        return
      case 'ZkClientState':
        if (event.state === 'connected') this.unconnected.delete(record.machine)
        return
      case 'BecameLeader':
      case 'IsrExpanded':
        if (event.isr.length === this.replicas.get(event.tp)) this.complete.add(event.tp)
        return
      case 'MetadataUpdated':
        if (event.brokers.length === this.brokers) {
          this.told.set(record.machine, (this.told.get(record.machine) ?? 0) + event.partitions)
        }
        return
    }
  }

  get reached(): boolean {
    return (
      this.serving &&
      this.unconnected.size === 0 &&
      this.complete.size === this.replicas.size &&
      this.informed === this.brokers
    )
  }

  /** How many brokers know of everything. */
  private get informed(): number {
    let count = 0
    for (const partitions of this.told.values()) if (partitions >= this.replicas.size) count++
    return count
  }

  /** What is missing, in words. */
  missing(): string {
    if (!this.serving) return 'ZooKeeper has no leader that serves'
    if (this.unconnected.size > 0) return `${[...this.unconnected].join(', ')} not connected to ZooKeeper`
    const without = [...this.replicas.keys()].filter((tp) => !this.complete.has(tp))
    if (without.length > 0) return `no leader with a full ISR for ${without.join(', ')}`
    return `only ${this.informed} of ${this.brokers} brokers know of all brokers and partitions`
  }
}
