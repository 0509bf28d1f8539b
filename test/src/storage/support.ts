/** What storage tests share: a host that only keeps time, small configurations, messages to append. */

import { MemoryFileSystem } from '../../../sim/kernel/memory-files.ts'
import { brokerConfigTable, configValues, type TopicConfig, topicConfigTable } from '../../../src/config/index.ts'
import {
  type FileSystem,
  fromUtf8,
  type Host,
  MILLISECOND,
  type Timer,
  type TraceEvent,
  utf8,
} from '../../../src/host/index.ts'
import {
  buildMessageSet,
  type Log,
  type LogFormat,
  LogManager,
  type LogManagerOptions,
  type StorageEvent,
} from '../../../src/storage/index.ts'
import { openLog } from '../../../src/storage/log-loader.ts'

/** A host with files, a clock moved by hand and timers; it has no network and no chance. */
export class StorageHost implements Host {
  readonly machine = 'b1'
  readonly tracing = true
  readonly events: StorageEvent[] = []
  files: FileSystem
  nowUs = 1_700_000_000_000_000
  private timers: Array<{ readonly atUs: number; readonly tag: string; readonly fire: () => void }> = []

  constructor(files?: FileSystem) {
    this.files = files ?? new MemoryFileSystem(() => this.nowUs)
  }

  now(): number {
    return this.nowUs
  }

  setTimer(delayUs: number, tag: string, fire: () => void): Timer {
    const timer = { atUs: this.nowUs + delayUs, tag, fire }
    this.timers.push(timer)
    return { cancel: () => void (this.timers = this.timers.filter((other) => other !== timer)) }
  }

  trace(event: TraceEvent): void {
    this.events.push(event as StorageEvent)
  }

  charge(): void {}

  /** Moves the clock and fires what is due, earliest first. */
  advanceMs(ms: number): void {
    const untilUs = this.nowUs + ms * MILLISECOND
    for (;;) {
      const due = this.timers.filter(({ atUs }) => atUs <= untilUs).sort((a, b) => a.atUs - b.atUs)[0]
      if (due === undefined) break
      this.timers = this.timers.filter((other) => other !== due)
      this.nowUs = Math.max(this.nowUs, due.atUs)
      due.fire()
    }
    this.nowUs = untilUs
  }

  /** What the end of a process does to its timers. */
  dropTimers(): void {
    this.timers = []
  }

  get pendingTimers(): string[] {
    return this.timers.map(({ tag }) => tag)
  }

  listen = refuse
  unlisten = refuse
  connect = refuse
  random = refuse
  halt = refuse
}

function refuse(): never {
  throw new Error('storage does not use this part of the host')
}

export const topicConfigWith = (overrides: Partial<TopicConfig> = {}): TopicConfig =>
  configValues(topicConfigTable, overrides as Record<string, unknown>)

export const open = (
  host: Host,
  overrides: Partial<TopicConfig> = {},
  options: { recoveryPoint?: number; cleanShutdown?: boolean; format?: LogFormat; logStartOffset?: number } = {},
): Log =>
  openLog(host, 'orders-0', 'orders-0', topicConfigWith(overrides), {
    recoveryPoint: options.recoveryPoint ?? 0,
    cleanShutdown: options.cleanShutdown ?? false,
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.logStartOffset === undefined ? {} : { logStartOffset: options.logStartOffset }),
  }).log

export const manager = (
  host: Host,
  overrides: Partial<TopicConfig> = {},
  directory = '',
  options: Partial<LogManagerOptions> = {},
): LogManager =>
  new LogManager(host, directory, {
    config: configValues(brokerConfigTable),
    topicConfig: () => topicConfigWith(overrides),
    ...options,
  })

/** A set of messages with these values and no keys. */
export const setOf = (...values: string[]): Uint8Array =>
  buildMessageSet(values.map((value) => ({ key: null, value: utf8(value) })))

/** Appends as a leader does. */
export const append = (log: Log, ...values: string[]) => log.append(setOf(...values), { assignOffsets: true })

export const valuesOf = (log: Log): string[] =>
  log.messages(0, Number.MAX_SAFE_INTEGER).map(({ value }) => fromUtf8(value!))

export const hexToBytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
export const bytesToHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Everything below a directory, into a fresh file system in memory: what a process that dies here leaves behind. */
export function copyFiles(from: FileSystem, to: FileSystem, directory = ''): void {
  for (const name of from.list(directory)) {
    const path = directory === '' ? name : `${directory}/${name}`
    const { kind, size } = from.status(path)!
    if (kind === 'directory') {
      to.makeDirectory(path)
      copyFiles(from, to, path)
      continue
    }
    const source = from.open(path, { create: false })
    const target = to.open(path, { create: true })
    const bytes = new Uint8Array(size)
    source.read(0, bytes, 0, size)
    target.truncate(size)
    target.write(0, bytes)
    source.close()
    target.close()
  }
}

/** Changes a file's bytes behind everyone's back. */
export function rewrite(files: FileSystem, path: string, change: (bytes: Uint8Array) => Uint8Array): void {
  const handle = files.open(path, { create: true })
  const bytes = new Uint8Array(handle.size())
  handle.read(0, bytes, 0, bytes.length)
  const changed = change(bytes)
  handle.truncate(0)
  handle.write(0, changed)
  handle.close()
}
