/** Settings that a release does not honour, with the reason: legal there too, so they only make warnings. */
import type { ProtocolVersions } from '../../../src/versions.ts'

export interface IgnoredKey {
  /** What the release does about it: `knows no …`. */
  readonly why: string
  readonly suggestion?: string
}

/** Why a key of a broker changes nothing under these switches; undefined if it does. */
export function ignoredBrokerKey(key: string, value: unknown, versions: ProtocolVersions): IgnoredKey | undefined {
  switch (key) {
    case 'min.insync.replicas':
      if (versions.minIsr === 'topic-and-broker') return undefined
      return versions.minIsr === 'topic'
        ? {
            why: 'honours min.insync.replicas per topic only (KAFKA-2114)',
            suggestion: 'topics: { …: { config: { min.insync.replicas: … } } }',
          }
        : { why: 'knows no min.insync.replicas' }
    case 'replica.lag.max.messages':
      return versions.isrLag === 'time-while-behind-or-messages' || versions.isrLag === 'time-or-messages'
        ? undefined
        : { why: 'measures lag by time alone (KIP-16)' }
    case 'replica.fetch.backoff.ms':
      return versions.fetchBackoff === 'none' ? { why: 'knows no replica.fetch.backoff.ms' } : undefined
    case 'log.cleaner.min.compaction.lag.ms':
      return lagKey(key, versions)
    case 'log.cleaner.max.compaction.lag.ms':
      return lagKey(key, versions)
    case 'log.preallocate':
      return preallocationKey(key, versions)
    case 'log.cleanup.policy':
      return ignoredPolicy(value, versions)
    case 'log.roll.jitter.ms':
    case 'log.roll.jitter.hours':
      return jitterKey(key, versions)
    case 'compression.type':
      return ignoredCompression(value, versions)
    case 'log.message.format.version':
    case 'log.message.downconversion.enable':
    case 'log.message.timestamp.type':
    case 'log.message.timestamp.difference.max.ms':
    case 'log.message.timestamp.before.max.ms':
    case 'log.message.timestamp.after.max.ms':
      return messageKey(key, versions)
    default:
      if (key.startsWith('log.cleaner.') && versions.cleanupPolicies === 'delete') return noCompaction
      return ignoredKey(key, value, versions)
  }
}

/** The same for a topic-level key. */
export function ignoredTopicKey(key: string, value: unknown, versions: ProtocolVersions): IgnoredKey | undefined {
  switch (key) {
    case 'min.insync.replicas':
      return versions.minIsr === 'none' ? { why: 'knows no min.insync.replicas' } : undefined
    case 'preallocate':
      return preallocationKey(key, versions)
    case 'segment.jitter.ms':
      return jitterKey(key, versions)
    case 'cleanup.policy':
      return ignoredPolicy(value, versions)
    case 'compression.type':
      return ignoredCompression(value, versions)
    case 'message.format.version':
    case 'message.downconversion.enable':
    case 'message.timestamp.type':
    case 'message.timestamp.difference.max.ms':
    case 'message.timestamp.before.max.ms':
    case 'message.timestamp.after.max.ms':
      return messageKey(key, versions)
    case 'min.compaction.lag.ms':
    case 'max.compaction.lag.ms':
      return lagKey(key, versions)
    case 'min.cleanable.dirty.ratio':
    case 'delete.retention.ms':
      return versions.cleanupPolicies === 'delete' ? noCompaction : undefined
    default:
      return ignoredKey(key, value, versions)
  }
}

