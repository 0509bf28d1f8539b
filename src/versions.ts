/**
 * Every protocol switch that is modelled so far, and the presets: which release behaved how (replication.md section 3,
 * and section 2.0 for the releases of 0.8). Code asks for a behaviour (`versions.truncation === 'high-watermark'`),
 * never for a release number. Presets and switches that later parts need join this table then.
 */
export interface ProtocolVersions {
  /** F01, KIP-16: what makes a follower leave the ISR. `lag-while-behind`: 0.8.0, only while its LEO is behind. */
  readonly isrLag: 'time-while-behind-or-messages' | 'time-or-messages'
  /** F03, KAFKA-1028 (0.8.2): may unclean election be switched off at all? */
  readonly uncleanElection: 'always' | 'configurable'
  /** F05, KAFKA-1555 (0.8.2), KAFKA-2114 (0.9): where `min.insync.replicas` is honoured. */
  readonly minIsr: 'none' | 'topic' | 'topic-and-broker'
  /** F07, KAFKA-1430 (0.8.2): when an acks=-1 produce is done. */
  readonly ackRule: 'isr-end-offsets' | 'high-watermark'
  /** F09, KAFKA-1382 (0.8.2): an ISR write that finds its own content under another version counts as done. */
  readonly isrConflict: 'fail' | 'same-content-succeeds'
  /** F10, KAFKA-1188 (0.8.2): a follower told of the leader it already has does nothing. */
  readonly followerSkip: 'never' | 'same-leader'
  /** F11, before KIP-101: what a new follower cuts its log back to. */
  readonly truncation: 'high-watermark'
  /** F12, KAFKA-2143: what a follower does whose fetch offset is out of the leader's range. */
  readonly outOfRange: 'halt-or-wipe'
  /** F13, before KAFKA-7128: what a follower must have reached to join the ISR. */
  readonly isrExpand: 'high-watermark'
  /** F08, before KAFKA-2960: what a demotion does to waiting produce requests. */
  readonly demotedPurgatory: 'kept'
  /** F04: whether the last member may leave the ISR when unclean election is on. */
  readonly lastIsrMember: 'may-leave'
  /** F06: values of `request.required.acks`. */
  readonly acksRange: 'any'
  /** When a follower's position is recorded (replication.md 2.0). */
  readonly followerPosition: 'before-read' | 'after-read'
  /** Which live ISR member an election picks (replication.md 2.0). */
  readonly electionPick: 'isr-order' | 'assignment-order'
  /** Whether ISR shrinks re-check waiting produce requests (replication.md 2.0). */
  readonly produceRecheck: 'follower-fetch' | 'fetch-and-high-watermark'
  /** F24: a consumer's fetch between the high watermark and the LEO. */
  readonly readAboveHighWatermark: 'unknown-error'
}

const v082: ProtocolVersions = {
  isrLag: 'time-or-messages',
  uncleanElection: 'configurable',
  minIsr: 'topic',
  ackRule: 'high-watermark',
  isrConflict: 'same-content-succeeds',
  followerSkip: 'same-leader',
  truncation: 'high-watermark',
  outOfRange: 'halt-or-wipe',
  isrExpand: 'high-watermark',
  demotedPurgatory: 'kept',
  lastIsrMember: 'may-leave',
  acksRange: 'any',
  followerPosition: 'after-read',
  electionPick: 'assignment-order',
  produceRecheck: 'fetch-and-high-watermark',
  readAboveHighWatermark: 'unknown-error',
}

const v081: ProtocolVersions = {
  ...v082,
  uncleanElection: 'always',
  minIsr: 'none',
  ackRule: 'isr-end-offsets',
  isrConflict: 'fail',
  followerSkip: 'never',
  followerPosition: 'before-read',
  electionPick: 'isr-order',
  produceRecheck: 'follower-fetch',
}

/** Presets by name, oldest first. */
export const presets = {
  '0.8.0': { ...v081, isrLag: 'time-while-behind-or-messages' },
  '0.8.1': v081,
  '0.8.2': v082,
} as const satisfies Record<string, ProtocolVersions>

export type PresetName = keyof typeof presets

export const defaultPreset: PresetName = '0.8.2'

/** Presets of the design that no part has built yet: named in a diagnostic rather than called unknown. */
export const plannedPresets = ['0.9', '0.10.2', '0.11', '1.1', '2.0', '2.1', '2.4', '2.7', '3.3', '3.5', '3.7', '4.1']
