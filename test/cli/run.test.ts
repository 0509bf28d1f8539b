import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../../sim/scenario/plan.ts'
import { repository, scenarioFile, temporaryDirectory, trial } from './trial.ts'

const main = 'scenarios/teach/three-message-loss.yaml'
const mainText = readFileSync(join(repository, main), 'utf8')
const mainPlan = planOf(mainText, main)
/** First words of the first caption, as they stand on one line. */
const captionOf = (lang: 'en' | 'zh'): string =>
  (mainPlan.steps.find((step) => step.caption !== undefined)!.caption![lang] ?? '').slice(0, 12)

function planOf(text: string, file: string): ScenarioPlan {
  const parsed = parseScenario(text, file)
  if ('plan' in parsed) return parsed.plan
  throw new Error(parsed.diagnostics.map((diagnostic) => diagnostic.message).join('\n'))
}

/** A short story of one message. */
const oneMessage = (expect: string, steps = '  - send: { by: p1, to: orders-0, message: m1 }\n'): string => `scenario: 1
title: One message
ends: 15s
cluster: { zookeeper: 3, brokers: 3 }
topics:
  orders: { partitions: 1, replicas: [[b1, b2, b3]] }
clients:
  p1: { producer: sync, config: { request.required.acks: -1 } }
steps:
${steps}expect:
${expect}`

describe('trial run', () => {
  it('tells the story, the verdict, the reasons, and what to try next', () => {
    const { code, out, err } = trial('run', main)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain(mainPlan.title.en)
    expect(out).toContain(captionOf('en'))
    expect(out).toMatch(/I-NODUP broken, permitted here/)
    expect(out).toMatch(/✔ all \d+ expectations hold/)
    expect(out).toContain('trial run scenarios/teach/three-message-loss.yaml --set retry.backoff.ms=100')
    expect(out).toMatch(/trace hash [0-9a-f]{16}/)
    expect(out).not.toContain('\u001b[')
  })

  it('tells captions in Chinese with --lang zh', () => {
    const { out } = trial('run', main, '--lang', 'zh')
    expect(out).toContain(mainPlan.title.zh)
    expect(out).toContain(captionOf('zh'))
  })

  it('prints exactly one object with --json', () => {
    const { code, out } = trial('run', main, '--json')
    expect(code).toBe(0)
    const { runs, ...rest } = JSON.parse(out)
    expect(rest).toEqual({})
    expect(runs).toHaveLength(1)
    expect(Object.keys(runs[0])).toEqual([
      'scenario',
      'seed',
      'protocol',
      'held',
      'expectations',
      'messages',
      'traceHash',
      'events',
      'virtualMs',
      'wallMs',
    ])
    expect(runs[0]).toMatchObject({ scenario: main, seed: 1, protocol: '0.8.2', held: true, virtualMs: 40_000 })
    expect(runs[0].messages.map((message: { message: string }) => message.message)).toEqual(['m1', 'm2', 'm3', 'm4'])
    expect(runs[0].expectations[0]).toMatchObject({
      what: 'message m1: acked',
      held: true,
      expected: 'yes',
      found: 'yes',
    })
    expect(runs[0].wallMs).toBeGreaterThan(0)
  })

  it('gives the same trace hash in two processes, and another one for another seed', () => {
    const hash = (...args: string[]): string => JSON.parse(trial('run', main, '--json', ...args).out).runs[0].traceHash
    expect(hash()).toBe(hash())
    expect(hash('--seed', '2')).not.toBe(hash())
  })

  it('fails with exit code 1 when one number of an expectation is changed, and explains the difference', () => {
    const wrong = mainText.replace('m2: { acked: true, copies: 2', 'm2: { acked: true, copies: 1')
    const { code, out } = trial('run', scenarioFile(wrong))
    expect(code).toBe(1)
    expect(out).toMatch(/story\.yaml:\d+:\d+: message m2: copies: expected 1, found 2/)
    const line = mainText.split('\n').findIndex((text) => text.includes('m2: { acked: true')) + 1
    expect(out).toContain(`${line} |     m2: { acked: true, copies: 1`)
    expect(out).toMatch(/\n +\| +\^+\n/)
    expect(out).toMatch(/m2: appended by b1 at offset 1.*sent again/)
  })

  it('comes to another end when one setting is changed with --set', () => {
    const { code, out } = trial('run', main, '--set', 'retry.backoff.ms=100', '--json')
    expect(code).toBe(1)
    const [run] = JSON.parse(out).runs
    expect(run.messages.find((message: { message: string }) => message.message === 'm3')).toMatchObject({
      gaveUp: true,
      acked: false,
    })
  })

  it('fails with exit code 1 when a condition never comes true, and says what was true instead', () => {
    const steps =
      '  - send: { by: p1, to: orders-0, message: m1 }\n  - when: { replica: b2/orders-0, leo: 7 }\n    within: 3s\n    crash: b1\n'
    const file = scenarioFile(oneMessage('  messages: { m1: { acked: true } }\n', steps))
    const { code, out, err } = trial('run', file)
    expect(code).toBe(1)
    expect(out).toMatch(/story\.yaml:11:\d+: step 2 \(crash b1\)/)
    expect(out).toContain(
      'did not come within 3s. It waits until b2/orders-0 has LEO 7; instead: b2/orders-0 has LEO 1',
    )
    expect(err + out).not.toMatch(/\n {4}at /)
  })

  it('takes several files and is as good as the worst of them', () => {
    const good = scenarioFile(oneMessage('  messages: { m1: { acked: true, copies: 1 } }\n'), 'good.yaml')
    const bad = scenarioFile(oneMessage('  messages: { m1: { acked: false } }\n'), 'bad.yaml')
    const { code, out } = trial('run', good, bad, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(out).runs.map((run: { held: boolean }) => run.held)).toEqual([true, false])
  })

  it('writes every event to --trace, messages included, and gives each of several files a folder of its own', () => {
    const good = scenarioFile(oneMessage('  messages: { m1: { acked: true } }\n'), 'good.yaml')
    const other = scenarioFile(oneMessage('  messages: { m1: { acked: true } }\n'), 'other.yaml')
    const directory = temporaryDirectory()
    const one = trial('run', good, '--trace', join(directory, 'one.txt'), '--quiet')
    expect(one.out).toContain(join(directory, 'one.txt'))
    const lines = readFileSync(join(directory, 'one.txt'), 'utf8').trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(100)
    expect(lines.every((line) => /^\d+(\.\d+)?ms \S+ +\w/.test(line))).toBe(true)
    expect(lines.some((line) => line.includes('MessageSent'))).toBe(true)
    expect(trial('run', good, other, '--trace', join(directory, 'both'), '--quiet').code).toBe(0)
    expect(readdirSync(join(directory, 'both')).sort()).toEqual(['good', 'other'])
    expect(existsSync(join(directory, 'both/other/trace.txt'))).toBe(true)
  })
})

