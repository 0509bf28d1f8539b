/**
 * The whole plan from a tree that fits the schema. First what has names (topics, clients, messages), then what refers to
 * them, so that a step may name a topic that a later line declares.
 */
import { brokerConfigTable } from '../../../../src/config/index.ts'
import { OFFSETS_TOPIC } from '../../../../src/protocol/index.ts'
import { defaultPreset, type PresetName } from '../../../../src/versions.ts'
import type { ScenarioPlan, TopicPlan } from '../../plan.ts'
import { readDuration } from '../formats.ts'
import type { ConfigOverrides } from '../overrides.ts'
import type { LoadPartitioner } from '../parse.ts'
import type { Report } from '../report.ts'
import type { ScenarioInput } from '../schema/scenario.ts'
import type { StepInput } from '../schema/steps.ts'
import { entries, type Located, listed, oneOrMore, quoted } from '../source.ts'
import { compileClients } from './clients.ts'
import { compileServers, compileTopic } from './cluster.ts'
import { ConditionCompiler } from './conditions.ts'
import { compileExpectations } from './expect.ts'
import { lookupName, Names } from './names.ts'
import { Partitioners } from './partitioners.ts'
import { checkReleases } from './releases.ts'
import { StepCompiler } from './steps.ts'
import { localText } from './text.ts'
import { eachZkAction, operationOf } from './zk-actions.ts'

const DEFAULT_SERVERS = 3
const DEFAULT_END = '60s'
const DEFAULT_SEED = 1

type SendInput = Extract<NonNullable<StepInput['send']>, { by: string }>
type CreateInput = Extract<NonNullable<StepInput['createTopic']>, { topic: string }>

export function compileScenario(
  root: Located<ScenarioInput>,
  file: string,
  text: string,
  overrides: ConfigOverrides,
  serverProperties: Readonly<Record<string, unknown>>,
  report: Report,
  loadPartitioner?: LoadPartitioner,
): ScenarioPlan {
  const { value } = root
  const protocol: PresetName = value.protocol ?? defaultPreset
  const cluster = root.field('cluster')
  const names = new Names(
    value.cluster?.brokers ?? DEFAULT_SERVERS,
    value.cluster?.zookeeper ?? DEFAULT_SERVERS,
    protocol,
    report,
  )
  const servers = compileServers(cluster, protocol, overrides, serverProperties, names, report)
  const offsetsPartitions =
    servers.brokerConfig['offsets.topic.num.partitions'] ?? brokerConfigTable['offsets.topic.num.partitions'].default
  names.internal.set(OFFSETS_TOPIC, Number(offsetsPartitions))
  const defaults = {
    preset: protocol,
    replicationFactor: Number(servers.brokerConfig['default.replication.factor'] ?? 1),
  }
  const steps = listed<StepInput>(root.field('steps'))

  const topics = entries(root.field('topics')).map((topic) => {
    const plan = compileTopic(topic.keyPlace, topic.name, topic, defaults, overrides, names, report)
    names.topics.set(plan.name, plan)
    return plan
  })
  const created = new Map<Located, TopicPlan>()
  for (const step of steps) {
    for (const node of actionsOf<CreateInput>(step, 'createTopic')) {
      const name = node.field('topic')!
      const plan = compileTopic(name.place, name.text, node, defaults, overrides, names, report)
      if (names.topics.has(plan.name)) report.error('KS005', name.place, `topic ${quoted(plan.name)} is there already`)
      else names.topics.set(plan.name, plan)
      created.set(node, plan)
    }
  }
  const partitioners = new Partitioners(file, report, loadPartitioner)
  compileClients(root.field('clients'), overrides, names, report, partitioners)
  checkReleases(root.field('clients'), protocol, report)
  collectMoves(steps, names)
  collectMessages(steps, names, report)
  collectOperations(steps, names, report)
  collectMeasures(steps, names, report)
  collectLookups(steps, names)

  const conditions = new ConditionCompiler(names, report)
  const endsUs = readDuration(value.ends ?? DEFAULT_END)
  if (endsUs === 0)
    report.error('KS113', root.field('ends')!.place, 'the run ends before it begins', {
      expected: 'a duration longer than 0',
    })
  return {
    file,
    text,
    title: value.title === undefined ? { en: file.replace(/^.*[\\/]/, '') } : localText(root.field('title')!),
    shows: listed(root.field('shows')).map((one) => one.text),
    protocol,
    seed: value.seed ?? DEFAULT_SEED,
    endsUs,
    ...(value.tell === undefined ? {} : { tell: value.tell }),
    cluster: { protocol, ...servers, topics, clients: [...names.clients.values()] },
    steps: new StepCompiler(names, report, conditions, created, endsUs).compile(steps),
    expect: compileExpectations(root.field('expect'), names, conditions, report),
  }
}

