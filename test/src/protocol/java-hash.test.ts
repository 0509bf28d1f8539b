import { expect, test } from 'vitest'
import { javaAbs, javaStringHash } from '../../../src/protocol/java-hash.ts'

test.each([
  ['', 0],
  ['g1', 3242],
  ['test', 3556498],
  ['my-group', -1906497762],
  ['polygenelubricants', -2147483648],
])('the hash code of "%s" is %i, as in Java', (text, hash) => {
  expect(javaStringHash(text)).toBe(hash)
})

test('the absolute value of the smallest integer is 0, as in kafka.utils.Utils.abs', () => {
  expect(javaAbs(-2147483648)).toBe(0)
  expect(javaAbs(-7)).toBe(7)
})
