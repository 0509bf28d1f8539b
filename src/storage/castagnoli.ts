/**
 * CRC-32C of long rows of bytes: sixteen table look-ups for each sixteen bytes ("slicing by 16"), with the bytes read four
 * at a time. The tables are constants of this module on purpose: a function made for a polynomial would be half as fast,
 * since the engine could not take their addresses for granted.
 */
import { invariant } from '../host/index.ts'

/** With its bits reflected. */
const POLYNOMIAL = 0x82f6_3b78

// What each byte does to a sum of zero; then what it does when 1, 2 … 15 zeros follow.
const t0 = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? POLYNOMIAL : 0)
  return sum
})
const followedByZero = (table: Int32Array): Int32Array => table.map((sum) => (sum >>> 8) ^ t0[sum & 255]!)
const t1 = followedByZero(t0)
const t2 = followedByZero(t1)
const t3 = followedByZero(t2)
const t4 = followedByZero(t3)
const t5 = followedByZero(t4)
const t6 = followedByZero(t5)
const t7 = followedByZero(t6)
const t8 = followedByZero(t7)
const t9 = followedByZero(t8)
const ta = followedByZero(t9)
const tb = followedByZero(ta)
const tc = followedByZero(tb)
const td = followedByZero(tc)
const te = followedByZero(td)
const tf = followedByZero(te)

invariant(new Uint8Array(Int32Array.of(1).buffer)[0] === 1, 'a machine that stores numbers big end first')

/** Signed, as the operators leave it. For short rows the view over the words costs more than it saves. */
export function castagnoliOfWords(bytes: Uint8Array, before: number): number {
  const { buffer, byteOffset, length } = bytes
  let sum = ~before
  let at = 0
  while (at < length && ((byteOffset + at) & 3) !== 0) sum = (sum >>> 8) ^ t0[(sum ^ bytes[at++]!) & 255]!
  const count = ((length - at) >> 4) << 2
  const words = new Int32Array(buffer, byteOffset + at, count)
  for (let i = 0; i < count; i += 4) {
    const a = words[i]! ^ sum
    const b = words[i + 1]!
    const c = words[i + 2]!
    const d = words[i + 3]!
    sum =
      tf[a & 255]! ^
      te[(a >>> 8) & 255]! ^
      td[(a >>> 16) & 255]! ^
      tc[a >>> 24]! ^
      tb[b & 255]! ^
      ta[(b >>> 8) & 255]! ^
      t9[(b >>> 16) & 255]! ^
      t8[b >>> 24]! ^
      t7[c & 255]! ^
      t6[(c >>> 8) & 255]! ^
      t5[(c >>> 16) & 255]! ^
      t4[c >>> 24]! ^
      t3[d & 255]! ^
      t2[(d >>> 8) & 255]! ^
      t1[(d >>> 16) & 255]! ^
      t0[d >>> 24]!
  }
  at += 4 * count
  while (at < length) sum = (sum >>> 8) ^ t0[(sum ^ bytes[at++]!) & 255]!
  return ~sum
}
