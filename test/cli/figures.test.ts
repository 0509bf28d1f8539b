// Figures that a scenario asks to be told: plots and tables in the terminal, numbers in JSON.
import { describe, expect, it } from 'vitest'
import { trial } from './trial.ts'

describe('trial run of a story with figures', () => {
  it('plots the backlog of a burst, which rises at once and is worked off slowly', () => {
    const { code, out } = trial('run', 'scenarios/benefits/peak-smoothing.yaml', '--quiet')
    expect(code).toBe(0)
    const lines = out.split('\n')
    const top = lines.findIndex((line) => line.includes('Backlog of group billing')) + 1
    const bars = lines.slice(top, top + 8).map((line) => line.slice(line.search(/[┤│]/) + 1))
    expect(lines[top]).toMatch(/^ +4\d\d ┤/)
    const begins = bars.map((bar) => bar.search(/[▂-█]/))
    const ends = bars.map((bar) => bar.trimEnd().length)
    // From the bottom to the top it begins within a few columns; its ends lie far apart.
    expect(begins[0]! - begins.at(-1)!).toBeLessThan(8)
    expect(ends.at(-1)! - ends[0]!).toBeGreaterThan(40)
    expect(lines[top + 9]).toMatch(/at most 4\d\d messages, until \d\.\d+ s; nothing left 1\d\.\d s later/)
  })

  it('sets producers side by side in a table', () => {
    const { out } = trial('run', 'scenarios/guarantees/three-styles-of-replication.yaml', '--quiet')
    expect(out).toMatch(/^ {2}Producer +handed +acknowledged +within 1 s +of these lost +median +99 % +longest$/m)
    for (const producer of ['every', 'leader', 'insync']) expect(out).toMatch(new RegExp(`^ {2}${producer} +500 `, 'm'))
  })

  it('gives both in JSON, the plot as points', () => {
    const { runs } = JSON.parse(trial('run', 'scenarios/benefits/buffering.yaml', '--json').out)
    const { producers, backlogs } = runs[0].figures
    expect(producers).toMatchObject([{ producer: 'p1', handed: 250, share: 100, lost: 0 }])
    expect(backlogs).toMatchObject([{ group: 'counting', left: 0 }])
    const points: ReadonlyArray<{ readonly atUs: number; readonly messages: number }> = backlogs[0].points
    expect(Math.max(...points.map(({ messages }) => messages))).toBe(backlogs[0].peak)
  })
})
