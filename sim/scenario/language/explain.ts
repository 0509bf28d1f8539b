/**
 * Turns zod's issues into diagnostics. Issues carry a path and one of the tokens of schema/elements.ts; the tree of
 * places says where that is, the registries say what would have been right.
 */
import type * as z from 'zod'
import {
  brokerConfigTable,
  groupConsumerConfigTable,
  javaProducerConfigTable,
  oldConsumerConfigTable,
  partitionConsumerConfigTable,
  producerConfigTable,
  topicConfigTable,
} from '../../../src/config/index.ts'
import { type FormatName, type TextFormat, textFormats } from './formats.ts'
import { nearest } from './nearest.ts'
import { enumerate, type Report } from './report.ts'
import { choices, type ObjectInfo, objects } from './schema/elements.ts'
import { type Located, quoted } from './source.ts'
import { plannedConfigKeys, plannedKeys, plannedValues } from './vocabulary.ts'
import { zookeeperConfigTable } from './zookeeper-config.ts'

type Issue = z.core.$ZodIssue

export const LATER = 'not built yet: comes with a later part'

export function explainIssues(issues: readonly Issue[], root: Located, report: Report): void {
  explainAll(issues, [], root, report)
}

/**
 * Unknown keys first: where one is a slip of a key that is missing beside it, the two are one mistake and get one
 * message.
 */
function explainAll(issues: readonly Issue[], base: readonly PropertyKey[], root: Located, report: Report): void {
  const slips = new Map<Located, Slips>()
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue
    const info = objects.get(issue.message.slice('object:'.length))
    const mapping = root.descend([...base, ...issue.path])
    const known = slips.get(mapping) ?? { meant: [], planned: false }
    for (const key of issue.keys) {
      const answer = explainKey(key, mapping, info, report)
      if (answer === PLANNED) known.planned = true
      else if (answer !== undefined) known.meant.push(answer)
    }
    slips.set(mapping, known)
  }
  for (const issue of issues) if (issue.code !== 'unrecognized_keys') explain(issue, base, root, slips, report)
}

/** What the unknown keys of a mapping were taken for. */
interface Slips {
  readonly meant: string[]
  /** It is a mapping of a later part: what else is wrong with it by today's rules means nothing. */
  planned: boolean
}

const PLANNED: unique symbol = Symbol('a key of a later part')

function explain(
  issue: Issue,
  base: readonly PropertyKey[],
  root: Located,
  slips: ReadonlyMap<Located, Slips>,
  report: Report,
): void {
  const path = [...base, ...issue.path]
  const node = root.descend(path)
  if (issue.code === 'invalid_key') {
    const format = textFormats[issue.issues[0]!.message.slice('format:'.length) as FormatName] as TextFormat
    report.error('KS112', node.keyPlace, `${quoted(node.name)} cannot be a name here`, { expected: format.expected })
    return
  }
  const parent = root.descend(path.slice(0, -1))
  const key = String(path.at(-1) ?? '')
  if (slips.get(parent)?.planned === true) return
  if (path.length > 0 && isMapping(parent) && !parent.fields.has(key)) {
    if (slips.get(parent)?.meant.includes(key) === true) return
    report.error(
      'KS103',
      parent.keyPlace,
      `${quoted(key)} is missing${parent.name === '' ? '' : ` in ${describePlace(parent, path.slice(0, -1))}`}`,
    )
    return
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0 && (isMapping(node) || Array.isArray(node.value))) {
    const branch = bestBranch(issue.errors, node)
    if (branch !== undefined) {
      explainAll(branch, path, root, report)
      return
    }
  }
  explainValue(issue.message, node, nameOf(path), report)
}

const isMapping = (node: Located): boolean =>
  typeof node.value === 'object' && node.value !== null && !Array.isArray(node.value)

/** The last key on the path: list items go by the name of their list. */
const nameOf = (path: readonly PropertyKey[]): string => String(path.findLast((step) => typeof step === 'string') ?? '')

