// `trial lab why-fast`: figures with real bytes and real files, or modelled, and the report that they make.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryDirectory, trial } from '../trial.ts'

interface Figure {
  readonly what: string
  readonly unit: string
  readonly without: number
  readonly with: number
  readonly how: string
  readonly times: number | null
}

interface Report {
  readonly experiments: ReadonlyArray<{
    readonly id: string
    readonly shows: readonly string[]
    readonly figures: readonly Figure[]
  }>
  readonly explanation: readonly string[]
  readonly files: { readonly chart: string; readonly report: string }
}

const SMALL = ['--messages', '400', '--size', '1', '--writes', '5']
const out = join(temporaryDirectory(), 'reports')
const scratch = temporaryDirectory()
let report: Report

beforeAll(() => {
  const { code, out: text, err } = trial('lab', 'why-fast', ...SMALL, '--out', out, '--scratch', scratch, '--json')
  expect(err).toBe('')
  expect(code).toBe(0)
  report = JSON.parse(text)
})

const figuresOf = (id: string): readonly Figure[] => report.experiments.find((one) => one.id === id)!.figures
const figure = (id: string, what: string): Figure => figuresOf(id).find((one) => one.what.includes(what))!

describe('trial lab why-fast', () => {
  it('labels every figure measured or modelled, and measures at least one thing in each experiment', () => {
    expect(report.experiments.flatMap(({ shows }) => shows)).toEqual([
      '9.1',
      '9.2',
      '9.3',
      '9.4',
      '9.5',
      '9.6',
      '9.7',
      '9.8',
    ])
    for (const { figures } of report.experiments) {
      expect(new Set(figures.map(({ how }) => how))).toEqual(new Set(['measured', 'modelled']))
      for (const { without, with: kafka } of figures) {
        expect(without).toBeGreaterThan(0)
        expect(kafka).toBeGreaterThanOrEqual(0)
      }
    }
  })

  it('sends a two-hundredth of the requests in batches, and fewer bytes, over a real connection (@shows 9.1, 9.2)', () => {
    expect(figure('batching', 'requests')).toMatchObject({ without: 400, with: 2, times: 200, how: 'measured' })
    const { without, with: batched, how } = figure('batching', 'bytes on the wire')
    expect(how).toBe('measured')
    // A header, a size and an answer each are saved 398 times.
    expect(without - batched).toBeGreaterThan(398 * 60)
    expect(figure('batching', 'over a network')).toMatchObject({ how: 'modelled' })
  })

  it('compresses batches to less than half of what single messages come to, and the broker does not do it again (@shows 9.3, 9.4)', () => {
    const batch = figure('compression', 'not compressed')
    const single = figure('compression', 'by itself')
    expect(batch.with).toBe(single.with)
    expect(single.without).toBeGreaterThan(2 * single.with)
    // Alone, messages this small grow.
    expect(single.without).toBeGreaterThan(batch.without)
    expect(figure('compression', 'times that a batch')).toMatchObject({ without: 4, with: 3, how: 'modelled' })
    expect(figure('compression', "broker's time").how).toBe('measured')
  })

  it('writes the same blocks in a row and scattered, where a disk that turns would seek for each (@shows 9.5)', () => {
    expect(figure('sequential-io', 'blocks').what).toMatch(/^time for 32 blocks of 4096 B/)
    expect(figure('sequential-io', 'blocks').how).toBe('measured')
    expect(figure('sequential-io', 'seeks')).toMatchObject({ without: 32, with: 1, how: 'modelled' })
  })

  it('measures appends with and without a sync, and models mapped files, which Node has not (@shows 9.6)', () => {
    expect(figure('page-cache', 'fsync').how).toBe('measured')
    expect(figure('page-cache', 'system calls')).toMatchObject({ without: 5, with: 0, times: null, how: 'modelled' })
  })

  it('counts two copies by devices in place of four, two of them by the processor (@shows 9.7, 9.8)', () => {
    expect(figure('zero-copy', 'copies of the data')).toMatchObject({ without: 4, with: 2, how: 'modelled' })
    expect(figure('zero-copy', 'bytes that the processor')).toMatchObject({ without: 2 * 2 ** 20, with: 0 })
    expect(figure('zero-copy', 'from file to file').how).toBe('measured')
  })

  it('leaves a chart, and a page with chart, figures and two paragraphs, and nothing where it measured', () => {
    const chart = readFileSync(report.files.chart, 'utf8')
    expect(chart).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
    const figures = report.experiments.flatMap((experiment) => experiment.figures)
    // The background, two colours of the legend, and a bar for each figure.
    expect(chart.match(/<rect /g)).toHaveLength(figures.length + 3)
    const page = readFileSync(report.files.report, 'utf8')
    expect(page).toContain(chart)
    expect(page.match(/<td>(?:measured|modelled)<\/td>/g)).toHaveLength(figures.length)
    expect(report.explanation).toHaveLength(2)
    expect(page).not.toMatch(/<(?:script|link|img)/)
    expect(readdirSync(scratch)).toEqual([])
  })

  it('prints a table and the explanation', () => {
    const { code, out: text } = trial('lab', 'why-fast', ...SMALL, '--out', out)
    expect(code).toBe(0)
    expect(text).toMatch(/requests for 400 messages +400 +2 +200 × +measured/)
    expect(text).toContain('sendfile')
    expect(text).toContain(`chart   ${join(out, 'why-fast.svg')}`)
  })
})

describe('bad input to trial lab', () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')

  it.each([
    [['lab', 'why-fast', '--size', '0'], 'a whole number from 1 to 16384'],
    [['lab', 'why-fast', '--messages', 'many'], 'a whole number from 200 to 1000000'],
    [['lab', 'why-fast', '--out', join(file, 'below')], 'cannot make the folder'],
    [
      ['lab', 'why-fast', ...SMALL, '--out', out, '--scratch', '/nowhere'],
      'cannot make a folder for files to measure in /nowhere',
    ],
    [['lab', 'why-slow'], 'unknown command'],
  ])('%j is told in one message, exit code 2', (args, message) => {
    const { code, err } = trial(...args)
    expect(code).toBe(2)
    expect(err).toContain(message)
    expect(err).not.toMatch(/^ +at /m)
  })

  it('has help with examples', () => {
    const { code, out: help } = trial('lab', 'why-fast', '--help')
    expect(code).toBe(0)
    expect(help).toContain('Examples:')
    expect(existsSync(join(out, 'why-fast.html'))).toBe(true)
  })
})
