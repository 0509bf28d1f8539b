import { describe, expect, test } from 'vitest'
import { logRecipes } from '../../../../sim/fuzz/log-mutations/index.ts'
import { utf8 } from '../../../../src/host/index.ts'
import { writeInt32, writeInt64 } from '../../../../src/storage/big-endian.ts'
import { batchesOf } from '../../../../src/storage/index.ts'
import { change, damageIn, validLogs, verifyAll, verifyOne } from './valid.ts'

const LOG = '00000000000000000000.log'
const INDEX = '00000000000000000000.index'
const TIME_INDEX = '00000000000000000000.timeindex'
const TXN_INDEX = '00000000000000000000.txnindex'

/** Where the entries of a log begin. */
function positionsOf(bytes: Uint8Array): number[] {
  return [...batchesOf(bytes)].map(({ position }) => position)
}

describe('verify', () => {
  test('finds nothing wrong with what brokers of any era leave behind', () => {
    const { findings, damage } = verifyAll(validLogs())
    expect(findings).toEqual([])
    expect(damage).toBe(0)
  })

  test.each(logRecipes.map(({ name }) => name))('names the byte of a wrong checksum in %s', (name) => {
    const files = validLogs()
    let third = 0
    change(files, `${name}/${LOG}`, (bytes) => {
      third = positionsOf(bytes)[2]!
      bytes[positionsOf(bytes)[3]! - 1]! ^= 1
      return bytes
    })
    expect(damageIn(verifyOne(files, name, { compacted: true }))).toContain(`crc ${LOG}@${third}`)
  })

  test('goes on behind an impossible size where the index says that an entry begins', () => {
    const files = validLogs()
    const name = 'plain.2.none-0'
    change(files, `${name}/${LOG}`, (bytes) => {
      writeInt32(bytes, positionsOf(bytes)[1]! + 8, 5)
      return bytes
    })
    const { findings } = verifyOne(files, name)
    expect(findings[0]).toMatchObject({ code: 'structure', severity: 'damage', position: 251 })
    expect(findings[0]!.message).toMatch(/its size field says 5; the index says that an entry begins at byte \d+/)
    expect(damageIn({ findings, damage: 0, unreadable: 0 })).toEqual([`structure ${LOG}@251`])
  })

  test('tells a torn tail from zeros at the end', () => {
    const torn = validLogs()
    const name = 'plain.1.gzip-0'
    const last = torn.list(name).findLast((file) => file.endsWith('.log'))!
    change(torn, `${name}/${last}`, (bytes) => bytes.subarray(0, bytes.length - 3))
    expect(verifyOne(torn, name).findings[0]).toMatchObject({
      code: 'cut',
      message: expect.stringContaining('the file holds only'),
    })
    const zeros = validLogs()
    let size = 0
    change(zeros, `${name}/${last}`, (bytes) => {
      size = bytes.length
      const longer = new Uint8Array(size + 5000)
      longer.set(bytes)
      return longer
    })
    expect(verifyOne(zeros, name).findings[0]).toMatchObject({
      code: 'cut',
      position: size,
      message: expect.stringContaining('5000 zero bytes at the end'),
    })
  })

  test('misses offsets, unless the log is compacted', () => {
    const files = validLogs()
    const name = 'plain.2.none-0'
    change(files, `${name}/${LOG}`, (bytes) => {
      const [, second, third] = positionsOf(bytes)
      const without = new Uint8Array(bytes.length - (third! - second!))
      without.set(bytes.subarray(0, second))
      without.set(bytes.subarray(third!), second)
      return without
    })
    files.removeFile(`${name}/${INDEX}`)
    files.removeFile(`${name}/${TIME_INDEX}`)
    const hole = verifyOne(files, name).findings.find(({ code }) => code === 'hole')
    expect(hole).toMatchObject({
      position: 251,
      offset: 5,
      message: expect.stringContaining('offsets 5..9 are missing'),
    })
    expect(verifyOne(files, name, { compacted: true }).findings.filter(({ code }) => code === 'hole')).toEqual([])
  })

  test('sees offsets that fall, within a segment and between two', () => {
    const files = validLogs()
    const name = 'plain.0.none-0'
    change(files, `${name}/${LOG}`, (bytes) => {
      writeInt64(bytes, positionsOf(bytes)[4]!, 1)
      return bytes
    })
    expect(damageIn(verifyOne(files, name))).toContain(`offset-order ${LOG}@${fifthPosition(files, name)}`)
    const overlapping = validLogs()
    const second = overlapping.list(name).filter((file) => file.endsWith('.log'))[1]!
    overlapping.rename(`${name}/${second}`, `${name}/00000000000000000007.log`)
    expect(damageIn(verifyOne(overlapping, name))).toContain('offset-order 00000000000000000007.log@0')
  })

  test('knows the index of another segment', () => {
    const files = validLogs()
    files.rename(`plain.1.snappy-0/${INDEX}`, `plain.1.none-0/${INDEX}`)
    const messages = verifyOne(files, 'plain.1.none-0').findings.map(({ message }) => message)
    expect(messages.at(-1)).toBe('no entry fits: this may be the index of another segment')
    expect(damageIn(verifyOne(files, 'plain.1.snappy-0'))).toEqual([`missing-file ${INDEX}@`])
  })

  test.each([
    ['points into an entry', 'plain.2.none-0', 4, (value: number) => value + 1, 'inside the entry'],
    ['points behind the log', 'plain.2.none-0', 4, () => 1_000_000, 'the log ends at'],
    ['hides entries before it', 'plain.0.none-0', 0, (value: number) => value - 1, 'stand before it'],
    ['names an offset beyond the segment', 'plain.2.none-0', 0, () => 4000, 'stands for offset 4000'],
  ])('finds an index entry that %s', (_what, name, field, value, message) => {
    const files = validLogs()
    change(files, `${name}/${INDEX}`, (bytes) => {
      const at = bytes.length - 8 + field
      const before = new DataView(bytes.buffer, bytes.byteOffset).getInt32(at)
      writeInt32(bytes, at, value(before))
      return bytes
    })
    const finding = verifyOne(files, name).findings.find(({ code }) => code === 'index')
    expect(finding).toMatchObject({ severity: 'damage', path: `${name}/${INDEX}` })
    expect(finding!.message).toContain(message)
  })

  test('takes zeros behind the last index entry for room, and anything else there for damage', () => {
    const name = 'plain.2.none-0'
    const grown = (stray: number) => {
      const files = validLogs()
      change(files, `${name}/${INDEX}`, (bytes) => {
        const longer = new Uint8Array(80_000)
        longer.set(bytes)
        longer[79_000] = stray
        return longer
      })
      return damageIn(verifyOne(files, name))
    }
    expect(grown(0)).toEqual([])
    expect(grown(1)).toContain(`index ${INDEX}@79000`)
  })

  test('compares time indexes with the timestamps of the batches', () => {
    const name = 'plain.1.none-0'
    const shifted = (by: number) => {
      const files = validLogs()
      change(files, `${name}/${TIME_INDEX}`, (bytes) => {
        writeInt64(bytes, 0, 1_700_000_000_000 + by)
        return bytes
      })
      return verifyOne(files, name).findings.find(({ code }) => code === 'time-index')?.message
    }
    expect(shifted(-5)).toContain('says that nothing up to offset')
    expect(shifted(500)).toContain('of which the latest has')
  })

  test('compares transaction indexes with abort markers', () => {
    const name = 'transactions.2.none-0'
    const wrong = validLogs()
    change(wrong, `${name}/${TXN_INDEX}`, (bytes) => {
      writeInt64(bytes, 2, 4711)
      return bytes
    })
    expect(verifyOne(wrong, name).findings[0]!.message).toContain('names no abort marker of producer 4711')
    const missing = validLogs()
    missing.removeFile(`${name}/${TXN_INDEX}`)
    const messages = verifyOne(missing, name).findings.map(({ message }) => message)
    expect(messages).toHaveLength(2)
    expect(messages[0]).toContain('the aborted transaction 0..10 of producer 1000')
  })

  test('compares producer snapshots with the batches before them', () => {
    const name = 'transactions.2.none-0'
    const files = validLogs()
    const snapshot = `${name}/${files.list(name).find((file) => file.endsWith('.snapshot'))}`
    change(files, snapshot, (bytes) => {
      bytes[20]! ^= 1
      return bytes
    })
    expect(damageIn(verifyOne(files, name))).toEqual([`snapshot ${snapshot.slice(name.length + 1)}@2`])
    const foreign = validLogs()
    const [first, second] = foreign.list(name).filter((file) => file.endsWith('.snapshot'))
    foreign.removeFile(`${name}/${first}`)
    foreign.rename(`${name}/${second}`, `${name}/${first}`)
    expect(verifyOne(foreign, name).findings[0]!.message).toContain('which the snapshot for 24 cannot know')
  })

  test('compares leader epochs with the batches', () => {
    const name = 'plain.2.gzip-0'
    const files = validLogs()
    change(files, `${name}/leader-epoch-checkpoint`, () => utf8('0\n2\n3 0\n5 20\n'))
    const { findings } = verifyOne(files, name)
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/offset 20 \(byte \d+ of .*\) has epoch 3, where epoch 5 since 20/),
    ])
    change(files, `${name}/leader-epoch-checkpoint`, () => utf8('0\n3\n3 0\n5 30\n4 31\n'))
    expect(verifyOne(files, name).findings[0]!.message).toBe('line 5: epoch 4 does not rise above 5')
  })

  test('opens every batch only if asked to', () => {
    const name = 'plain.2.none-0'
    const files = validLogs()
    change(files, `${name}/${LOG}`, (bytes) => {
      // The latest timestamp of the second batch, with a checksum that fits again.
      const [, second] = [...batchesOf(bytes)]
      writeInt64(bytes, second!.position + 35, second!.maxTimestamp + 1)
      return withCrc(bytes, second!.position, second!.end)
    })
    files.removeFile(`${name}/${TIME_INDEX}`)
    const codes = (deep: boolean) => verifyOne(files, name, { deep }).findings.map(({ code }) => code)
    expect(codes(false)).toEqual(['missing-file'])
    expect(codes(true)).toEqual(['missing-file', 'records'])
  })

  test('holds checkpoints against the logs', () => {
    const files = validLogs()
    change(files, 'recovery-point-offset-checkpoint', () => utf8('0\n2\nplain.2.none 0 61\nnowhere 3 7\n'))
    change(files, 'replication-offset-checkpoint', () => utf8('0\n3\nplain.2.none 0 60\nplain.1.none 0 x\n'))
    const { findings } = verifyAll(files)
    expect(findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      "damage: line 4: 'x' is no offset",
      'damage: line 2: it says 3 entries, there are 2',
      'damage: recovery point 61 of plain.2.none-0 is behind its log end offset 60',
      'note: recovery point 7 of nowhere-3, which is not here',
    ])
  })

  test('notes what an unfinished compaction or deletion left, and what is no file of a log', () => {
    const files = validLogs()
    const name = 'plain.2.none-0'
    for (const leftover of [`${LOG}.deleted`, '00000000000000000005.index', 'notes.txt']) {
      files.open(`${name}/${leftover}`, { create: true }).close()
    }
    files.removeFile('.kafka_cleanshutdown')
    const { findings, damage } = verifyAll(files)
    expect(damage).toBe(0)
    expect(findings.map(({ code }) => code)).toEqual(['leftover', 'leftover', 'leftover', 'unclean-shutdown'])
  })

  test('counts what it does not tell', () => {
    const files = validLogs()
    const name = 'plain.0.none-0'
    change(files, `${name}/${LOG}`, (bytes) => {
      for (const position of positionsOf(bytes)) bytes[position + 12]! ^= 1
      return bytes
    })
    const found = verifyOne(files, name)
    expect(found.damage).toBeGreaterThan(15)
    expect(found.findings.filter(({ code }) => code === 'crc')).toHaveLength(10)
  })
})

function fifthPosition(files: ReturnType<typeof validLogs>, name: string): number {
  let position = 0
  change(files, `${name}/${LOG}`, (bytes) => {
    position = positionsOf(bytes)[4]!
    return bytes
  })
  return position
}

function withCrc(bytes: Uint8Array, at: number, end: number): Uint8Array {
  let crc = 0xffffffff
  for (let i = at + 21; i < end; i++) {
    crc ^= bytes[i]!
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  writeInt32(bytes, at + 17, ~crc)
  return bytes
}
