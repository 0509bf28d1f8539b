/** What a step does. Each key of the step is one action, or several; they happen in the order in which they stand. */
import type { UnsyncedFate } from '../../../kernel/index.ts'
import type { Action, ReassignedPartition, Target, Targets, TopicPlan } from '../../plan.ts'
import { readDrift, readDuration, readSize } from '../formats.ts'
import type { Report } from '../report.ts'
import { type ActionName, actionNames, type StepInput } from '../schema/steps.ts'
import { entries, type Located, listed, oneOrMore, quoted } from '../source.ts'
import { messageNames } from '../vocabulary.ts'
import { type Names, transactionalIdOf } from './names.ts'
import { compileTarget, compileTargets, type MachineKind, machineKind } from './targets.ts'
import { ZooKeeperActionCompiler } from './zk-actions.ts'

type Input<K extends ActionName> = NonNullable<StepInput[K]>
type One<T> = T extends readonly (infer U)[] ? U : T
type Mapping<K extends ActionName> = Extract<One<Input<K>>, object>

/** On which machines an action makes sense. */
const allowed: Readonly<Record<string, readonly MachineKind[]>> = {
  shutdown: ['broker', 'zookeeper'],
  start: ['client', 'zookeeper-client', 'high-level-consumer', 'contender'],
  stop: ['client', 'zookeeper-client', 'high-level-consumer', 'contender'],
  corrupt: ['broker', 'zookeeper'],
  fillDisk: ['broker', 'zookeeper'],
  slowDisk: ['broker', 'zookeeper'],
  commit: ['high-level-consumer'],
  expireSession: ['broker', 'zookeeper-client', 'high-level-consumer', 'contender'],
  enter: ['contender'],
  resign: ['contender'],
}

const kindNames: Readonly<Record<MachineKind, string>> = {
  broker: 'brokers',
  zookeeper: 'ZooKeeper servers',
  client: 'clients',
  'zookeeper-client': 'ZooKeeper clients',
  'high-level-consumer': 'high-level consumers',
  contender: 'contenders',
}

/** All sorts of clients are clients. */
const kindsWords = (kinds: readonly MachineKind[]): string =>
  kinds.includes('client')
    ? kindNames.client
    : kinds
        .map((kind) => kindNames[kind])
        .join(', ')
        .replace(/, ([^,]*)$/, ' and $1')

export class ActionCompiler {
  private readonly names: Names
  private readonly report: Report
  private readonly zooKeeper: ZooKeeperActionCompiler
  /** Topics by the mapping that creates them, compiled beforehand: later steps and conditions may name them. */
  private readonly created: ReadonlyMap<Located, TopicPlan>

  constructor(names: Names, report: Report, created: ReadonlyMap<Located, TopicPlan>) {
    this.zooKeeper = new ZooKeeperActionCompiler(names, report)
    this.names = names
    this.report = report
    this.created = created
  }

  /** All actions of a step, in file order. `onMessage`: the step waits for a message, which `hold` and so on act on. */
  compile(step: Located<StepInput>, onMessage: boolean): readonly Action[] {
    const actions: Action[] = []
    for (const [key, node] of step.fields) {
      const name = actionNames.find((action) => action === key)
      if (name !== undefined) actions.push(...this.action(name, node, onMessage))
    }
    return actions
  }

