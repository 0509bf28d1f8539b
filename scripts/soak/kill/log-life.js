// What both sides of the kill soak know: how a directory of logs is opened outside a broker, and what is written there.
import { brokerConfigTable, configValues, topicConfigTable } from '../../../dist/src/config/index.js'
import { fromUtf8, utf8 } from '../../../dist/src/host/index.js'
import { buildMessageSet, LogManager } from '../../../dist/src/storage/index.js'
import { presets } from '../../../dist/src/versions.js'

export const PARTITIONS = ['orders-0', 'facts-0']
/** Keeps the last value of each key only. */
export const isCompacted = (tp) => tp === 'facts-0'
export const keyOf = (value) => value.slice(0, value.indexOf('='))

/** Small, so that a life of a few hundred milliseconds rolls, compacts and deletes many segments. */
const config = { 'segment.bytes': 2000, 'index.interval.bytes': 200, 'segment.index.bytes': 800 }

/** A host with files and timers that fire when the clock, moved by hand, comes to them. */
export class HandMovedHost {
  machine = 'b1'
  tracing = false
  nowUs = 1_700_000_000_000_000
  timers = []

  constructor(files) {
    this.files = files
  }

  now() {
    return this.nowUs
  }

  setTimer(delayUs, _tag, fire) {
    const timer = { atUs: this.nowUs + delayUs, fire }
    this.timers.push(timer)
    return { cancel: () => (this.timers = this.timers.filter((other) => other !== timer)) }
  }

  charge() {}
  trace() {}

  advanceMs(ms) {
    const untilUs = this.nowUs + ms * 1000
    for (;;) {
      const [due] = this.timers.filter(({ atUs }) => atUs <= untilUs).sort((a, b) => a.atUs - b.atUs)
      if (due === undefined) break
      this.timers = this.timers.filter((other) => other !== due)
      this.nowUs = Math.max(this.nowUs, due.atUs)
      due.fire()
    }
    this.nowUs = untilUs
  }
}

/** Opens the logs of a directory, as a broker that starts. */
export function openLogs(host) {
  const logs = new LogManager(host, '', {
    config: configValues(brokerConfigTable, { 'log.cleaner.enable': true }),
    topicConfig: (topic) =>
      configValues(topicConfigTable, {
        ...config,
        ...(topic === 'facts' ? { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': 0.2 } : {}),
      }),
    // Of a release that survives a crash between a swap and the checkpoint after it (0.9, KAFKA-2118), and one while
    // logs are opened (2.8, KAFKA-10471).
    cleanerRules: presets['2.4'],
    shutdownMark: 'removed-first',
  })
  logs.load()
  for (const tp of PARTITIONS) logs.getOrCreate(tp)
  return logs
}

export function append(log, value) {
  const key = isCompacted(log.topicPartition) ? utf8(keyOf(value)) : null
  log.append(buildMessageSet([{ key, value: utf8(value) }]), { assignOffsets: true })
}

/** Offset to value. */
export const recordsOf = (log) =>
  new Map(log.messages(0, Number.MAX_SAFE_INTEGER).map(({ offset, value }) => [offset, fromUtf8(value)]))
