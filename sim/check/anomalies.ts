/**
 * Known ways in which the control plane of older releases gets stuck (replication.md section 4), told from what a run
 * went through. Each needs its own evidence; that a release has a weakness names nothing by itself.
 */
import type { ProtocolVersions } from '../../src/versions.ts'
import type { BrokerControl, ControlTruth, PartitionControl } from './control-truth.ts'

export interface Anomaly {
  /** `M24`, as in replication.md. */
  readonly id: string
  readonly because: string
}

/** Why a partition is stuck, or not known to be led right, when all is calm; undefined if nothing known explains it. */
export function partitionAnomaly(
  control: ControlTruth,
  partition: PartitionControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  for (const id of partition.assigned) {
    const anomaly = brokerAnomaly(control.brokerOf(id), versions)
    if (anomaly !== undefined) return anomaly
  }
  if (partition.decidedByDeposed && versions.controllerWrites === 'node-version') {
    return {
      id: 'M23',
      because: `the last decision on ${partition.tp} was made by ${partition.decidedBy}, a controller that had been replaced (KAFKA-6082, before 2.1)`,
    }
  }
  const leader = partition.state === undefined ? undefined : control.brokerOf(partition.state.leader)
  const role = leader?.roles.get(partition.tp)
  if (role?.isrWriteFailed === true && versions.controllerWrites === 'node-version') {
    return {
      id: 'M22',
      because: `${leader!.machine} holds a version of the state of ${partition.tp} that ZooKeeper has left behind (KAFKA-2729)`,
    }
  }
  return undefined
}

/** Why the controller is wrong about a broker. */
export function brokerAnomaly(broker: BrokerControl, versions: ProtocolVersions): Anomaly | undefined {
  if (broker.running && broker.registered !== undefined && !broker.noticed && versions.brokerEpoch === 'none') {
    return {
      id: 'M24',
      because: `${broker.machine} left and came back between two looks of the controller, which never noticed (KAFKA-7235, before 2.2)`,
    }
  }
  if (broker.registered !== undefined && broker.lossMissed && versions.brokerListing === 'ids-then-nodes') {
    return {
      id: 'D1',
      because: `${broker.machine} left while the controller read who is there: it was listed, its node was gone, and so it was forgotten without having failed (derived; before 0.10)`,
    }
  }
  return undefined
}

/** Why a broker is down for good. */
export function haltAnomaly(broker: BrokerControl, versions: ProtocolVersions): Anomaly | undefined {
  if (broker.exit?.startsWith('log truncation is not allowed') !== true || versions.outOfRange === 'never-halt') {
    return undefined
  }
  return { id: 'M19', because: `${broker.machine} halts again and again: ${broker.exit} (KAFKA-3410, before 2.1)` }
}

/** Why a broker is wrong about which others are alive. */
export function newsAnomaly(
  control: ControlTruth,
  broker: BrokerControl,
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (versions.brokerNews === 'all-brokers') return undefined
  const ids = control.liveBrokers().map(({ id }) => id)
  const wrong = [...ids, ...broker.alive].filter((id) => ids.includes(id) !== broker.alive.includes(id))
  const holds = (id: number): boolean => [...control.partitions.values()].some(({ assigned }) => assigned.includes(id))
  if (wrong.some(holds)) return undefined
  return {
    id: 'D2',
    because: `b${wrong.join(' and b')} hold no replica, and others hear of a broker only with a change of a partition that it is on (KAFKA-972, before 0.9)`,
  }
}
