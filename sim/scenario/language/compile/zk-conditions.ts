/** Conditions on ZooKeeper: servers, sessions, nodes, what clients asked and were told, elections, what was measured. */
import { readDuration, readMatch } from '../formats.ts'
import { enumerate } from '../report.ts'
import type { ConditionInput } from '../schema/conditions.ts'
import { type Located, listed } from '../source.ts'
import { type Compiled, ConditionChecks } from './condition-checks.ts'

export abstract class ZooKeeperConditions extends ConditionChecks {
  'zk-leader'(node: Located<ConditionInput['zk-leader']>): Compiled {
    const is = this.names.zooKeeperServer(node.field('zk-leader')!, ['any'])
    return this.holder('zk-leader', node, is, this.count(node.field('epoch')))
  }

  session(node: Located<ConditionInput['session']>): Compiled {
    const subject = node.field('session')!
    const client = this.names.clients.get(subject.value)
    const owner =
      client?.kind === 'zookeeper' || client?.kind === 'contender' ? client.name : this.names.broker(subject)
    const { is, connected } = node.value
    if (!this.asks(node, [is, connected], 'is or connected') || owner === undefined) return undefined
    return {
      about: 'session',
      span: node.span,
      owner,
      ...(is === undefined ? {} : { is }),
      ...(connected === undefined ? {} : { connected }),
    }
  }

  znode(node: Located<ConditionInput['znode']>): Compiled {
    const version = this.count(node.field('version'))
    const { exists } = node.value
    const data = node.field('data')
    if (!this.asks(node, [exists, version, data], 'exists, version or data')) return undefined
    if (exists === false && (version !== undefined || data !== undefined))
      this.never(node.field('exists')!, 'a node that is not there has neither version nor data')
    return {
      about: 'znode',
      span: node.span,
      path: node.value.znode,
      ...(exists === undefined ? {} : { exists }),
      ...(version === undefined ? {} : { version }),
      ...(data === undefined ? {} : { data: { is: 'equal', value: data.text } }),
    }
  }

  operation(node: Located<ConditionInput['operation']>): Compiled {
    const operation = this.names.operation(node.field('operation')!)
    const version = this.count(node.field('version'))
    const data = node.field('data')
    const children = node.field('children')
    const path = node.field('path')
    const { is } = node.value
    const holds = { data, version, children, path }
    if (!this.asks(node, [is, ...Object.values(holds)], 'is, data, version, children or path')) return undefined
    if (operation === undefined) return undefined
    const { op } = this.names.operations.get(operation)!
    for (const field of Object.keys(holds) as Array<keyof typeof holds>) {
      if (holds[field] === undefined) continue
      const ops: readonly string[] = answersOf[field]
      if (!ops.includes(op)) this.never(node.field(field)!, `${operation} asks for "${op}"`)
      else if (is === 'pending') this.never(node.field(field)!, 'what is not answered yet has no result')
    }
    return {
      about: 'operation',
      span: node.span,
      operation,
      ...(is === undefined ? {} : { is }),
      ...(data === undefined ? {} : { data: { is: 'equal', value: data.text } }),
      ...(version === undefined ? {} : { version }),
      ...(children === undefined
        ? {}
        : { children: listed<string | number>(children as Located<(string | number)[]>).map((one) => one.text) }),
      ...(path === undefined ? {} : { path: path.value }),
    }
  }

  notified(node: Located<ConditionInput['notified']>): Compiled {
    const client = this.names.client(node.field('notified')!, 'zookeeper')
    const times = this.count(node.field('times')) ?? { is: 'compare', operator: '>=', value: 1 }
    const { event, path } = node.value
    if (client === undefined) return undefined
    return {
      about: 'notified',
      span: node.span,
      client: client.name,
      ...(event === undefined ? {} : { event }),
      ...(path === undefined ? {} : { path }),
      times,
    }
  }

  elected(node: Located<ConditionInput['elected']>): Compiled {
    const subject = node.field('elected')!
    const election = this.names.election(subject.place, subject.value)
    const is = node.field('is')
    const terms = this.count(node.field('terms'))
    const woken = this.count(node.field('woken'))
    const believers = this.count(node.field('believers'))
    if (election === undefined) return undefined
    const contenders = this.names.elections.get(election)!
    if (is !== undefined && is.value !== 'none' && !contenders.includes(is.value)) {
      if (this.names.client(is, 'contender') === undefined) return undefined
      this.never(is, `${is.value} takes no part in ${election} (${enumerate(contenders)})`)
    }
    return {
      about: 'elected',
      span: node.span,
      election,
      ...(is === undefined ? {} : { is: is.value }),
      ...(terms === undefined ? {} : { terms }),
      ...(woken === undefined ? {} : { woken }),
      ...(believers === undefined ? {} : { believers }),
    }
  }

  'zk-server'(node: Located<ConditionInput['zk-server']>): Compiled {
    const server = this.names.zooKeeperServer(node.field('zk-server')!)
    const behind = this.count(node.field('behind'))
    const { is, synced } = node.value
    if (!this.asks(node, [is, behind, synced], 'is, behind or synced') || server === undefined) return undefined
    return {
      about: 'zk-server',
      span: node.span,
      server,
      ...(is === undefined ? {} : { is }),
      ...(behind === undefined ? {} : { behind }),
      ...(synced === undefined ? {} : { synced }),
    }
  }

  measure(node: Located<ConditionInput['measure']>): Compiled {
    const measure = this.names.measure(node.field('measure')!)
    const writes = this.count(node.field('writes'))
    const refused = this.count(node.field('refused'))
    const watches = this.count(node.field('watches'))
    const { lasts } = node.value
    if (measure === undefined) return undefined
    return {
      about: 'measure',
      span: node.span,
      measure,
      ...(writes === undefined ? {} : { writes }),
      ...(refused === undefined ? {} : { refused }),
      ...(watches === undefined ? {} : { watches }),
      ...(lasts === undefined ? {} : { lasts: readMatch(lasts, readDuration) }),
    }
  }
}

/** Operations whose answers hold a field. */
const answersOf = {
  data: ['getData'],
  version: ['getData', 'exists', 'setData'],
  children: ['getChildren'],
  path: ['create'],
} as const satisfies Record<string, readonly string[]>