/** `step 3`, `"send"`: what a person calls the mapping at this path. */
function describePlace(node: Located, path: readonly PropertyKey[]): string {
  if (typeof path.at(-1) !== 'number') return quoted(node.name)
  const list = nameOf(path)
  return list === 'steps' ? `step ${Number(path.at(-1)) + 1}` : `item ${Number(path.at(-1)) + 1} of ${quoted(list)}`
}

/**
 * The alternative that was meant: the one with the fewest slips. Alternatives of another kind (a text where a mapping
 * stands) are out; undefined if no other is left.
 */
function bestBranch(branches: readonly (readonly Issue[])[], node: Located): readonly Issue[] | undefined {
  let best: readonly Issue[] | undefined
  let bestSlips = Number.POSITIVE_INFINITY
  for (const branch of branches) {
    if (
      branch.some(
        (issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys' && !isInnerUnion(issue, node),
      )
    )
      continue
    const slips = branch.reduce((sum, issue) => sum + slipsOf(issue, node), 0)
    if (slips < bestSlips) {
      best = branch
      bestSlips = slips
    }
  }
  return best
}

const isInnerUnion = (issue: Issue, node: Located): boolean =>
  issue.code === 'invalid_union' && issue.errors.length > 0 && bestBranch(issue.errors, node) !== undefined

/** A missing key weighs double where nothing that stands there looks like it. */
function slipsOf(issue: Issue, node: Located): number {
  if (issue.code === 'unrecognized_keys') return issue.keys.length * 2
  const first = issue.path[0]
  if (typeof first === 'string' && !node.fields.has(first)) {
    return nearest(first, node.fields.keys()) === undefined ? 4 : 1
  }
  return 1
}

/** Says that a key is unknown; the result is the key that was meant, if one is near. */
function explainKey(
  key: string,
  mapping: Located,
  info: ObjectInfo | undefined,
  report: Report,
): string | typeof PLANNED | undefined {
  const place = mapping.fields.get(key)?.keyPlace ?? mapping.place
  const valid = info?.keys ?? []
  if (info?.config !== undefined) {
    explainConfigKey(key, info.config, valid, place, report)
    return undefined
  }
  const planned = info?.planned === undefined ? [] : (plannedKeys[info.planned] ?? [])
  if (planned.includes(key)) {
    report.error('KS501', place, `${quoted(key)} is ${LATER}`)
    return PLANNED
  }
  const free = valid.filter((name) => !mapping.fields.has(name))
  const suggestion = nearest(key, free) ?? nearest(key, planned)
  report.error('KS101', place, `unknown key ${quoted(key)}`, {
    suggestion,
    ...(suggestion === undefined && info !== undefined
      ? { expected: info.keys.length > 16 ? info.expected : `one of ${valid.join(', ')}` }
      : {}),
  })
  return suggestion
}

const tables = {
  broker: [brokerConfigTable],
  topic: [topicConfigTable],
  client: [
    producerConfigTable,
    javaProducerConfigTable,
    partitionConsumerConfigTable,
    oldConsumerConfigTable,
    groupConsumerConfigTable,
  ],
  zookeeper: [zookeeperConfigTable],
} as const

const owners = { broker: 'brokers', topic: 'topics', client: 'clients', zookeeper: 'ZooKeeper servers' } as const

const plannedFor = (kind: keyof typeof tables): readonly string[] =>
  kind === 'client'
    ? [...plannedConfigKeys.producer, ...plannedConfigKeys.consumer]
    : kind === 'zookeeper'
      ? []
      : plannedConfigKeys[kind]

function explainConfigKey(
  key: string,
  kind: keyof typeof tables,
  valid: readonly string[],
  place: Located['place'],
  report: Report,
): void {
  if (plannedFor(kind).includes(key)) {
    report.error('KS501', place, `Kafka's key ${quoted(key)} is ${LATER}`)
    return
  }
  for (const other of ['broker', 'topic', 'client', 'zookeeper'] as const) {
    if (other !== kind && tables[other].some((table) => Object.hasOwn(table, key))) {
      report.error('KS203', place, `${quoted(key)} is a key of ${owners[other]}, not of ${owners[kind]}`, {
        suggestion: nearest(key, valid),
      })
      return
    }
  }
  const suggestion = nearest(key, valid) ?? nearest(key, plannedFor(kind))
  report.error('KS201', place, `unknown configuration key ${quoted(key)} of ${owners[kind]}`, { suggestion })
}

/** One wrong value; `token` says what was meant. */
function explainValue(token: string, node: Located, name: string, report: Report): void {
  const at = token.indexOf(':')
  const kind = at === -1 ? token : token.slice(0, at)
  const rest = at === -1 ? '' : token.slice(at + 1)
  if (kind === 'format') explainFormat(rest as FormatName, node, name, report)
  else if (kind === 'choice') explainChoice(rest, node, name, report)
  else if (kind === 'empty') report.error('KS406', node.place, `${quoted(name)} is an empty list`)
  else {
    const outOfRange = kind === 'whole' && typeof node.value === 'number'
    const code = kind === 'config' ? 'KS202' : outOfRange ? 'KS113' : 'KS102'
    report.error(code, node.place, `${quoted(name)} cannot be ${show(node)}`, {
      expected: expectedFor(kind, rest),
      suggestion: kind === 'from' ? nearest(node.text, ['earliest', 'latest']) : undefined,
    })
  }
}

/** Completes "expected …" for the tokens that are neither a format nor a choice. */
function expectedFor(kind: string, rest: string): string {
  switch (kind) {
    case 'whole': {
      const [min, max] = rest.split(':').map(Number) as [number, number]
      return max === Number.MAX_SAFE_INTEGER
        ? `a whole number, at least ${min}`
        : `a whole number from ${min} to ${max}`
    }
    case 'object':
      return objects.get(rest)?.expected ?? 'a mapping'
    case 'config':
    case 'list':
    case 'record':
      return rest
    default:
      return plainExpectations[kind] ?? 'another value'
  }
}

const plainExpectations: Readonly<Record<string, string>> = {
  condition: 'a condition, like { leader: orders-0, is: b2 }, or a list of them',
  localText: 'a text, or { en: …, zh: … }',
  linkOrAll: 'all, or a mapping of from and to (one way), or of between (both ways)',
  boolean: 'true or false',
  marker: 'true',
  text: 'a text',
  from: 'an offset, earliest or latest',
}

function explainFormat(name: FormatName, node: Located, key: string, report: Report): void {
  const { unit, expected } = textFormats[name] as TextFormat
  if (unit === undefined || !/^[+-]?[\d.]+\s*[A-Za-z/]*$/.test(node.text)) {
    report.error('KS102', node.place, `${quoted(key)} cannot be ${show(node)}`, { expected })
    return
  }
  const bare = /^[+-]?[\d.]+$/.test(node.text)
  report.error('KS111', node.place, `${quoted(key)} has ${bare ? 'no' : 'an unknown'} unit: ${show(node)}`, {
    expected,
    suggestion: bare ? `${node.text}${unit}` : undefined,
  })
}

function explainChoice(choice: string, node: Located, name: string, report: Report): void {
  const values = choices.get(choice) ?? []
  const written = node.text
  if (choice === 'protocol') {
    if (written !== '') {
      report.error('KS204', node.place, `no protocol preset ${quoted(written)} (${values.join(', ')})`, {
        suggestion: nearest(written, values),
      })
      return
    }
  }
  if (plannedValues[choice]?.includes(written) === true) {
    report.error('KS501', node.place, `"${name}: ${written}" is ${LATER}`)
    return
  }
  if (written === '') {
    report.error('KS102', node.place, `${quoted(name)} cannot be ${show(node)}`, {
      expected: `one of ${enumerate(values)}`,
    })
    return
  }
  report.error('KS110', node.place, `${quoted(name)} cannot be ${quoted(written)} (${enumerate(values)})`, {
    suggestion: nearest(written, values),
  })
}

function show(node: Located): string {
  if (Array.isArray(node.value)) return 'a list'
  if (isMapping(node)) return 'a mapping'
  if (node.value === null) return 'empty'
  return typeof node.value === 'string' ? quoted(node.value) : node.text
}
