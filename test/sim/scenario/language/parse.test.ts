// The language as written, form by form, against the plan that the runner plays.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFile } from '../../../../cli/diagnostic.ts'
import { formatDiagnostic, type ParseOptions, parseScenario } from '../../../../sim/scenario/language/index.ts'
import type { Action, Condition, ScenarioPlan } from '../../../../sim/scenario/plan.ts'

const root = join(import.meta.dirname, '../../../..')

function compile(text: string, options: ParseOptions = {}): ScenarioPlan {
  const result = parseScenario(text, 'story.yaml', options)
  if ('plan' in result) return result.plan
  throw new Error(result.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, text)).join('\n'))
}

const stage = `scenario: 1
topics:
  orders: { partitions: 2, replicas: [[b1, b2], [b2, b3]] }
clients:
  p1: { producer: sync }
  reader: { consumer: simple, reads: orders-0 }
`
const withoutSpan = <T extends { span: unknown }>({ span: _span, ...rest }: T): Omit<T, 'span'> => rest
const actions = (step: string): Array<Omit<Action, 'span'>> =>
  compile(`${stage}steps:\n  - ${step}\n`).steps[0]!.actions.map(withoutSpan)
const condition = (text: string): Omit<Condition, 'span'> => {
  const { trigger } = compile(
    `${stage}steps:\n  - { send: { by: p1, to: orders-0, message: m1 } }\n  - when: ${text}\n`,
  ).steps[1]!
  return withoutSpan((trigger as Extract<typeof trigger, { kind: 'when' }>).conditions[0]!)
}
const b = (n: number) => ({ select: 'machine', name: `b${n}` })

