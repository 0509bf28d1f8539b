import { describe, expect, it } from 'vitest'
import { checkValue, isNewerThanRelease, magicOfVersion, topicConfigTable } from '../../../src/config/index.ts'
import { presets } from '../../../src/versions.ts'

const problem = (value: unknown) => checkValue(topicConfigTable, 'message.format.version', value)

describe('message.format.version', () => {
  it.each([
    ['0.8.0', 0],
    ['0.9.0.1', 0],
    ['0.10.0-IV0', 1],
    ['0.10.2.1', 1],
    ['0.11.0', 2],
    ['0.11.0-IV0', 2],
    ['1.0', 2],
    ['2.4-IV1', 2],
    ['3.0', 2],
  ] as const)('%s writes format %i', (version, magic) => {
    expect(problem(version)).toBeUndefined()
    expect(magicOfVersion(version)).toBe(magic)
  })

  it.each(['0.7.2', '0.8', '0.10', '1.2', '2', 'latest', '0.10.3', ' 1.0', 1.1])('cannot be %j', (version) => {
    expect(problem(version)).toMatchObject({ problem: 'bad-value', expected: expect.stringContaining('in quotes') })
  })

  it('is newer than a release if it comes after it, by number and not by letter', () => {
    expect(isNewerThanRelease('0.11.0', '0.10.2')).toBe(true)
    expect(isNewerThanRelease('0.10.2.1', '0.10.2')).toBe(false)
    expect(isNewerThanRelease('0.9.0', '0.10.2')).toBe(false)
    expect(isNewerThanRelease('2.0', '1.1')).toBe(true)
    expect(isNewerThanRelease('0.11.0', '0.11')).toBe(false)
    expect(isNewerThanRelease('', '0.8.2')).toBe(false)
    for (const preset of Object.keys(presets)) expect(isNewerThanRelease('4.1', preset), preset).toBe(preset !== '4.1')
  })
})