describe('trial run --data-dir', () => {
  const file = scenarioFile(oneMessage('  messages: { m1: { acked: true } }\n'))

  it('leaves Kafka’s files behind, and plays the same run as without', () => {
    const directory = join(temporaryDirectory(), 'data')
    const real = JSON.parse(trial('run', file, '--data-dir', directory, '--json').out).runs[0]
    const folders = ['broker-1', 'broker-2', 'broker-3', 'zookeeper-1', 'zookeeper-2', 'zookeeper-3']
    expect(readdirSync(directory).sort()).toEqual(['.kafka-trial', ...folders])
    expect(existsSync(join(directory, 'broker-1/orders-0/00000000000000000000.log'))).toBe(true)
    expect(readFileSync(join(directory, 'broker-1/orders-0/00000000000000000000.log'), 'latin1')).toContain('m1')
    expect(real.traceHash).toBe(JSON.parse(trial('run', file, '--json').out).runs[0].traceHash)
  })

  it('replaces what an earlier run left there, and nothing else', () => {
    const directory = join(temporaryDirectory(), 'data')
    expect(trial('run', file, '--data-dir', directory, '--quiet').code).toBe(0)
    expect(trial('run', file, '--data-dir', directory, '--quiet').code).toBe(0)
    const foreign = temporaryDirectory()
    writeFileSync(join(foreign, 'thesis.txt'), 'years of work')
    const { code, err } = trial('run', file, '--data-dir', foreign)
    expect(code).toBe(2)
    expect(err).toContain(`'${foreign}' holds files that no trial run made`)
    expect(readFileSync(join(foreign, 'thesis.txt'), 'utf8')).toBe('years of work')
  })

  it('gives each of several files a folder of its own', () => {
    const other = scenarioFile(oneMessage('  messages: { m1: { acked: true } }\n'), 'other.yaml')
    const directory = join(temporaryDirectory(), 'data')
    expect(trial('run', file, other, '--data-dir', directory, '--quiet').code).toBe(0)
    expect(readdirSync(directory).filter((name) => !name.startsWith('.'))).toEqual(['other', 'story'])
    expect(existsSync(join(directory, 'other/broker-2/orders-0/00000000000000000000.log'))).toBe(true)
  })
})

