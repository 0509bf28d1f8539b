/** What is known against the logs in which offsets and groups are kept. */
import { OFFSETS_TOPIC } from '../../src/protocol/index.ts'
import { type Evidence, noEvidence } from './facts.ts'
import type { Truth } from './truth.ts'

/** @param also another partition whose evidence is added */
export function offsetsEvidence(truth: Truth, also?: string): Evidence {
  const evidence = noEvidence()
  for (const partition of truth.partitions.values()) {
    if (partition.tp !== also && partition.topic !== OFFSETS_TOPIC) continue
    for (const kind of Object.keys(evidence) as Array<keyof Evidence>) evidence[kind] += partition.evidence[kind]
  }
  return evidence
}
