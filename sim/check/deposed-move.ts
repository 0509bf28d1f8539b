/** What is left of a move of replicas that a controller made after another one had taken its place (M23). */
import type { ProtocolVersions } from '../../src/versions.ts'
import type { Anomaly } from './anomalies.ts'
import type { PartitionControl } from './control-state.ts'

/**
 * Why brokers that are no replicas are in a partition's ISR. The controller that stands read the replicas before the other
 * one took some away, and goes on to name them to leaders, who let them in; or the deposed one could not take them out of
 * the ISR, for its successor had written that since, and took them out of the replicas all the same.
 *
 * @param strays those members of the ISR
 */
export function deposedMove(
  { tp, movedBehind }: PartitionControl,
  strays: readonly number[],
  versions: ProtocolVersions,
): Anomaly | undefined {
  if (versions.controllerWrites !== 'node-version' || movedBehind === undefined || strays.length === 0) return undefined
  const { by, taken } = movedBehind
  if (!strays.every((id) => taken.includes(id))) return undefined
  return {
    id: 'M23',
    because: `${by}, a controller that had been replaced, ended a move of ${tp} and took b${taken.join(' and b')} away from its replicas behind the back of the one that stood: the ISR has b${strays.join(' and b')} still, or again (KAFKA-6082, before 2.1)`,
  }
}

/** Members of the ISR that ZooKeeper holds which are not among the replicas that it holds. */
export const straysOf = ({ state, assigned }: PartitionControl): number[] =>
  state === undefined ? [] : state.isr.filter((id) => !assigned.includes(id))