  private action(name: ActionName, node: Located, onMessage: boolean): readonly Action[] {
    switch (name) {
      case 'send':
        return this.each<'send'>(node, (one) => this.send(one))
      case 'crash':
      case 'powerOff':
      case 'pause':
      case 'resume':
      case 'restart':
      case 'shutdown':
      case 'start':
      case 'stop':
        return [this.machines(name, node)]
      case 'delayNext':
        return this.each<'delayNext'>(node, (one) => this.delayNext(one))
      case 'beginTransaction':
      case 'commitTransaction':
      case 'abortTransaction':
        return oneOrMore<string>(node as Located<string | readonly string[]>).flatMap((one) => {
          const client = this.names.client(one, 'java-producer')
          if (client === undefined) return []
          if (transactionalIdOf(client) === undefined) {
            this.report.error('KS304', one.place, `"${client.name}" writes no transactions`, {
              expected: 'a producer with transactional.id in its config',
            })
            return []
          }
          return { span: node.wholeSpan, do: name, by: client.name }
        })
      case 'commit':
      case 'expireSession':
      case 'enter':
      case 'resign':
        return [
          { span: node.wholeSpan, do: name, targets: this.targets(name, node as Located<string | readonly string[]>) },
        ]
      case 'cut':
      case 'stall':
      case 'heal':
      case 'release':
        if (node.value === 'all') return [{ span: node.wholeSpan, do: name === 'heal' ? 'heal-all' : 'release-all' }]
        return this.each<'cut'>(node, (one) => ({ span: node.wholeSpan, do: name, ...this.link(name, one) }))
      case 'reset':
        return this.each<'reset'>(node, (one) => {
          const { from, to } = this.link(name, one)
          return { span: node.wholeSpan, do: name, from, to }
        })
      case 'slowDisk':
        return this.each<'slowDisk'>(node, (one) => ({
          span: node.wholeSpan,
          do: name,
          targets: this.targets(name, one.field('target')!),
          perOperationUs: readDuration(one.value.perOperation),
        }))
      case 'fillDisk':
        return this.each<'fillDisk'>(node, (one) => ({
          span: node.wholeSpan,
          do: name,
          targets: this.targets(name, one.field('target')!),
          freeBytes: readSize(one.value.free),
        }))
      case 'corrupt':
        return this.each<'corrupt'>(node, (one) => this.corrupt(one))
      case 'skewClock':
        return this.each<'skewClock'>(node, (one) => this.skewClock(one))
      case 'createTopic':
        return this.each<'createTopic'>(node, (one) => {
          const topic = this.created.get(one)
          return topic === undefined ? undefined : { span: node.wholeSpan, do: name, topic }
        })
      case 'addPartitions':
        return this.each<'addPartitions'>(node, (one) => this.addPartitions(one))
      case 'deleteTopic':
        return oneOrMore<string>(node as Located<string | readonly string[]>).flatMap((one) => {
          const topic = this.names.topic(one.place, one.text)
          return topic === undefined ? [] : { span: node.wholeSpan, do: name, topic: topic.name }
        })
      case 'reassign': {
        const partitions = entries<string[]>(node as Located<Record<string, string[]>>).flatMap(
          (one) => this.reassigned(one) ?? [],
        )
        return [{ span: node.wholeSpan, do: name, partitions }]
      }
      case 'electPreferred': {
        const partitions = oneOrMore<string>(node as Located<string | readonly string[]>).flatMap(
          (one) => this.names.partition(one.place, one.text) ?? [],
        )
        return [{ span: node.wholeSpan, do: name, partitions }]
      }
      case 'listFiles': {
        const replicas = oneOrMore<string>(node as Located<string | readonly string[]>).flatMap(
          (one) => this.names.replica(one) ?? [],
        )
        return [{ span: node.wholeSpan, do: name, replicas }]
      }
      case 'lookup':
        return this.each<'lookup'>(node, (one) => {
          const replica = this.names.replica(one.field('in')!)
          return replica === undefined
            ? undefined
            : { span: node.wholeSpan, do: name, ...replica, offset: one.value.offset }
        })
      case 'zk':
        return this.each<'zk'>(node, (one) => this.zooKeeper.compile(one))
      case 'measure':
      case 'measured':
        return [{ span: node.wholeSpan, do: name, name: node.text }]
      case 'hold':
      case 'drop':
      case 'delay':
        return this.onMessage(name, node as Located<string | true>, onMessage)
    }
  }

