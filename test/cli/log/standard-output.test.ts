import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineWriter } from '../../../cli/log/standard-output.ts'

test('lines of any length and any characters come out as they went in, one behind the other', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kafka-trial-lines-'))
  const path = join(directory, 'lines')
  const piece = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
  const line = fc.tuple(piece, fc.oneof(fc.nat(10), fc.nat(10_000), fc.constantFrom(21_844, 21_845, 65_535, 65_536)))
  try {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (pieces) => {
        const lines = pieces.map(([text, times]) => text.repeat(Math.ceil(times / text.length)))
        const descriptor = openSync(path, 'w')
        const out = new LineWriter(descriptor)
        for (const text of lines) out.line(text)
        out.flush()
        closeSync(descriptor)
        expect(readFileSync(path, 'utf8') === lines.map((text) => `${text}\n`).join('')).toBe(true)
      }),
      { numRuns: 100 },
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
})
