/**
 * A real `server.properties`, read as a broker of the release would read it, and laid over every broker of a scenario.
 * Names that Kafka does not know are warnings, as there; so are those that it knows and a simulation does not.
 */
import {
  brokerConfigTable,
  type ConfigTable,
  configValues,
  longConfigKeys,
  type PropertyEntry,
  parseProperties,
  readPropertyValue,
  topicConfigTable,
  unmodelledConfigTable,
} from '../../../src/config/index.ts'
import { releaseDefaults } from '../../../src/server/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import type { Diagnostic } from './diagnostic.ts'
import { ignoredBrokerKey } from './ignored-keys.ts'
import { nearest } from './nearest.ts'
import { refusedValue } from './refused-values.ts'
import { Report } from './report.ts'
import { type Place, quoted, Source } from './source.ts'

export interface PropertiesFile {
  /** Path as the user gave it, for messages. */
  readonly file: string
  /** Its content, as ISO 8859-1: that is how Java reads it. */
  readonly text: string
}

export interface ServerProperties {
  /** Modelled keys and their values. */
  readonly values: Readonly<Record<string, unknown>>
  /** Every key of the file that Kafka knows, modelled or not. */
  readonly known: Readonly<Record<string, unknown>>
}

/** Characters of a file at most. */
const TEXT_MAX = 1_000_000

const known: ConfigTable = { ...unmodelledConfigTable, ...brokerConfigTable }

/** For whoever has no scenario: the values in the file, with what is to be said about them. */
export function loadServerProperties(
  properties: PropertiesFile,
  preset: PresetName,
): { readonly properties: ServerProperties; readonly diagnostics: readonly Diagnostic[]; readonly failed: boolean } {
  const report = new Report()
  const read = readServerProperties(properties, preset, report)
  return { properties: read, diagnostics: report.diagnostics, failed: report.failed }
}

/** Reads the file under a release; mistakes go to the report. */
export function readServerProperties(
  { file, text }: PropertiesFile,
  preset: PresetName,
  report: Report,
): ServerProperties {
  const source = new Source(file, text, true, true)
  if (text.length > TEXT_MAX) {
    report.error('KS006', { source, start: 0, end: 0 }, `${text.length} characters are too many for a properties file`)
    return { values: {}, known: {} }
  }
  const { entries, problems } = parseProperties(text)
  for (const { start, end } of problems) {
    report.error('KS601', { source, start, end }, 'an escape that Java cannot read', {
      expected: '\\u and four hex digits',
    })
  }
  const reader = new Reader(source, preset, report)
  const last = new Map(entries.map((entry) => [entry.key, entry]))
  for (const entry of entries) {
    if (last.get(entry.key) === entry) reader.read(entry)
    else report.warning('KS005', reader.keyPlace(entry), `${quoted(entry.key)} stands twice: the last one counts`)
  }
  reader.checkTogether()
  return { values: reader.values, known: reader.known }
}

class Reader {
  readonly values: Record<string, unknown> = {}
  readonly known: Record<string, unknown> = {}
  private readonly places = new Map<string, Place>()
  private readonly source: Source
  private readonly preset: PresetName
  private readonly report: Report

  constructor(source: Source, preset: PresetName, report: Report) {
    this.source = source
    this.preset = preset
    this.report = report
  }

  keyPlace({ keyStart, keyEnd }: PropertyEntry): Place {
    return { source: this.source, start: keyStart, end: keyEnd }
  }

  read(entry: PropertyEntry): void {
    const { key, value: text } = entry
    const definition = Object.hasOwn(known, key) ? known[key] : undefined
    if (definition === undefined) {
      this.unknown(entry)
      return
    }
    // An empty value is pointed at where it would stand.
    const place = { source: this.source, start: entry.valueStart, end: Math.max(entry.valueEnd, entry.valueStart + 1) }
    const read = readPropertyValue(key, definition, text, {
      isLong: longConfigKeys.has(key),
      trims: !this.preset.startsWith('0.8'),
    })
    const expected = 'expected' in read ? read.expected : refusedValue(key, read.value, this.preset)
    if ('expected' in read || expected !== undefined) {
      const shown = text === '' ? 'nothing' : quoted(text)
      this.report.error('KS202', place, `${quoted(key)} cannot be ${shown}`, { expected })
      return
    }
    this.known[key] = read.value
    this.places.set(key, place)
    if (!Object.hasOwn(brokerConfigTable, key)) {
      this.report.warning(
        'KS602',
        this.keyPlace(entry),
        `${quoted(key)} is not modelled, it changes nothing: ${definition.about}`,
      )
      return
    }
    const ignored = ignoredBrokerKey(key, read.value, presets[this.preset])
    if (ignored !== undefined) {
      const { why } = ignored
      this.report.warning('KS205', this.keyPlace(entry), `${this.preset} ${why}: ${quoted(key)} changes nothing`)
    }
    this.values[key] = read.value
  }

  private unknown(entry: PropertyEntry): void {
    const { key } = entry
    const place = this.keyPlace(entry)
    if (key === '') {
      this.report.warning('KS201', place, 'a value without a key: Kafka passes over it')
    } else if (Object.hasOwn(topicConfigTable, key)) {
      this.report.warning('KS203', place, `${quoted(key)} is a key of topics: in this file Kafka passes over it`, {
        suggestion: nearest(`log.${key}`, Object.keys(known)),
      })
    } else {
      this.report.warning('KS201', place, `Kafka knows no key ${quoted(key)}, and passes over it`, {
        suggestion: nearest(key, Object.keys(known)),
      })
    }
  }

  /** What a broker checks of several keys before it starts (`KafkaConfig.scala`). */
  checkTogether(): void {
    if (this.report.failed) return
    const config = configValues(brokerConfigTable, releaseDefaults[this.preset], this.values)
    const wait = 'replica.fetch.wait.max.ms'
    for (const limit of ['replica.socket.timeout.ms', 'replica.lag.time.max.ms'] as const) {
      if (config[wait] > config[limit]) {
        this.refuse([wait, limit], `${wait} is ${config[wait]}, ${limit} ${config[limit]}`, `at most ${limit}`)
      }
    }
    const fetch = 'replica.fetch.max.bytes'
    if (config[fetch] < config['message.max.bytes']) {
      this.refuse(
        [fetch, 'message.max.bytes'],
        `${fetch} is ${config[fetch]}, message.max.bytes ${config['message.max.bytes']}: followers could not fetch it`,
        `${fetch} of message.max.bytes at least`,
      )
    }
    const buffer = 'log.cleaner.dedupe.buffer.size'
    if (Math.floor(config[buffer] / config['log.cleaner.threads']) <= 1024 * 1024) {
      this.refuse(
        [buffer, 'log.cleaner.threads'],
        `${buffer} is ${config[buffer]}, for log.cleaner.threads ${config['log.cleaner.threads']}`,
        'more than 1048576 bytes for each thread',
      )
    }
    const acks = this.known['offsets.commit.required.acks']
    const factor = this.known['offsets.topic.replication.factor'] ?? 3
    if (typeof acks === 'number' && acks > Number(factor)) {
      this.refuse(
        ['offsets.commit.required.acks'],
        `offsets.commit.required.acks is ${acks}, the offsets topic has ${factor} replicas`,
        `from -1 to ${factor}`,
      )
    }
  }

  /** The first of the keys that stands in the file is pointed at. */
  private refuse(keys: readonly string[], message: string, expected: string): void {
    const place = keys.map((key) => this.places.get(key)).find((one) => one !== undefined)
    if (place !== undefined) this.report.error('KS603', place, message, { expected })
  }
}