  /** A byte of a file, or the batch of a replica that holds an offset. */
  private corrupt(node: Located<Mapping<'corrupt'>>): Action | undefined {
    const { wholeSpan: span } = node
    const either = 'target, file and position, or in and offset'
    const [ofFile, ofLog] = [['target', 'file', 'position'] as const, ['in', 'offset'] as const]
    const isOfLog = ofLog.some((field) => node.field(field) !== undefined)
    const stray = isOfLog ? ([...ofFile, 'bit'] as const).find((field) => node.field(field) !== undefined) : undefined
    if (stray !== undefined) {
      const text = `${quoted(stray)} stands beside "in" or "offset"`
      this.report.error('KS102', node.field(stray)!.keyPlace, text, { expected: either })
      return undefined
    }
    const missing = (isOfLog ? ofLog : ofFile).find((field) => node.field(field) === undefined)
    if (missing !== undefined) {
      this.report.error('KS103', node.place, `${quoted(missing)} is missing in "corrupt"`, { expected: either })
      return undefined
    }
    if (isOfLog) {
      const replica = this.names.replica(node.field('in')!)
      return replica === undefined ? undefined : { span, do: 'corruptRecord', ...replica, offset: node.value.offset! }
    }
    return {
      span,
      do: 'corrupt',
      targets: this.targets('corrupt', node.field('target')!),
      file: node.field('file')!.text,
      position: node.value.position!,
      bit: node.value.bit ?? 0,
    }
  }

  private delayNext(node: Located<Mapping<'delayNext'>>): Action | undefined {
    const subject = node.field('message')!
    const message = subject.text
    if (!messageNames.includes(message)) {
      const known = messageNames.join(', ')
      this.report.unknown(
        'KS110',
        subject.place,
        `no kind of message is called ${quoted(message)} (${known})`,
        message,
        [...messageNames],
      )
      return undefined
    }
    const from = compileTarget(node.field('from')!, this.names, this.report)
    if (from === undefined) return undefined
    return { span: node.wholeSpan, do: 'delayNext', message, targets: [from], us: readDuration(node.value.by) }
  }

  private send(node: Located<Mapping<'send'>>): Action | undefined {
    const client = this.names.client(node.field('by')!, 'producer', 'java-producer')
    const to = this.names.destination(node.field('to')!)
    const broker = node.field('broker')
    const brokerName = broker === undefined ? undefined : this.names.broker(broker)
    if (client === undefined || to === undefined) return undefined
    const key = node.field('key')
    return {
      span: node.wholeSpan,
      do: 'send',
      by: client.name,
      topic: to.topic,
      ...(to.partition === undefined ? {} : { partition: to.partition }),
      message: node.field('message')!.text,
      ...(key === undefined ? {} : { key: key.text }),
      ...(brokerName === undefined ? {} : { broker: brokerName }),
    }
  }

  private addPartitions(node: Located<Mapping<'addPartitions'>>): Action | undefined {
    const subject = node.field('topic')!
    const topic = this.names.topic(subject.place, subject.text)
    const to = node.field('to')!
    if (topic === undefined) return undefined
    if (to.value <= topic.partitions)
      this.report.error(
        'KS113',
        to.place,
        `"${topic.name}" has ${topic.partitions} partition${topic.partitions === 1 ? '' : 's'} already: Kafka never takes any away`,
      )
    return { span: node.wholeSpan, do: 'addPartitions', topic: topic.name, to: to.value }
  }

  private reassigned(node: Located<string[]>): ReassignedPartition | undefined {
    const partition = this.names.partition(node.keyPlace, node.name)
    const replicas: number[] = []
    if (node.items.length === 0)
      this.report.error('KS301', node.place, `${node.name} has no replicas: it needs at least one`)
    for (const broker of listed<string>(node)) {
      if (this.names.broker(broker) === undefined) continue
      const id = Number(broker.value.slice(1))
      if (replicas.includes(id))
        this.report.error('KS302', broker.place, `${broker.value} is named twice among the replicas of ${node.name}`)
      else replicas.push(id)
    }
    return partition === undefined ? undefined : { ...partition, replicas }
  }

  private machines(
    name: 'crash' | 'powerOff' | 'pause' | 'resume' | 'restart' | 'shutdown' | 'start' | 'stop',
    node: Located,
  ): Action {
    const after = node.fields.get('after') as Located<string> | undefined
    const unsynced = node.fields.get('unsynced') as Located<UnsyncedFate> | undefined
    return {
      span: node.wholeSpan,
      do: name,
      targets: this.targets(name, targetsIn(node)),
      ...(after === undefined ? {} : { afterUs: readDuration(after.value) }),
      ...(unsynced === undefined ? {} : { unsynced: unsynced.value }),
    }
  }

