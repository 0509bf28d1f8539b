import { describe, expect, it } from 'vitest'
import {
  formatDiagnostic,
  type ParseOptions,
  parseScenario,
  readOverride,
} from '../../../../sim/scenario/language/index.ts'
import type { ClientPlan, ScenarioPlan } from '../../../../sim/scenario/plan.ts'

const story = `scenario: 1
seed: 1
ends: 20s
cluster: { config: { replica.lag.time.max.ms: 10000 }, configOf: { b2: { replica.lag.time.max.ms: 1 } } }
topics:
  orders: { replicas: [[b1, b2, b3]] }
clients:
  p1: { producer: sync, config: { retry.backoff.ms: 4000 } }
  p2: { producer: sync }
  reader: { consumer: simple, reads: orders-0 }
steps:
  - at: 5s
    crash: b1
`
const options = (...sets: string[]): ParseOptions => ({ overrides: sets.map((text) => readOverride(text)!) })

function plan(given: ParseOptions): ScenarioPlan {
  const result = parseScenario(story, 'story.yaml', given)
  if ('plan' in result) return result.plan
  throw new Error(result.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, story)).join('\n'))
}

const refusal = (given: ParseOptions): string[] => {
  const result = parseScenario(story, 'story.yaml', given)
  return 'plan' in result
    ? []
    : result.diagnostics.flatMap((diagnostic) => formatDiagnostic(diagnostic, story).split('\n'))
}

const configOf = (client: ClientPlan): unknown => ('config' in client ? client.config : undefined)

describe('--set', () => {
  it('gives a client key to all clients that know it, and to no others', () => {
    const { clients } = plan(options('retry.backoff.ms=100')).cluster
    expect(clients.map(configOf)).toEqual([{ 'retry.backoff.ms': 100 }, { 'retry.backoff.ms': 100 }, {}])
  })

  it('gives a broker key to all brokers, also where one has its own', () => {
    const { brokerConfig, brokerConfigOf } = plan(options('replica.lag.time.max.ms=5000')).cluster
    expect([brokerConfig, brokerConfigOf]).toEqual([
      { 'replica.lag.time.max.ms': 5000 },
      { b2: { 'replica.lag.time.max.ms': 5000 } },
    ])
  })

  it('gives a key that brokers and topics share to both', () => {
    const { brokerConfig, topics } = plan(options('min.insync.replicas=2')).cluster
    expect(brokerConfig).toHaveProperty(['min.insync.replicas'], 2)
    expect(topics[0]!.config).toEqual({ 'min.insync.replicas': 2 })
  })

  it('gives a ZooKeeper key to the ensemble', () => {
    expect(plan(options('tickTime=3000')).cluster.zookeeperConfig.tickTimeMs).toBe(3000)
  })

  it('lets the last word stand', () => {
    expect(configOf(plan(options('retry.backoff.ms=1', 'retry.backoff.ms=2')).cluster.clients[0]!)).toEqual({
      'retry.backoff.ms': 2,
    })
  })

  it('takes paths into the file, also through lists and where nothing stands yet', () => {
    const changed = plan(
      options(
        'ends=30s',
        'seed=9',
        'cluster.brokers=5',
        'steps.0.at=7s',
        'clients.p2.config.retry.backoff.ms=3',
        'cluster.network.latency=5ms',
      ),
    )
    expect(changed).toMatchObject({
      endsUs: 30_000_000,
      seed: 9,
      cluster: { brokers: 5, network: { latencyUs: { low: 5000, high: 5000 } } },
    })
    expect(changed.steps[0]!.trigger).toEqual({ kind: 'at', us: 7_000_000 })
    expect(configOf(changed.cluster.clients[1]!)).toEqual({ 'retry.backoff.ms': 3 })
  })

  it('leaves the text of the plan as the file has it, for diagnostics that point into it', () => {
    expect(plan(options('ends=30s')).text).toBe(story)
  })

  it.each<[string, string[]]>([
    [
      'retry.backof.ms=1',
      [
        '--set:1:1: KS206 nothing knows the key "retry.backof.ms"',
        '  1 | retry.backof.ms=1',
        '    | ^^^^^^^^^^^^^^^',
        '  did you mean "retry.backoff.ms"?',
      ],
    ],
    [
      'retry.backoff.ms=soon',
      [
        '--set:1:18: KS202 "retry.backoff.ms" cannot be "soon"',
        '  1 | retry.backoff.ms=soon',
        '    |                  ^^^^',
        '  expected a whole number, at least 0',
      ],
    ],
    [
      'send.buffer.bytes=1',
      ['--set:1:1: KS501 Kafka\'s key "send.buffer.bytes" is not built yet: comes with a later part'],
    ],
    ['ends=30', ['--set:1:6: KS111 "ends" has no unit: 30', '  did you mean "30ms"?']],
    ['cluster.broker=5', ['--set:1:1: KS101 unknown key "broker"', '  did you mean "brokers"?']],
    ['steps.7.at=5s', ['--set:1:1: KS206 nothing knows the key "steps.7.at"']],
    ['seed.x=5', ['--set:1:1: KS206 nothing knows the key "seed.x"']],
    ['ends=', ['--set:1:1: KS206 "ends=" has no value that YAML can read']],
    ['ends=[1', ['--set:1:6: KS206 "ends=[1" has no value that YAML can read']],
  ])('refuses %s and points into it', (text, lines) => {
    expect(refusal(options(text))).toEqual(expect.arrayContaining(lines))
  })

  it('splits at the first = only', () => {
    expect(readOverride('title=a=b')).toEqual({ key: 'title', value: 'a=b' })
    expect([readOverride('title'), readOverride('=x')]).toEqual([undefined, undefined])
  })

  it('reaches no prototype', () => {
    expect(refusal(options('__proto__.polluted=1'))[0]).toContain('KS206')
    expect(refusal(options('cluster.__proto__.polluted=1'))[0]).toContain('KS101')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('--protocol and --seed', () => {
  it('win over the file', () => {
    expect(plan({ protocol: '0.8.0', seed: 42 })).toMatchObject({
      protocol: '0.8.0',
      seed: 42,
      cluster: { protocol: '0.8.0' },
    })
  })

  it('are refused as the file would be, with the option named', () => {
    expect(refusal({ protocol: '4.1' })[0]).toBe(
      '--protocol:1:12: KS501 preset "4.1" is not built yet: comes with a later part (built: 0.8.0, 0.8.1, 0.8.2, 0.9, 0.10.2, 0.11, 1.1, 2.0, 2.1, 2.4)',
    )
    expect(refusal({ protocol: 'kraft' })[0]).toBe(
      '--protocol:1:12: KS204 no protocol preset "kraft" (0.8.0, 0.8.1, 0.8.2, 0.9, 0.10.2, 0.11, 1.1, 2.0, 2.1, 2.4)',
    )
  })
})
