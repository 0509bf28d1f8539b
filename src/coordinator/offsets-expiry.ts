/**
 * Which offsets of a group are too old: by their own time (`OffsetManager.compact` of 0.8.2, `expireTimestamp` of 0.9 to
 * 2.0), or, since KIP-211, only while nobody is in the group (`GroupMetadata.removeExpiredOffsets` at 2.1.1).
 */
import type { OffsetAndMetadata, TopicPartition } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { Group } from './group.ts'

export interface ExpiryRule {
  readonly rule: ProtocolVersions['offsetsExpiry']
  /** Each offset has its time to go. */
  readonly timed: boolean
  readonly nowMs: number
  readonly retentionMs: number
  /** A commit of the partition is under way. */
  readonly isPending: (tp: TopicPartition) => boolean
}

export function expiredOffsets(
  offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>,
  group: Group | undefined,
  rule: ExpiryRule,
): Array<readonly [TopicPartition, OffsetAndMetadata]> {
  const isExpired = rule.rule === 'by-age' ? byAge(rule) : whenEmpty(group, rule)
  return [...offsets].filter(([tp, offset]) => !rule.isPending(tp) && isExpired(offset))
}

function byAge({ timed, nowMs, retentionMs }: ExpiryRule): (offset: OffsetAndMetadata) => boolean {
  if (timed) return ({ expireTimestamp }) => expireTimestamp !== undefined && expireTimestamp < nowMs
  return ({ commitTimestamp }) => nowMs - commitTimestamp > retentionMs
}

function whenEmpty(group: Group | undefined, rule: ExpiryRule): (offset: OffsetAndMetadata) => boolean {
  const { nowMs, retentionMs } = rule
  const isSimple = group?.protocolType === undefined
  if (!isSimple && !group.is('Empty')) return () => false
  return ({ commitTimestamp, expireTimestamp }) => {
    if (expireTimestamp !== undefined) return nowMs >= expireTimestamp
    const since = isSimple ? commitTimestamp : (group.stateSinceMs ?? commitTimestamp)
    return nowMs - since >= retentionMs
  }
}