  private link(name: string, node: Located<Mapping<'cut'>>): { from: Targets; to: Targets; oneWay: boolean } {
    const between = node.field('between')
    const from = node.field('from')
    const to = node.field('to')
    const empty = { from: [], to: [], oneWay: true }
    if (between !== undefined) {
      const stray = from ?? to
      if (stray !== undefined)
        this.report.error('KS102', stray.keyPlace, '"between" stands beside "from" or "to"', {
          expected: 'between (both ways), or from and to (one way)',
        })
      const [a, b] = between.items as [Located<string>, Located<string>]
      return this.sides(name, a, b, false)
    }
    if (from === undefined || to === undefined) {
      const missing = from === undefined ? 'from' : 'to'
      this.report.error('KS103', node.keyPlace, `"${missing}" is missing in "${name}"`, {
        expected: 'from and to (one way), or between (both ways)',
      })
      return empty
    }
    return this.sides(name, from as Located<string>, to as Located<string>, true)
  }

  private sides(
    name: string,
    a: Located<string>,
    b: Located<string>,
    oneWay: boolean,
  ): { from: Targets; to: Targets; oneWay: boolean } {
    const from = this.targets(name, a)
    const to = this.targets(name, b)
    const fixed = (targets: Targets): readonly string[] =>
      targets.flatMap((target) => (target.select === 'machine' ? [target.name] : []))
    const both = fixed(from).find((machine) => fixed(to).includes(machine))
    if (both !== undefined && from.length === 1 && to.length === 1) {
      this.report.error('KS406', b.place, `a link from ${both} to itself`, { expected: 'two machines' })
    }
    return { from, to, oneWay }
  }

  private skewClock(node: Located<Mapping<'skewClock'>>): Action {
    const { jump, drift } = node.value
    if (jump === undefined && drift === undefined) {
      this.report.error('KS103', node.place, 'the clock neither jumps nor drifts', { expected: 'jump, drift or both' })
    }
    return {
      span: node.wholeSpan,
      do: 'skewClock',
      targets: this.targets('skewClock', node.field('target')!),
      jumpUs: jump === undefined ? 0 : readDuration(jump),
      driftPpm: drift === undefined ? 0 : readDrift(drift),
    }
  }

  private onMessage(
    name: 'hold' | 'drop' | 'delay',
    node: Located<string | true>,
    onMessage: boolean,
  ): readonly Action[] {
    if (!onMessage) {
      this.report.error(
        'KS405',
        node.keyPlace,
        `${quoted(name)} acts on the message of an "on" trigger; this step has none`,
      )
      return []
    }
    if (name === 'delay') return [{ span: node.wholeSpan, do: name, us: readDuration(node.value as string) }]
    return [{ span: node.wholeSpan, do: name }]
  }

  private targets(action: string, node: Located<string | readonly string[]>): Targets {
    const targets = compileTargets(node, this.names, this.report)
    const kinds = allowed[action]
    if (kinds === undefined) return targets
    for (const [index, item] of oneOrMore<string>(node).entries()) {
      const target: Target | undefined = targets.length === oneOrMore(node).length ? targets[index] : undefined
      if (target === undefined || kinds.includes(machineKind(target, this.names))) continue
      const hint = action === 'start' ? 'restart' : action === 'stop' ? 'shutdown' : undefined
      this.report.error('KS407', item.place, `"${action}" acts on ${kindsWords(kinds)}; ${quoted(item.text)} is none`, {
        suggestion: hint,
      })
    }
    return targets
  }

  private each<K extends ActionName>(
    node: Located,
    compile: (one: Located<Mapping<K>>) => Action | undefined,
  ): readonly Action[] {
    return oneOrMore<unknown>(node).flatMap((one) => compile(one as Located<Mapping<K>>) ?? [])
  }
}

/** `b1`, `[b1, b2]`, or the targets of `{ target: b1, after: 2s }`. */
const targetsIn = (node: Located): Located<string | readonly string[]> =>
  (node.fields.get('target') ?? node) as Located<string | readonly string[]>
