/** Properties files are read as `java.util.Properties.load` reads them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProperties } from '../../../src/config/index.ts'

const pairs = (text: string): Array<[string, string]> =>
  parseProperties(text).entries.map(({ key, value }) => [key, value])

/** As `Properties.store` writes a key or value. */
const escaped = (text: string, isKey: boolean): string =>
  text
    .split('')
    .map((character, i) => {
      if (character === ' ') return isKey || i === 0 ? '\\ ' : ' '
      const code = character.charCodeAt(0)
      const named = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' }[character]
      if (named !== undefined) return named
      if ('\\=:#!'.includes(character)) return `\\${character}`
      return code < 0x20 || code > 0x7e ? `\\u${code.toString(16).padStart(4, '0')}` : character
    })
    .join('')

describe('a properties file', () => {
  it.each([
    ['a=b', 'a', 'b'],
    ['a:b', 'a', 'b'],
    ['a b', 'a', 'b'],
    ['  a  =  b', 'a', 'b'],
    ['a\t:\tb', 'a', 'b'],
    ['a = b ', 'a', 'b '],
    ['a==b', 'a', '=b'],
    ['a= :b', 'a', ':b'],
    ['a : = b', 'a', '= b'],
    ['a', 'a', ''],
    ['a=', 'a', ''],
    ['=b', '', 'b'],
    ['a\\=b=c', 'a=b', 'c'],
    ['a\\ b=c', 'a b', 'c'],
    ['a=\\ b', 'a', ' b'],
    ['a=\\tb\\n\\r\\f\\\\', 'a', '\tb\n\r\f\\'],
    ['a=\\b\\"', 'a', 'b"'],
    ['a=\\u0041\\u00e9', 'a', 'Aé'],
    ['a=one,\\\n   two', 'a', 'one,two'],
    ['a=one\\\r\n  two', 'a', 'onetwo'],
    ['lo\\\n  ng=v', 'long', 'v'],
    ['a=b\\\\\nc', 'a', 'b\\'],
    ['a=b\\', 'a', 'b'],
    ['a=# b', 'a', '# b'],
  ])('%j says that %j is %j', (text, key, value) => {
    expect(pairs(text)[0]).toEqual([key, value])
  })

  it('has comments and empty lines, and a comment is not carried on by a backslash', () => {
    expect(pairs('# a=b\n\n  ! c=d\\\ne=f\n \t\n#\n')).toEqual([['e', 'f']])
  })

  it('keeps both places of a key that stands twice', () => {
    expect(pairs('a=1\na=2\n')).toEqual([
      ['a', '1'],
      ['a', '2'],
    ])
  })

  it('says where keys and values stand', () => {
    const text = '# comment\n  log.dirs = \\u002ftmp,\\\n     /data\n'
    const [entry] = parseProperties(text).entries
    expect(text.slice(entry!.keyStart, entry!.keyEnd)).toBe('log.dirs')
    expect(text.slice(entry!.valueStart, entry!.valueEnd)).toBe('\\u002ftmp,\\\n     /data')
    expect(entry!.value).toBe('/tmp,/data')
  })

  it('has a problem where \\u is not followed by four hexadecimal digits', () => {
    const text = 'a=1\nb=\\u00g1\nc=\\u12'
    expect(parseProperties(text).problems.map(({ start, end }) => text.slice(start, end))).toEqual(['\\u00g1', '\\u12'])
  })

  it('gives back whatever Properties.store wrote', () => {
    const any = fc.string({ unit: 'binary', maxLength: 12 })
    fc.assert(
      fc.property(fc.array(fc.tuple(any, any), { maxLength: 8 }), (written) => {
        const text = written.map(([key, value]) => `${escaped(key, true)}=${escaped(value, false)}\n`).join('')
        expect(pairs(text)).toEqual(written.map(([key, value]) => [key, value]))
      }),
    )
  })

  it('is read to its end, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '=', ':', ' ', '\\', '\n', '\r', '#', 'u', '0'), maxLength: 60 }),
        (text) => {
          for (const entry of parseProperties(text).entries) {
            expect(entry.keyStart).toBeLessThanOrEqual(entry.keyEnd)
            expect(entry.valueEnd).toBeLessThanOrEqual(text.length)
          }
        },
      ),
    )
  })
})
