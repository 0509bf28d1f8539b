// Bad input ends with one clear message for each mistake, exit code 2, and no stack trace: whatever the command.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { validate } from '../../cli/validate.ts'
import { type Outcome, scenarioFile, temporaryDirectory, trial } from './trial.ts'

const main = 'scenarios/teach/three-message-loss.yaml'

function expectRefusal({ code, out, err }: Outcome, message: RegExp | string): void {
  expect(err).toMatch(message)
  expect(out).toBe('')
  expect(err).not.toMatch(/^\s+at /m)
  expect(err.match(/KS\d{3}|^trial:/gm)).toHaveLength(1)
  expect(code).toBe(2)
}

const bad: ReadonlyArray<readonly [string, string, RegExp]> = [
  [
    'an unknown key',
    'scenario: 1\ntitel: x\n',
    /story\.yaml:2:1: KS101 unknown key "titel"\n.*\n.*\^{5}\n.*did you mean "title"\?/,
  ],
  ['a wrong type', 'scenario: 1\nsteps: soon\n', /:2:8: KS102 "steps" cannot be "soon"/],
  [
    'an unknown broker',
    'scenario: 1\nsteps:\n  - crash: b4\n',
    /:3:12: KS104 no broker "b4" in this cluster \(b1, b2, b3\)/,
  ],
  [
    'an impossible replication factor',
    'scenario: 1\ntopics: { orders: { replicationFactor: 4 } }\n',
    /KS301 4 replicas of "orders" need 4 brokers; the cluster has 3/,
  ],
  [
    'a step after the end',
    'scenario: 1\nends: 5s\nsteps:\n  - { at: 6s, crash: b1 }\n',
    /KS401 step 1 happens at 6s or later, after the end at 5s/,
  ],
  ['an empty file', '', /story\.yaml:1:1: KS002 the file is empty/],
  ['a file that is not YAML', '{{{', /KS003 not YAML/],
  [
    'an alias bomb',
    `scenario: 1\n${['a', 'b', 'c', 'd', 'e', 'f']
      .map(
        (name, index) =>
          `${name}: &${name} [${Array(10)
            .fill(index === 0 ? 'x' : `*${'abcdef'[index - 1]}`)
            .join(', ')}]`,
      )
      .join('\n')}\n`,
    /KS006 aliases expand to more than/,
  ],
]

describe('bad input', () => {
  it.each(bad)('%s is refused by trial run', (_what, text, message) => {
    expectRefusal(trial('run', scenarioFile(text)), message)
  })

  // The same in this process, which is quicker: `trial validate` prints what this returns.
  it.each(bad)('%s is refused by trial validate', (_what, text, message) => {
    const { exitCode, output, errors } = validate([scenarioFile(text)])
    expectRefusal({ code: exitCode, out: output, err: errors }, message)
  })

  it.each(['run', 'validate'])('a missing file and a folder are refused by trial %s', (command) => {
    expectRefusal(trial(command, 'no/such/file.yaml'), /cannot read .*there is no such file/)
    expectRefusal(trial(command, 'scenarios'), /cannot read .*it is a directory/)
  })
})

describe('trial run', () => {
  it('refuses a setting that nothing knows, and points into it', () => {
    expectRefusal(
      trial('run', main, '--set', 'retry.backof.ms=1'),
      /--set:1:1: KS206 .*\n.*\n.*\^{15}\n[\s\S]*did you mean "retry\.backoff\.ms"\?/,
    )
  })

  it('refuses a preset that there is not, and lists those that there are', () => {
    expectRefusal(trial('run', main, '--protocol', '1.0'), /KS204 no protocol preset "1\.0" \(0\.8\.0, .*, 4\.1\)/)
  })

  it('fails with 1, not 2, where a condition never comes true, and says what it waited for and what was', () => {
    const text =
      'scenario: 1\nends: 10s\ntopics: { orders: { replicas: [[b1, b2]] } }\nsteps:\n  - when: { leader: orders-0, is: b2 }\n    within: 8s\n    crash: b1\n'
    const { code, out, err } = trial('run', scenarioFile(text))
    expect(code).toBe(1)
    expect(out + err).toMatch(/b2/)
    expect(out + err).toMatch(/b1/)
    expect(out + err).not.toMatch(/^\s+at /m)
  })
})

describe('trial validate', () => {
  it('says of each file whether it is fine, and reports all mistakes of the others', () => {
    const { code, out, err } = trial('validate', main, scenarioFile('scenario: 1\nends: 5\nseed: x\n'))
    expect(code).toBe(2)
    expect(out).toBe(`${main}: fine\n`)
    expect(err.match(/KS\d{3}/g)).toEqual(['KS111', 'KS102'])
  })

  it('lets a file with a warning pass', () => {
    const { code, out, err } = trial(
      'validate',
      scenarioFile('scenario: 1\ncluster: { config: { min.insync.replicas: 2 } }\n'),
    )
    expect(code).toBe(0)
    expect(out).toMatch(/fine, with a warning$/m)
    expect(err).toMatch(/warning KS205/)
  })

  it('prints one object with --json', () => {
    const { code, out } = trial('validate', '--json', main, 'no/such/file.yaml')
    const { files } = JSON.parse(out)
    expect(code).toBe(2)
    expect(files[0]).toMatchObject({ file: main, valid: true, diagnostics: [] })
    expect(files[1]).toMatchObject({ valid: false, diagnostics: [{ code: 'KS001', severity: 'error' }] })
  })
})

describe('trial schema', () => {
  it('prints the JSON Schema of scenario files', () => {
    const { code, out } = trial('schema')
    expect(code).toBe(0)
    expect(Object.keys(JSON.parse(out).properties)).toContain('steps')
  })
})

describe('trial list', () => {
  it('prints one line a scenario with its title', () => {
    const { code, out } = trial('list', 'scenarios/teach')
    expect(code).toBe(0)
    expect(out).toMatch(/^scenarios\/teach\/three-message-loss\.yaml +The third message is lost/m)
    expect(out.trimEnd().split('\n').length).toBe(
      JSON.parse(trial('list', 'scenarios/teach', '--json').out).scenarios.length,
    )
  })

  it('lists a broken file with its mistakes and ends with 2', () => {
    const folder = temporaryDirectory()
    mkdirSync(join(folder, 'below'))
    writeFileSync(join(folder, 'below/bad.yaml'), 'scenario: 1\ntitel: x\n')
    const { code, out } = trial('list', folder)
    expect(code).toBe(2)
    expect(out).toMatch(/bad\.yaml {2}\(a mistake: trial validate .*bad\.yaml\)/)
  })

  it('refuses a folder that is not there', () => {
    expectRefusal(trial('list', 'no/such/folder'), /^trial: cannot list no\/such\/folder: there is no such folder/)
  })
})