describe('trial run --seeds', () => {
  it('sums up many seeds in one line a scenario', () => {
    const file = scenarioFile(oneMessage('  messages: { m1: { acked: true, copies: 1 } }\n'))
    const { code, out } = trial('run', file, '--seeds', '1-5')
    expect(code).toBe(0)
    expect(out).toMatch(/^✔ .*story\.yaml: 5 of 5 seeds held/)
    expect(out).toContain('one outcome')
    expect(out.trimEnd().split('\n')).toHaveLength(1)
  })

  it('names the first failing seed and the command that plays it again', () => {
    const file = scenarioFile(oneMessage('  messages: { m1: { acked: false } }\n'))
    const { code, out } = trial('run', file, '--seeds', '3-4')
    expect(code).toBe(1)
    expect(out).toMatch(/^✘ .*0 of 2 seeds held/)
    expect(out).toContain(`first failing seed 3: trial run ${file} --seed 3`)
    expect(out).toContain('message m1: acked: expected no, found yes')
  })

  it('lists every run with --json', () => {
    const file = scenarioFile(oneMessage('  messages: { m1: { acked: true } }\n'))
    const { runs } = JSON.parse(trial('run', file, '--seeds', '1-3', '--json').out)
    expect(runs.map((run: { seed: number }) => run.seed)).toEqual([1, 2, 3])
    expect(new Set(runs.map((run: { traceHash: string }) => run.traceHash)).size).toBe(3)
  })
})

describe('trial, bad input', () => {
  const oneLine = (err: string) => err.trimEnd().split('\n')
  const refused = (...args: string[]): string => {
    const { code, out, err } = trial(...args)
    expect(code, err).toBe(2)
    expect(out).toBe('')
    expect(err).not.toMatch(/\n {4}at /)
    return err
  }

  it('says that a file is missing, or a directory', () => {
    expect(oneLine(refused('run', 'no-such.yaml'))).toEqual([
      'no-such.yaml:1:1: KS001 cannot read the file: there is no such file',
    ])
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'story.yaml'))
    expect(refused('run', join(directory, 'story.yaml'))).toContain('it is a directory')
  })

  it('runs nothing when one of several files is wrong', () => {
    const good = scenarioFile(oneMessage('  messages: { m1: { acked: true } }\n'))
    const wrong = scenarioFile(
      oneMessage('  messages: { m1: { acked: true } }\n').replace('brokers: 3', 'brokers: three'),
    )
    expect(refused('run', good, wrong)).toMatch(/story\.yaml:4:\d+: KS\d+/)
  })

  it('names an unknown command or option, and the nearest one', () => {
    expect(refused('rnu', main)).toContain("unknown command 'rnu'")
    expect(refused('run', main, '--seedz', '1-3')).toMatch(/unknown option '--seedz'[\s\S]*--seeds/)
    expect(refused('run')).toContain("missing required argument 'file'")
  })

  it('refuses values that make no sense, each with one message', () => {
    expect(refused('run', main, '--seed', 'x')).toContain('A seed is a whole number')
    expect(refused('run', main, '--seeds', '9-3')).toContain('ends before it begins')
    expect(refused('run', main, '--seeds', '1-2', '--trace', 'x')).toContain('--trace writes down one run')
    expect(refused('run', main, '--seed', '1', '--seeds', '1-2')).toContain('not both')
    expect(refused('run', main, '--set', 'retry.backoff.ms')).toContain('--set takes KEY=VALUE')
    expect(refused('run', main, '--set', 'retry.backof.ms=1')).toContain('retry.backoff.ms')
    expect(refused('run', main, '--protocol', '7.0')).toContain('7.0')
    expect(refused('describe', main)).toContain('--at')
    expect(refused('describe', main, '--at', '12')).toContain('unit')
    expect(refused('describe', main, '--at', '1000s')).toContain('after the end')
  })

  it('ends quietly when its output is closed', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" bin/trial.js run ${main} | head -2`], {
      cwd: repository,
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stderr).toBe('')
  })
})

describe('trial describe and versions', () => {
  it('shows who leads and what each replica holds at a virtual time', () => {
    const { code, out } = trial('describe', main, '--at', '5s', '--json')
    expect(code).toBe(0)
    const cluster = JSON.parse(out)
    expect(cluster).toMatchObject({ atMs: 5000, machines: { b1: 'running', zk1: 'running' } })
    expect(cluster.partitions[0]).toMatchObject({ topicPartition: 'orders-0', leader: 'b1' })
    expect(cluster.partitions[0].replicas.map((replica: { logEndOffset: number }) => replica.logEndOffset)).toEqual([
      3, 2, 1,
    ])
    expect(trial('describe', main, '--at', '5s').out).toMatch(/controller +b\d \(epoch 1\)/)
  })

  it('lists presets and switches', () => {
    const { code, out } = trial('versions')
    expect(code).toBe(0)
    expect(out).toContain('0.8.2 (default)')
    expect(out).toContain('ackRule')
  })

  it('has help with examples for every command', () => {
    expect(trial('--help').out).toContain('trial run scenarios/teach/three-message-loss.yaml')
    for (const command of ['run', 'describe', 'versions']) {
      const { code, out } = trial(command, '--help')
      expect(code).toBe(0)
      expect(out).toContain('Examples:')
    }
  })
})
