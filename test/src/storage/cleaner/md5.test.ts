import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../../../src/host/index.ts'
import { md5Into } from '../../../../src/storage/cleaner/md5.ts'

function md5(bytes: Uint8Array): string {
  const digest = new Int32Array(4)
  md5Into(bytes, digest)
  return Buffer.from(digest.buffer).toString('hex')
}

test.each([
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
  [
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
    '57edf4a22be3c955ac49da2e2107b67a',
  ],
])('the digest of %j is that of RFC 1321, appendix A.5', (text, expected) => {
  expect(md5(utf8(text))).toBe(expected)
})

test('the digest of any bytes is that of another implementation, whatever the padding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(md5(bytes)).toBe(createHash('md5').update(bytes).digest('hex'))
    }),
  )
})