describe('a scenario', () => {
  it('compiles as the design of the language writes it', () => {
    const file = 'test/fixtures/scenarios/good/design-example.yaml'
    const plan = compile(readFileSync(join(root, file), 'utf8'))
    expect(plan.title).toEqual({
      en: 'The third message is lost and comes back later',
      zh: '第三条消息丢失后又重新写入',
    })
    expect(plan.shows).toEqual(['6.22', '6.23', '6.24', '6.25', '6.26', '6.27'])
    expect(plan.cluster.topics[0]).toMatchObject({
      name: 'orders',
      partitions: 1,
      replicas: [[1, 2, 3]],
      replicationFactor: 3,
    })
    expect(plan.cluster.clients.map(({ name }) => name)).toEqual(expect.arrayContaining(['p1', 'p2', 'p3', 'p4']))
    expect(plan.expect.order).toMatchObject([
      { topic: 'orders', partition: 0, pattern: expect.arrayContaining(['m4', null, 'm3']) },
    ])
    expect(plan.expect.promises?.broken).toEqual(['I-ORDER', 'I-NODUP'])
  })

  it('compiles in every file of the repository', () => {
    const files = readdirSync(join(root, 'scenarios'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.yaml'),
    )
    expect(files.length).toBeGreaterThan(0)
    const broken = files.filter((name) => !('plan' in checkFile(join(root, 'scenarios', name)).result))
    expect(broken).toEqual([])
  })

  it('needs nothing but its version', () => {
    const plan = compile('scenario: 1\n')
    expect(plan).toMatchObject({
      title: { en: 'story.yaml' },
      protocol: '0.8.2',
      seed: 1,
      endsUs: 60_000_000,
      steps: [],
    })
    expect(plan.cluster).toMatchObject({
      zookeeper: 3,
      brokers: 3,
      topics: [],
      clients: [],
      network: { latencyUs: { low: 1000, high: 3000 } },
    })
    expect(plan.cluster.zookeeperConfig).toEqual({ tickTimeMs: 2000, initLimit: 10, syncLimit: 5 })
  })

  it('takes numbers of statements as written: 6.20 is not 6.2', () => {
    expect(compile('scenario: 1\nshows: [6.20, 6.2, "7.10"]\n').shows).toEqual(['6.20', '6.2', '7.10'])
  })

  it('takes the protocol with or without quotes where YAML leaves it a text', () => {
    expect(compile('scenario: 1\nprotocol: 0.8.1\n').protocol).toBe('0.8.1')
  })

  it('remembers where its parts stand', () => {
    const plan = compile(`${stage}steps:\n  - at: 5s\n    crash: [b1, b2] # both\n`)
    expect(plan.steps[0]!.span).toEqual({ line: 8, column: 5, length: 6 })
    expect(plan.steps[0]!.actions[0]!.span).toEqual({ line: 9, column: 5, length: 15 })
  })

  it('expands anchors and aliases', () => {
    const plan = compile(
      'scenario: 1\nclients:\n  p1: { producer: sync, config: &c { retry.backoff.ms: 7 } }\n  p2: { producer: sync, config: *c }\n',
    )
    expect(plan.cluster.clients.map((client) => 'config' in client && client.config)).toEqual([
      { 'retry.backoff.ms': 7 },
      { 'retry.backoff.ms': 7 },
    ])
  })
})

describe('clients', () => {
  it('copy another with like, own keys laid over it, in any order of the file', () => {
    const plan = compile(`scenario: 1
clients:
  p2: { like: p1, config: { message.send.max.retries: 9 } }
  p1: { producer: sync, bootstrap: b2, config: { request.required.acks: -1, message.send.max.retries: 1 } }
`)
    expect(plan.cluster.clients[0]).toEqual({
      kind: 'producer',
      name: 'p2',
      config: { 'request.required.acks': -1, 'message.send.max.retries': 9 },
      bootstrap: ['b2'],
    })
  })

  it('send workloads', () => {
    const plan = compile(`scenario: 1
topics: { orders: {} }
clients:
  p1: { producer: sync, sends: { to: orders-0, every: 100ms, keys: 1..20, count: 500, size: 1KiB } }
  p2: { producer: sync, sends: { to: orders, every: 1.5s, start: 3s } }
expect:
  messages: { p1-500: { acked: true } }
`)
    const [first, second] = plan.cluster.clients as ReadonlyArray<{ workload: unknown }>
    expect(first!.workload).toEqual({
      topic: 'orders',
      partition: 0,
      everyUs: 100_000,
      startUs: 100_000,
      count: 500,
      keys: { low: 1, high: 20 },
      sizeBytes: 1024,
    })
    expect(second!.workload).toEqual({ topic: 'orders', everyUs: 1_500_000, startUs: 3_000_000, sizeBytes: 100 })
  })

  it('read from an offset or an end of the log, of one broker if asked', () => {
    const plan = compile(
      'scenario: 1\ntopics: { a-b: {} }\nclients:\n  r: { consumer: simple, reads: a-b-0, from: 7, broker: b2 }\n',
    )
    expect(plan.cluster.clients[0]).toMatchObject({
      kind: 'consumer',
      topic: 'a-b',
      partition: 0,
      from: 7,
      broker: 'b2',
    })
  })
})

describe('triggers', () => {
  it.each([
    ['{ caption: now }', { kind: 'next' }],
    ['{ at: 1.5s, crash: b1 }', { kind: 'at', us: 1_500_000 }],
    ['{ after: 250us, crash: b1 }', { kind: 'after', us: 250 }],
    [
      '{ on: { message: Fetch, from: b3, to: leader(orders-0), nth: 2 }, hold: true }',
      { kind: 'on', message: 'Fetch', from: b(3), to: { select: 'leader', topic: 'orders', partition: 0 }, nth: 2 },
    ],
    ['{ on: { message: ZkProposal }, drop: true }', { kind: 'on', message: 'ZkProposal', nth: 1 }],
  ])('%s', (step, trigger) => {
    expect(compile(`${stage}steps:\n  - ${step}\n`).steps[0]!.trigger).toEqual(trigger)
  })

  it('waits within a time for all conditions of a list', () => {
    const [step] = compile(`${stage}steps:
  - when: [{ leader: orders-0, is: b1 }, { isr: orders-0, size: 2 }]
    within: 12s
`).steps
    expect(step).toMatchObject({
      withinUs: 12_000_000,
      actions: [],
      trigger: { kind: 'when', conditions: [{ about: 'leader' }, { about: 'isr' }] },
    })
  })
})

describe('conditions', () => {
  const equal = (value: unknown) => ({ is: 'equal', value })
  it.each<[string, object]>([
    [
      '{ replica: b1/orders-0, leo: 2..5, hw: ">= 1", role: leader, truncatedTo: 0 }',
      {
        about: 'replica',
        broker: 'b1',
        topic: 'orders',
        partition: 0,
        leo: { is: 'range', low: 2, high: 5 },
        hw: { is: 'compare', operator: '>=', value: 1 },
        role: equal('leader'),
        truncatedTo: equal(0),
      },
    ],
    [
      '{ leader: orders-1, is: b3, epoch: "!= 0", believes: b2 }',
      {
        about: 'leader',
        topic: 'orders',
        partition: 1,
        is: 'b3',
        epoch: { is: 'compare', operator: '!=', value: 0 },
        believes: 'b2',
      },
    ],
    [
      '{ leader: orders-1, is: b3, believes: p1 }',
      { about: 'leader', topic: 'orders', partition: 1, is: 'b3', believes: 'p1' },
    ],
    ['{ isr: orders-0, is: [b2, b1] }', { about: 'isr', topic: 'orders', partition: 0, is: ['b2', 'b1'] }],
    ['{ controller: b2, epoch: 1 }', { about: 'controller', is: 'b2', epoch: equal(1) }],
    ['{ controller: any, epoch: "> 1" }', { about: 'controller', epoch: { is: 'compare', operator: '>', value: 1 } }],
    ['{ zk-leader: zk3 }', { about: 'zk-leader', is: 'zk3' }],
    ['{ session: b1, is: expired }', { about: 'session', owner: 'b1', is: 'expired' }],
    ['{ message: m1, is: gave-up }', { about: 'message', message: 'm1', is: 'gave-up' }],
    ['{ znode: /controller, exists: false }', { about: 'znode', path: '/controller', exists: false }],
    [
      '{ checkpoint: b1/orders-0, hw: 1 }',
      { about: 'checkpoint', broker: 'b1', topic: 'orders', partition: 0, hw: equal(1) },
    ],
    ['{ machine: zk1, is: paused }', { about: 'machine', machine: 'zk1', is: 'paused' }],
    [
      '{ client: reader, read: "< 3" }',
      { about: 'client', client: 'reader', read: { is: 'compare', operator: '<', value: 3 } },
    ],
    ['{ event: IsrShrunk, machine: b1, nth: 2 }', { about: 'event', event: 'IsrShrunk', machine: 'b1', nth: 2 }],
  ])('%s', (text, compiled) => {
    expect(condition(text)).toEqual(compiled)
  })
})

describe('actions', () => {
  it.each<[string, object[]]>([
    [
      'send: { by: p1, to: orders, message: m1, key: 7, broker: b2 }',
      [{ do: 'send', by: 'p1', topic: 'orders', message: 'm1', key: '7', broker: 'b2' }],
    ],
    [
      'send: [{ by: p1, to: orders-1, message: m1 }, { by: p1, to: orders-0, message: m2 }]',
      [
        { do: 'send', by: 'p1', topic: 'orders', partition: 1, message: 'm1' },
        { do: 'send', by: 'p1', topic: 'orders', partition: 0, message: 'm2' },
      ],
    ],
    [
      'lookup: [{ offset: 7, in: b2/orders-1 }, { offset: 0, in: b1/orders-0 }]',
      [
        { do: 'lookup', broker: 'b2', topic: 'orders', partition: 1, offset: 7 },
        { do: 'lookup', broker: 'b1', topic: 'orders', partition: 0, offset: 0 },
      ],
    ],
    ['crash: b1', [{ do: 'crash', targets: [b(1)] }]],
    ['powerOff: [b1, zk-leader]', [{ do: 'powerOff', targets: [b(1), { select: 'zk-leader' }] }]],
    ['powerOff: { target: b2, unsynced: torn }', [{ do: 'powerOff', targets: [b(2)], unsynced: 'torn' }]],
    [
      'corrupt: { in: b1/orders-0, offset: 3 }',
      [{ do: 'corruptRecord', broker: 'b1', topic: 'orders', partition: 0, offset: 3 }],
    ],
    [
      'pause: any follower(orders-0)',
      [{ do: 'pause', targets: [{ select: 'any-follower', topic: 'orders', partition: 0 }] }],
    ],
    [
      'resume: most-advanced follower(orders-1)',
      [{ do: 'resume', targets: [{ select: 'most-advanced-follower', topic: 'orders', partition: 1 }] }],
    ],
    [
      'restart: { target: all brokers, after: 2s }',
      [{ do: 'restart', targets: [{ select: 'all-brokers' }], afterUs: 2_000_000 }],
    ],
    ['shutdown: controller', [{ do: 'shutdown', targets: [{ select: 'controller' }] }]],
    ['stop: reader', [{ do: 'stop', targets: [{ select: 'machine', name: 'reader' }] }]],
    ['stall: { from: b1, to: b3 }', [{ do: 'stall', from: [b(1)], to: [b(3)], oneWay: true }]],
    ['cut: { between: [b1, [b2, b3]] }', [{ do: 'cut', from: [b(1)], to: [b(2), b(3)], oneWay: false }]],
    ['heal: all', [{ do: 'heal-all' }]],
    ['release: all', [{ do: 'release-all' }]],
    ['release: { from: b1, to: b3 }', [{ do: 'release', from: [b(1)], to: [b(3)], oneWay: true }]],
    [
      'reset: { between: [p1, all zookeeper] }',
      [{ do: 'reset', from: [{ select: 'machine', name: 'p1' }], to: [{ select: 'all-zookeeper' }] }],
    ],
    ['slowDisk: { target: b1, perOperation: 20ms }', [{ do: 'slowDisk', targets: [b(1)], perOperationUs: 20_000 }]],
    ['fillDisk: { target: b1, free: 10KB }', [{ do: 'fillDisk', targets: [b(1)], freeBytes: 10_000 }]],
    [
      'corrupt: { target: b1, file: orders-0/0.log, position: 30, bit: 3 }',
      [{ do: 'corrupt', targets: [b(1)], file: 'orders-0/0.log', position: 30, bit: 3 }],
    ],
    ['expireSession: b2', [{ do: 'expireSession', targets: [b(2)] }]],
    [
      'skewClock: { target: b2, jump: -200ms, drift: 50ppm }',
      [{ do: 'skewClock', targets: [b(2)], jumpUs: -200_000, driftPpm: 50 }],
    ],
    [
      'createTopic: { topic: new, replicationFactor: 2 }',
      [{ do: 'createTopic', topic: { name: 'new', partitions: 1, replicationFactor: 2, config: {} } }],
    ],
    ['{ on: { message: Fetch }, delay: 300ms }', [{ do: 'delay', us: 300_000 }]],
  ])('%s', (step, compiled) => {
    expect(actions(step)).toEqual(compiled)
  })

  it('happen in the order in which they stand', () => {
    expect(actions('{ restart: b1, caption: both, crash: b2 }').map((action) => action.do)).toEqual([
      'restart',
      'crash',
    ])
  })

  it('may name a topic that another step creates', () => {
    const plan = compile(
      'scenario: 1\nclients: { p1: { producer: sync } }\nsteps:\n  - createTopic: { topic: late }\n  - send: { by: p1, to: late-0, message: m1 }\n',
    )
    expect(plan.steps[1]!.actions[0]).toMatchObject({ do: 'send', topic: 'late', partition: 0 })
  })
})

describe('expectations', () => {
  it('hold facts with the place of each', () => {
    const { expect: expected } = compile(`${stage}steps:
  - send: { by: p1, to: orders-0, message: m1 }
expect:
  messages:
    m1: { acked: false, copies: 1..2, gaveUp: true }
  order: { orders-0: [..., m1, …] }
  sometimes: [{ isr: orders-0, size: 1 }]
  never: [{ leader: orders-0, is: b2 }]
  unavailable: [{ partition: orders-0, operation: write, lasts: 5s..8s, atEnd: false }]
`)
    expect(expected.messages[0]).toMatchObject({
      message: 'm1',
      acked: false,
      copies: { is: 'range', low: 1, high: 2 },
      gaveUp: true,
    })
    expect(expected.messages[0]!.spans.copies).toEqual({ line: 11, column: 33, length: 4 })
    expect(expected.order[0]!.pattern).toEqual([null, 'm1', null])
    expect([expected.sometimes[0]!.about, expected.never[0]!.about]).toEqual(['isr', 'leader'])
    expect(expected.unavailable[0]).toMatchObject({
      topic: 'orders',
      partition: 0,
      operation: 'write',
      forUs: { is: 'range', low: 5_000_000, high: 8_000_000 },
      atEnd: false,
    })
  })

  it('keeps an empty list of broken promises apart from none asked for', () => {
    expect(compile('scenario: 1\nexpect: { promises: { broken: [] } }\n').expect.promises?.broken).toEqual([])
    expect(compile('scenario: 1\nexpect: {}\n').expect.promises).toBeUndefined()
  })
})
