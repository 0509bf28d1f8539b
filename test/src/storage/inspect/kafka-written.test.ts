/** `trial log dump` prints of what Kafka wrote what Kafka's own tool prints of it, line by line. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dumpLine } from '../../../../cli/log/dump-text.ts'
import type { FileSystem } from '../../../../src/host/index.ts'
import { dumpFile } from '../../../../src/storage/inspect/index.ts'
import { type Fixture, filesOf, fixtures } from '../../../fixtures/kafka-written/fixtures.ts'

/** The tool of 2.4 words its lines as later ones do, but for a few capitals and one field. */
const ofThisEra = fixtures.filter(({ release, wasShutDown }) => release === '2.4.1' && wasShutDown)

/** Lines of Kafka's tool by file, without keys and values, which it was told to print in another way. */
function kafkasLines({ path }: Fixture): Map<string, string[]> {
  const files = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of readFileSync(`${path}.dump.txt`, 'utf8').split('\n')) {
    if (line.startsWith('Dumping ')) files.set(line.slice('Dumping '.length), (lines = []))
    else if (line !== '' && !/^Starting offset|is empty\.$/.test(line)) lines.push(inOurWords(line))
  }
  return files
}

const inOurWords = (line: string): string =>
  line
    .replace(/ (key|payload): x.*$/, '')
    .replace(/compresscodec: (\w+)/, (_all, codec: string) => `compresscodec: ${codec.toLowerCase()}`)
    .replace('keysize:', 'keySize:')
    .replace('valuesize:', 'valueSize:')

function ourLines(files: FileSystem, path: string): string[] {
  const lines: string[] = []
  dumpFile(files, path, { deep: true }, (item) => {
    if (item.kind !== 'file')
      lines.push(dumpLine(item, (name) => name, undefined).replace(' deleteHorizonMs: none', ''))
  })
  return lines
}

describe.each(ofThisEra)('of what Kafka wrote: $name', (fixture) => {
  test('dump prints the lines that its own tool prints', () => {
    const files = filesOf(fixture, () => 0)
    const expected = kafkasLines(fixture)
    expect(expected.size).toBeGreaterThan(4)
    for (const [path, lines] of expected) expect(ourLines(files, path), path).toEqual(lines)
  })
})
