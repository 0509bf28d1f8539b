/** A log manager that compacts one topic, with a clock moved by hand. */
import { brokerConfigTable, configValues, type TopicConfig } from '../../../../src/config/index.ts'
import { fromUtf8, utf8 } from '../../../../src/host/index.ts'
import {
  buildMessageSet,
  buildRecords,
  type CleanerEvent,
  type CleanerRules,
  type CompressionType,
  cleanerRules082,
  type Log,
  type LogFormat,
  LogManager,
  type LogRecord,
  logFormat21,
  logFormat24,
  logFormat010,
  logFormat011,
  logFormat082,
} from '../../../../src/storage/index.ts'
import { presets } from '../../../../src/versions.ts'
import { StorageHost, topicConfigWith } from '../support.ts'

export const TP = 'users-0'

/** A pair of key and value; a value of null is a tombstone. */
export type Pair = readonly [key: string | null, value: string | null]

export interface WorldOptions {
  readonly preset?: '0.8.2' | '0.9' | '0.10.2' | '0.11' | '2.1' | '2.4'
  readonly broker?: Readonly<Record<string, unknown>>
  readonly topic?: Partial<TopicConfig>
  readonly host?: StorageHost
  readonly format?: LogFormat
}

const formats = {
  '0.8.2': logFormat082,
  '0.9': logFormat082,
  '0.10.2': logFormat010,
  '0.11': logFormat011,
  '2.1': logFormat21,
  '2.4': logFormat24,
} as const

export class World {
  readonly host: StorageHost
  readonly rules: CleanerRules
  readonly format: LogFormat
  readonly logs: LogManager

  constructor(options: WorldOptions = {}) {
    const { preset = '0.8.2', broker = {}, topic = {} } = options
    this.host = options.host ?? new StorageHost()
    this.rules = preset === '0.8.2' ? cleanerRules082 : presets[preset]
    this.format = options.format ?? formats[preset]
    const config = configValues(brokerConfigTable, { 'log.cleaner.enable': true, ...broker })
    this.logs = new LogManager(this.host, '', {
      config,
      topicConfig: () => topicConfigWith({ 'cleanup.policy': 'compact', 'segment.bytes': 1000, ...topic }),
      logFormat: () => this.format,
      cleanerRules: this.rules,
    })
    this.logs.load()
    this.logs.startup()
  }

  get log(): Log {
    return this.logs.getOrCreate(TP)
  }

  /** Appends the pairs in one set, as the leader. */
  append(pairs: readonly Pair[], compression: CompressionType = 'none'): void {
    const messages = pairs.map(([key, value]) => ({
      key: key === null ? null : utf8(key),
      value: value === null ? null : utf8(value),
      timestamp: Math.floor(this.host.nowUs / 1000),
    }))
    const { magic } = this.format
    const set =
      magic === 0 && compression === 'none'
        ? buildMessageSet(messages)
        : buildRecords(magic === 0 ? messages.map(({ key, value }) => ({ key, value })) : messages, {
            magic,
            compression,
            codecs: this.format.codecs,
          })
    this.log.append(set, { assignOffsets: true })
  }

  /** Appends and closes the segment. */
  segment(pairs: readonly Pair[], compression: CompressionType = 'none'): void {
    this.append(pairs, compression)
    this.log.roll()
  }

  records(): LogRecord[] {
    return this.log.messages(0, Number.MAX_SAFE_INTEGER)
  }

  /** `offset:key=value` of every record; `key!` for a tombstone. */
  content(): string[] {
    return this.records().map(({ offset, key, value }) => {
      const name = key === null ? '' : fromUtf8(key)
      return `${offset}:${value === null ? `${name}!` : `${name}=${fromUtf8(value)}`}`
    })
  }

  bases(): number[] {
    return this.log.segments.map(({ baseOffset }) => baseOffset)
  }

  files(): string[] {
    return [...this.host.files.list(TP)]
  }

  events<K extends CleanerEvent['kind']>(kind: K): Extract<CleanerEvent, { kind: K }>[] {
    return this.host.events.filter((event): event is Extract<CleanerEvent, { kind: K }> => event.kind === kind)
  }

  /** Offset in the cleaner's checkpoint, as its file says. */
  checkpoint(): string | undefined {
    const path = 'cleaner-offset-checkpoint'
    if (this.host.files.status(path) === undefined) return undefined
    const handle = this.host.files.open(path, { create: false })
    const bytes = new Uint8Array(handle.size())
    handle.read(0, bytes, 0, bytes.length)
    handle.close()
    return fromUtf8(bytes)
  }

  /** Lets the cleaner find what there is to do. */
  clean(): void {
    this.host.advanceMs(15_001)
  }
}