const actionsOf = <T>(step: Located<StepInput>, name: 'send' | 'createTopic'): ReadonlyArray<Located<T>> => {
  const node = step.fields.get(name)
  return node === undefined ? [] : oneOrMore(node as Located<T>)
}

/** Names of all messages that steps send: facts and conditions may speak of them, and none may come twice. */
function collectMessages(steps: ReadonlyArray<Located<StepInput>>, names: Names, report: Report): void {
  for (const [index, step] of steps.entries()) {
    for (const node of actionsOf<SendInput>(step, 'send')) {
      const message = node.field('message')!
      const name = message.text
      const first = names.messages.get(name)
      if (first !== undefined) {
        report.error('KS305', message.place, `message ${quoted(name)} is sent already in line ${first.at.span.line}`, {
          expected: 'a name of its own for each message',
        })
        continue
      }
      if (name === '…' || name === '...')
        report.error(
          'KS112',
          message.place,
          `a message cannot be called ${quoted(name)}: it stands for anything in "order"`,
        )
      const to = node.field('to')!.text
      const dash = names.topics.has(to) ? -1 : to.lastIndexOf('-')
      names.messages.set(name, {
        by: node.value.by,
        topic: dash === -1 ? to : to.slice(0, dash),
        partition: dash === -1 ? undefined : Number(to.slice(dash + 1)),
        step: index,
        at: message,
      })
    }
  }
}

/** Operations of ZooKeeper clients: conditions speak of them by name, and none may come twice. */
function collectOperations(steps: ReadonlyArray<Located<StepInput>>, names: Names, report: Report): void {
  for (const { node, name, step } of eachZkAction(steps)) {
    const first = names.operations.get(name)
    if (first === undefined) {
      names.operations.set(name, { by: node.value.by, op: operationOf(node) ?? '', step, at: node })
      continue
    }
    const place = node.field('name')?.place ?? node.place
    report.error('KS305', place, `operation ${quoted(name)} is asked already in line ${first.at.span.line}`, {
      expected: 'a name of its own for each operation',
    })
  }
}

/** Partitions that get other replicas on the way, and topics that get more partitions. */
function collectMoves(steps: ReadonlyArray<Located<StepInput>>, names: Names): void {
  for (const step of steps) {
    for (const partition of step.field('reassign')?.fields.keys() ?? []) names.moved.add(partition)
    const more = step.fields.get('addPartitions')
    if (more === undefined) continue
    for (const one of oneOrMore(more as Located<{ topic: string; to: number }>)) {
      const topic = one.field('topic')!.text
      names.grown.set(topic, Math.max(one.value.to, names.grown.get(topic) ?? 0))
    }
  }
}

/** What conditions on lookups may ask for. */
function collectLookups(steps: ReadonlyArray<Located<StepInput>>, names: Names): void {
  for (const step of steps) {
    const lookups = step.fields.get('lookup')
    if (lookups === undefined) continue
    for (const { value } of oneOrMore(lookups as Located<{ offset: number; in: string }>))
      names.lookups.add(lookupName(value.in, value.offset))
  }
}

/** Each `measure` ends with a `measured` of its name. */
function collectMeasures(steps: ReadonlyArray<Located<StepInput>>, names: Names, report: Report): void {
  const open = new Map<string, Located>()
  for (const step of steps) {
    const begins = step.field('measure')
    if (begins !== undefined) {
      if (open.has(begins.value) || names.measures.has(begins.value))
        report.error('KS305', begins.place, `${quoted(begins.value)} is measured already`)
      open.set(begins.value, begins)
    }
    const ends = step.field('measured')
    if (ends === undefined) continue
    if (open.delete(ends.value)) names.measures.add(ends.value)
    else {
      const text = `nothing called ${quoted(ends.value)} is being measured here`
      report.unknown('KS115', ends.place, text, ends.value, [...open.keys()])
    }
  }
  for (const [name, begins] of open)
    report.error('KS115', begins.place, `${quoted(name)} is never ended: no later step says "measured: ${name}"`)
}
