/**
 * The text of a property as the value of a configuration key: what Scala's `toInt` and `toBoolean` take of it up to 0.8.2
 * (`kafka/utils/VerifiableProperties.scala`), and later `ConfigDef.parseType`, which first cuts blanks off.
 */
import { type ConfigKey, type ConfigTable, checkValue, expectedValue } from './config-def.ts'

const INT_MAX = 2_147_483_647
const LONG_MAX = 9_223_372_036_854_775_807n

export type PropertyValue =
  | { readonly value: number | boolean | string }
  /** What would have been right, in words. */
  | { readonly expected: string }

/**
 * @param isLong whole numbers have 64 bits
 * @param trims blanks around numbers and flags do not count
 */
export function readPropertyValue(
  name: string,
  key: ConfigTable[string],
  written: string,
  options: { readonly isLong: boolean; readonly trims: boolean },
): PropertyValue {
  const text = options.trims ? written.trim() : written
  const value = parsedValue(key, text, options)
  if (value !== undefined && checkValue({ [name]: key }, name, value) === undefined) return { value }
  const blank = text !== text.trim() && parsedValue(key, text.trim(), options) !== undefined
  const expected = expectedValue(bounded(key, options.isLong))
  return { expected: blank ? `${expected}, without the blank behind it` : expected }
}

function parsedValue(
  key: ConfigTable[string],
  text: string,
  { isLong, trims }: { readonly isLong: boolean; readonly trims: boolean },
): number | boolean | string | undefined {
  switch (key.type) {
    case 'boolean': {
      const word = trims ? text.toLowerCase() : text
      return word === 'true' ? true : word === 'false' ? false : undefined
    }
    case 'double':
      // Double.parseDouble cuts blanks off itself.
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/.test(text.trim()) ? Number.parseFloat(text) : undefined
    case 'int':
      return wholeNumber(text, isLong)
    case 'string':
      return key.oneOf === undefined ? text : wordOf(key.oneOf, text)
  }
}

/** A list of words without the blanks between, if that is one of the values there are. */
const wordOf = (oneOf: readonly string[], text: string): string | undefined => {
  const words = text
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .join(',')
  return oneOf.includes(words) ? words : undefined
}

function wholeNumber(text: string, isLong: boolean): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  if (!isLong) {
    const value = Number(text)
    return value > INT_MAX || value < -INT_MAX - 1 ? undefined : value
  }
  const exact = BigInt(text.replace('+', ''))
  if (exact > LONG_MAX || exact < -LONG_MAX - 1n) return undefined
  // "No limit" is written as the largest number there is, which is another one here.
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(exact)))
}

/** With the bound that the size of the number sets, unless the key has one of its own. */
function bounded(key: ConfigTable[string], isLong: boolean): ConfigTable[string] {
  if (key.type !== 'int' || isLong) return key
  const { max, min } = key as ConfigKey<number>
  return { ...(key as ConfigKey<number>), max: max ?? INT_MAX, ...(min === undefined ? {} : { min }) }
}
