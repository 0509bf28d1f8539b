/** Which settings of a topic reach the log format, release by release. */
import { describe, expect, it } from 'vitest'
import { brokerConfigTable } from '../../../src/config/broker-config.ts'
import { configValues, topicConfig, topicConfigTable } from '../../../src/config/index.ts'
import { releaseDefaults } from '../../../src/server/index.ts'
import { releaseLogFormat } from '../../../src/server/release-log-format.ts'
import { type PresetName, presets } from '../../../src/versions.ts'

const LIMITLESS = Number.MAX_SAFE_INTEGER
const names = Object.keys(presets) as PresetName[]
const formatOf = (preset: PresetName, topic: Record<string, unknown> = {}, broker: Record<string, unknown> = {}) => {
  const config = configValues(brokerConfigTable, releaseDefaults[preset], broker)
  return releaseLogFormat(presets[preset], topicConfig(config, topic, { brokerMinIsr: true }))
}
const named = <T>(value: (preset: PresetName) => T): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, value(name)]))

describe('the log format of a topic', () => {
  it('knows compression.type since 0.9, of the topic before that of the broker', () => {
    const before = ['0.8.0', '0.8.1', '0.8.2']
    for (const name of names) {
      const isOld = before.includes(name)
      expect(formatOf(name).compressionType, name).toBe('producer')
      expect(formatOf(name, { 'compression.type': 'gzip' }).compressionType, name).toBe(isOld ? 'producer' : 'gzip')
      const both = formatOf(name, { 'compression.type': 'uncompressed' }, { 'compression.type': 'lz4' })
      expect(both.compressionType, name).toBe(isOld ? 'producer' : 'uncompressed')
      const ofBroker = formatOf(name, {}, { 'compression.type': 'lz4' })
      expect(ofBroker.compressionType, name).toBe(isOld ? 'producer' : 'lz4')
    }
  })

  it('writes an older message format from 0.10 to 2.8, if told so, and never one that the release has not got', () => {
    const magic = (version: string) => named((name) => formatOf(name, { 'message.format.version': version }).magic)
    const v0 = { '0.8.0': 0, '0.8.1': 0, '0.8.2': 0, '0.9': 0 }
    const fixed = { '3.3': 2, '3.5': 2, '3.7': 2, '4.1': 2 }
    const until28 = (value: number) =>
      Object.fromEntries(['0.11', '1.1', '2.0', '2.1', '2.4', '2.7', '2.8'].map((name) => [name, value]))
    expect(magic('')).toEqual({ ...v0, '0.10.2': 1, ...until28(2), ...fixed })
    expect(magic('0.9.0')).toEqual({ ...v0, '0.10.2': 0, ...until28(0), ...fixed })
    expect(magic('0.10.0-IV1')).toEqual({ ...v0, '0.10.2': 1, ...until28(1), ...fixed })
    expect(magic('2.8')).toEqual({ ...v0, '0.10.2': 1, ...until28(2), ...fixed })
  })

  it('keeps leader epochs for format 2; from 0.11 to 2.0 also where an older one is written', () => {
    const epochs = (version: string) =>
      named((name) => formatOf(name, { 'message.format.version': version }).leaderEpochs !== 'none')
    const since011 = named((name) => names.indexOf(name) >= names.indexOf('0.11'))
    expect(epochs('')).toEqual(since011)
    expect(epochs('0.10.2')).toEqual({ ...since011, '2.1': false, '2.4': false, '2.7': false, '2.8': false })
  })

  it('takes the time from whom it is told to, since 0.10', () => {
    const type = named((name) => formatOf(name, {}, { 'log.message.timestamp.type': 'LogAppendTime' }).timestampType)
    for (const name of names) {
      const isOld = names.indexOf(name) < names.indexOf('0.10.2')
      expect(type[name], name).toBe(isOld ? 'CreateTime' : 'LogAppendTime')
      expect(formatOf(name).timestampType).toBe('CreateTime')
    }
  })

  it('limits timestamps on both sides by one setting, since 3.6 also by one for each, and since 4.0 by these alone', () => {
    const limits = (preset: PresetName, topic: Record<string, unknown>) => {
      const { timestampBeforeMaxMs, timestampAfterMaxMs } = formatOf(preset, topic)
      return [timestampBeforeMaxMs, timestampAfterMaxMs]
    }
    const difference = { 'message.timestamp.difference.max.ms': 7 }
    const all = { ...difference, 'message.timestamp.before.max.ms': 5, 'message.timestamp.after.max.ms': 3 }
    expect(limits('0.9', all)).toEqual([LIMITLESS, LIMITLESS])
    for (const name of ['0.10.2', '0.11', '2.4', '3.3', '3.5'] as const) {
      expect(limits(name, {}), name).toEqual([LIMITLESS, LIMITLESS])
      expect(limits(name, all), name).toEqual([7, 7])
    }
    expect(limits('3.7', difference)).toEqual([7, 7])
    expect(limits('3.7', { ...difference, 'message.timestamp.after.max.ms': 3 })).toEqual([7, 3])
    expect(limits('3.7', all)).toEqual([5, 3])
    expect(limits('4.1', all)).toEqual([5, 3])
    // KIP-1030: an hour.
    expect(limits('4.1', difference)).toEqual([LIMITLESS, 3_600_000])
  })

  it('allocates segments at once since 0.9, where it is told to', () => {
    for (const name of names) {
      expect(formatOf(name).preallocates, name).toBe(false)
      const isOld = name.startsWith('0.8')
      expect(formatOf(name, { preallocate: true }).preallocates, name).toBe(!isOld)
      expect(formatOf(name, {}, { 'log.preallocate': true }).preallocates, name).toBe(!isOld)
    }
  })

  it('has a broker key behind each of these settings', () => {
    const settings = Object.keys(topicConfigTable).filter((key) => /^(compression|message)\./.test(key))
    for (const key of settings) expect(brokerConfigTable).toHaveProperty([key.replace(/^message\./, 'log.message.')])
    expect(settings).toHaveLength(7)
  })
})