/** The same for a key of Java producers. */
export function ignoredProducerKey(key: string, versions: ProtocolVersions): IgnoredKey | undefined {
  const isApart = versions.sendBlocking === 'apart'
  switch (key) {
    case 'block.on.buffer.full':
    case 'metadata.fetch.timeout.ms':
      return isApart ? undefined : { why: `goes by max.block.ms instead of ${key} (KIP-19)` }
    case 'timeout.ms':
      return isApart ? undefined : { why: 'goes by request.timeout.ms instead of timeout.ms (KIP-19)' }
    case 'max.block.ms':
    case 'request.timeout.ms':
      return isApart ? { why: `knows no ${key} of producers (KIP-19)` } : undefined
    case 'delivery.timeout.ms':
      return versions.batchExpiry === 'by-delivery-timeout' ? undefined : { why: `knows no ${key} (KIP-91)` }
    case 'enable.idempotence':
      return versions.idempotence === 'none' ? { why: `knows no ${key} (KIP-98)` } : undefined
    case 'transactional.id':
    case 'transaction.timeout.ms':
      return versions.transactions === 'none' ? { why: `knows no ${key} (KIP-98)` } : undefined
    case 'retry.backoff.max.ms':
      return versions.retryPause === 'exponential' ? undefined : { why: `knows no ${key} (KIP-580)` }
    case 'socket.connection.setup.timeout.ms':
      return versions.connectTimeout === 'setting' ? undefined : { why: `knows no ${key} (KIP-601)` }
    default:
      return undefined
  }
}

/** The same for a key of consumers in coordinated groups. */
export function ignoredConsumerKey(key: string, versions: ProtocolVersions): IgnoredKey | undefined {
  if (key === 'isolation.level') {
    return versions.transactions === 'none' ? { why: 'knows no isolation.level (KIP-98)' } : undefined
  }
  if (versions.consumerLiveness === 'background-heartbeats') return undefined
  if (key === 'max.poll.records') return { why: 'knows no max.poll.records (KIP-41)' }
  return key === 'max.poll.interval.ms' ? { why: 'knows no max.poll.interval.ms (KIP-62)' } : undefined
}

const noCompaction: IgnoredKey = { why: 'knows no compaction' }

function ignoredKey(key: string, value: unknown, versions: ProtocolVersions): IgnoredKey | undefined {
  if (key === 'unclean.leader.election.enable' && value === false && versions.uncleanElection === 'always') {
    return { why: 'cannot switch unclean election off (KAFKA-1028)' }
  }
  return undefined
}

function ignoredPolicy(value: unknown, versions: ProtocolVersions): IgnoredKey | undefined {
  if (value === 'delete') return undefined
  if (versions.cleanupPolicies === 'delete') return noCompaction
  const both = typeof value === 'string' && value.includes(',')
  return both && versions.cleanupPolicies === 'delete-or-compact'
    ? { why: 'compacts or deletes, never both (KIP-71): it compacts' }
    : undefined
}

function lagKey(key: string, versions: ProtocolVersions): IgnoredKey | undefined {
  if (versions.cleanupPolicies === 'delete') return noCompaction
  const known =
    versions.compactionLag === 'min-and-max' || (versions.compactionLag === 'min' && key.includes('min.compaction'))
  return known ? undefined : { why: `knows no ${key}` }
}

function ignoredCompression(value: unknown, { brokerCompression }: ProtocolVersions): IgnoredKey | undefined {
  if (brokerCompression === 'compression.type' || value === 'producer') return undefined
  return { why: 'leaves compression to the producer (KAFKA-1499)' }
}

/** What a message looks like, under the names of brokers or of topics. */
function messageKey(key: string, versions: ProtocolVersions): IgnoredKey | undefined {
  const { formatSetting, timestampSettings, downConversion } = versions
  const unknown = { why: `knows no ${key}` }
  if (key.endsWith('downconversion.enable')) return downConversion === 'unless-disabled' ? undefined : unknown
  if (key.endsWith('format.version')) {
    if (formatSetting === 'honoured') return undefined
    return formatSetting === 'none' ? unknown : { why: 'writes the latest message format in any case (KIP-724)' }
  }
  if (timestampSettings === 'none') return unknown
  if (key.endsWith('difference.max.ms')) return timestampSettings === 'before-and-after' ? unknown : undefined
  const isOneSided = key.endsWith('before.max.ms') || key.endsWith('after.max.ms')
  return isOneSided && timestampSettings === 'difference' ? unknown : undefined
}

const preallocationKey = (key: string, { preallocation }: ProtocolVersions): IgnoredKey | undefined =>
  preallocation === 'none' ? { why: `knows no ${key}` } : undefined

const jitterKey = (key: string, { rollJitter }: ProtocolVersions): IgnoredKey | undefined =>
  rollJitter === 'none' ? { why: `knows no ${key}` } : undefined
