/**
 * `--set KEY=VALUE`: one configuration key for everything that knows it (`retry.backoff.ms=100`), or a path into the file
 * (`cluster.brokers=5`, `clients.p1.config.retry.backoff.ms=100`, `steps.3.at=5s`). Mistakes point into the option.
 */
import {
  brokerConfigTable,
  type ConfigTable,
  checkValue,
  groupConsumerConfigTable,
  javaProducerConfigTable,
  oldConsumerConfigTable,
  partitionConsumerConfigTable,
  producerConfigTable,
  topicConfigTable,
} from '../../../src/config/index.ts'
import { LATER } from './explain.ts'
import { nearest } from './nearest.ts'
import type { Report } from './report.ts'
import { objects } from './schema/elements.ts'
import { Located, quoted, readValue, Source } from './source.ts'
import { plannedConfigKeys } from './vocabulary.ts'
import { zookeeperConfigTable } from './zookeeper-config.ts'

export interface Override {
  readonly key: string
  readonly value: string
}

export const configTables = {
  broker: brokerConfigTable,
  topic: topicConfigTable,
  producer: producerConfigTable,
  'java-producer': javaProducerConfigTable,
  consumer: partitionConsumerConfigTable,
  'old-consumer': oldConsumerConfigTable,
  'group-consumer': groupConsumerConfigTable,
  zookeeper: zookeeperConfigTable,
} as const satisfies Record<string, ConfigTable>

export type ConfigOwner = keyof typeof configTables

/** Splits `KEY=VALUE`; undefined where there is no `=` or no key. */
export function readOverride(text: string): Override | undefined {
  const at = text.indexOf('=')
  return at < 1 ? undefined : { key: text.slice(0, at).trim(), value: text.slice(at + 1).trim() }
}

/** Overrides of configuration keys, checked, for the compiler to lay over what the file says. */
export class ConfigOverrides {
  private readonly values: Array<{ readonly key: string; readonly node: Located }> = []

  add(key: string, node: Located): void {
    this.values.push({ key, node })
  }

  get all(): ReadonlyArray<{ readonly key: string; readonly node: Located }> {
    return this.values
  }

  has(key: string): boolean {
    return this.values.some((one) => one.key === key)
  }

  /** Where the last word on a key stands. */
  node(key: string): Located | undefined {
    return this.values.findLast((one) => one.key === key)?.node
  }

  of(owner: ConfigOwner): Readonly<Record<string, unknown>> {
    const known: Record<string, unknown> = {}
    const table: ConfigTable = configTables[owner]
    for (const { key, node } of this.values) {
      if (Object.hasOwn(table, key) && checkValue(table, key, node.value) === undefined) known[key] = node.value
    }
    return known
  }
}

/** Lays paths into the tree and collects configuration keys; what nothing knows becomes a diagnostic. */
export function applyOverrides(root: Located, overrides: readonly Override[], report: Report): ConfigOverrides {
  const config = new ConfigOverrides()
  for (const { key, value } of overrides) {
    const text = `${key}=${value}`
    const source = new Source('--set', text, false)
    const keyPlace = { source, start: 0, end: key.length }
    const node = readValue(source, key.length + 1, key)
    if (node === undefined || value === '') {
      const place = { source, start: value === '' ? 0 : key.length + 1, end: text.length }
      report.error('KS206', place, `${quoted(text)} has no value that YAML can read`, { expected: 'KEY=VALUE' })
      continue
    }
    const owners = (Object.keys(configTables) as ConfigOwner[]).filter((owner) =>
      Object.hasOwn(configTables[owner], key),
    )
    if (owners.length > 0) {
      // What one owner refuses, another may mean: it is laid over those that take it.
      const problems = owners.map((owner) => checkValue<ConfigTable>(configTables[owner], key, node.value))
      const problem = problems.find((one) => one !== undefined)
      if (problem?.problem === 'bad-value' && problems.every((one) => one !== undefined))
        report.error('KS202', node.place, `${quoted(key)} cannot be ${quoted(value)}`, { expected: problem.expected })
      else config.add(key, node)
      continue
    }
    const path = pathOf(key)
    if (path !== undefined && put(root, path, node, keyPlace)) continue
    refuse(key, keyPlace, report)
  }
  return config
}

function refuse(key: string, place: Located['place'], report: Report): void {
  if (Object.values(plannedConfigKeys).some((keys) => keys.includes(key))) {
    report.error('KS501', place, `Kafka's key ${quoted(key)} is ${LATER}`)
    return
  }
  const known = Object.values(configTables).flatMap((table) => Object.keys(table))
  const planned = Object.values(plannedConfigKeys).flat()
  const top = objects.get('scenario')!.keys
  report.error('KS206', place, `nothing knows the key ${quoted(key)}`, {
    suggestion: nearest(key, known) ?? nearest(key, planned) ?? nearest(key, top),
    expected: 'a configuration key, or a path into the file like cluster.brokers or clients.p1.config.retry.backoff.ms',
  })
}

/** Steps of a path that begins with a key of the file; keys below a config mapping hold dots themselves. */
function pathOf(key: string): readonly string[] | undefined {
  const words = key.split('.')
  if (!objects.get('scenario')!.keys.includes(words[0]!)) return undefined
  const at = words.findIndex((word, index) => index > 0 && (word === 'config' || word === 'configOf'))
  if (at === -1) return words
  const head = words.slice(0, words[at] === 'configOf' ? at + 2 : at + 1)
  const tail = words.slice(head.length).join('.')
  return tail === '' ? head : [...head, tail]
}

/** Sets the value at a path, making mappings on the way; false where the path leads into a single value or past a list. */
function put(root: Located, path: readonly string[], value: Located, keyPlace: Located['place']): boolean {
  let node = root
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1
    if (Array.isArray(node.value)) {
      const position = /^\d+$/.test(step) ? Number(step) : -1
      const item = node.items[position]
      if (item === undefined) return false
      if (!last) {
        node = item
        continue
      }
      node.items[position] = new Located(value.value, value.text, value.place, step, keyPlace)
      ;(node.value as unknown[])[position] = value.value
      return true
    }
    if (typeof node.value !== 'object' || node.value === null) return false
    const mapping = node.value as Record<string, unknown>
    if (last) {
      const child = new Located(value.value, value.text, value.place, step, keyPlace)
      for (const [name, field] of value.fields) child.fields.set(name, field)
      child.items.push(...value.items)
      node.fields.set(step, child)
      mapping[step] = value.value
      return true
    }
    let next = node.fields.get(step)
    if (next === undefined) {
      const empty: Record<string, unknown> = Object.create(null)
      next = new Located<unknown>(empty, '', keyPlace, step, keyPlace)
      node.fields.set(step, next)
      mapping[step] = empty
    }
    node = next
  }
  return false
}
