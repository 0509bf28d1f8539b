/** What a topic gets from its broker where it says nothing itself: `log.*` keys, the first of several names that is set. */
import { describe, expect, it } from 'vitest'
import { brokerConfigTable, configValues, topicConfig, topicConfigTable } from '../../../src/config/index.ts'

const HOUR_MS = 3_600_000
const LIMITLESS = Number.MAX_SAFE_INTEGER
const of = (broker: Record<string, unknown>, topic: Record<string, unknown> = {}, brokerMinIsr = false) =>
  topicConfig(configValues(brokerConfigTable, broker), topic, { brokerMinIsr })

describe('the configuration of a topic', () => {
  it.each([
    ['segment.ms', {}, 168 * HOUR_MS],
    ['segment.ms', { 'log.roll.hours': 2 }, 2 * HOUR_MS],
    ['segment.ms', { 'log.roll.hours': 2, 'log.roll.ms': 5 }, 5],
    ['segment.jitter.ms', {}, 0],
    ['segment.jitter.ms', { 'log.roll.jitter.hours': 3 }, 3 * HOUR_MS],
    ['segment.jitter.ms', { 'log.roll.jitter.hours': 3, 'log.roll.jitter.ms': 7 }, 7],
    ['flush.messages', {}, LIMITLESS],
    ['flush.messages', { 'log.flush.interval.messages': 9 }, 9],
    ['flush.ms', {}, LIMITLESS],
    ['flush.ms', { 'log.flush.scheduler.interval.ms': 1000 }, 1000],
    ['flush.ms', { 'log.flush.scheduler.interval.ms': 1000, 'log.flush.interval.ms': 50 }, 50],
    ['file.delete.delay.ms', {}, 60_000],
    ['file.delete.delay.ms', { 'log.segment.delete.delay.ms': 1 }, 1],
    ['preallocate', {}, false],
    ['preallocate', { 'log.preallocate': true }, true],
    ['retention.ms', { 'log.retention.hours': 1 }, HOUR_MS],
    ['retention.ms', { 'log.retention.hours': 1, 'log.retention.minutes': 2 }, 120_000],
    ['retention.ms', { 'log.retention.minutes': 2, 'log.retention.ms': 3 }, 3],
    ['retention.ms', { 'log.retention.hours': -1 }, -1],
    ['compression.type', { 'compression.type': 'gzip' }, 'gzip'],
    ['message.timestamp.type', { 'log.message.timestamp.type': 'LogAppendTime' }, 'LogAppendTime'],
  ] as const)('has %s from %j: %j', (key, broker, value) => {
    expect(of(broker)[key]).toBe(value)
  })

  it('is what the topic says, if it says it, for every key', () => {
    for (const [key, { type, default: standard }] of Object.entries(topicConfigTable)) {
      const own = type === 'boolean' ? !standard : type === 'string' ? `not ${standard}` : Number(standard) + 1
      expect(of({}, { [key]: own }), key).toMatchObject({ [key]: own })
    }
  })

  it('has min.insync.replicas of the broker only where the release looks there (KAFKA-2114)', () => {
    expect(of({ 'min.insync.replicas': 2 })['min.insync.replicas']).toBe(1)
    expect(of({ 'min.insync.replicas': 2 }, {}, true)['min.insync.replicas']).toBe(2)
  })
})
