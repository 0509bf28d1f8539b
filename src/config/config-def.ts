/**
 * Definitions of configuration keys, in the manner of Kafka's `ConfigDef`: name, type, default, bounds, one line of help.
 * A table of definitions gives both the TypeScript type of the parsed values and the words that diagnostics need.
 */
export type ConfigType = 'int' | 'double' | 'boolean' | 'string'

export interface ConfigKey<T> {
  readonly type: ConfigType
  readonly default: T
  /** For `int` and `double`: smallest and largest value. */
  readonly min?: number
  readonly max?: number
  /** For `string`: the values there are. */
  readonly oneOf?: readonly string[]
  /** For `string`, where the values cannot be listed: which there are, and what they look like in words. */
  readonly form?: { readonly accepts: (value: string) => boolean; readonly expected: string }
  readonly about: string
}

/** A key whose default is null is not set unless somebody sets it: others stand in for it then. */
export type ConfigTable = Readonly<
  Record<string, ConfigKey<number> | ConfigKey<number | null> | ConfigKey<boolean> | ConfigKey<string>>
>

type Widen<T> = T extends number ? number : T extends null ? null : T extends boolean ? boolean : string

export type ConfigValues<T extends ConfigTable> = { readonly [K in keyof T]: Widen<T[K]['default']> }

export type ConfigProblem =
  | { readonly problem: 'unknown-key'; readonly key: string }
  | { readonly problem: 'bad-value'; readonly key: string; readonly expected: string }

/** What a value of this key must look like, in words. */
export function expectedValue(key: ConfigTable[string]): string {
  if (key.type === 'boolean') return 'true or false'
  if (key.type === 'string') {
    return key.oneOf === undefined ? (key.form?.expected ?? 'a text') : `one of ${key.oneOf.join(', ')}`
  }
  const { min, max } = key as ConfigKey<number>
  const number = key.type === 'int' ? 'a whole number' : 'a number'
  if (min !== undefined && max !== undefined) return `${number} from ${min} to ${max}`
  return min === undefined ? number : `${number}, at least ${min}`
}

/** Checks one value (as YAML or a properties file gives it); undefined means that it is fine. */
export function checkValue<T extends ConfigTable>(table: T, name: string, value: unknown): ConfigProblem | undefined {
  const key = Object.hasOwn(table, name) ? table[name] : undefined
  if (key === undefined) return { problem: 'unknown-key', key: name }
  const bad: ConfigProblem = { problem: 'bad-value', key: name, expected: expectedValue(key) }
  switch (key.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : bad
    case 'string':
      return isWord(key as ConfigKey<string>, value) ? undefined : bad
    case 'int':
    case 'double': {
      const { min, max } = key as ConfigKey<number>
      if (typeof value !== 'number') return bad
      if (key.type === 'int' ? !Number.isSafeInteger(value) : !Number.isFinite(value)) return bad
      return (min !== undefined && value < min) || (max !== undefined && value > max) ? bad : undefined
    }
  }
}

/** A text, and one of those there are; where words look like numbers (`acks: 1`), YAML reads them as such. */
function isWord({ oneOf, form }: ConfigKey<string>, value: unknown): boolean {
  if (typeof value === 'number') return oneOf?.includes(String(value)) === true
  return (
    typeof value === 'string' &&
    (oneOf === undefined || oneOf.includes(value)) &&
    (form === undefined || form.accepts(value))
  )
}

/** Defaults with overrides laid over them. The overrides must have been checked. */
export function configValues<T extends ConfigTable>(
  table: T,
  ...overrides: ReadonlyArray<Readonly<Record<string, unknown>>>
): ConfigValues<T> {
  const values: Record<string, unknown> = {}
  for (const name of Object.keys(table)) values[name] = table[name]!.default
  for (const layer of overrides) for (const name of Object.keys(layer)) values[name] = layer[name]
  return values as ConfigValues<T>
}

export const int = (defaultValue: number, about: string, min?: number, max?: number): ConfigKey<number> =>
  numberKey('int', defaultValue, about, min, max)
export const double = (defaultValue: number, about: string, min?: number, max?: number): ConfigKey<number> =>
  numberKey('double', defaultValue, about, min, max)
/** A whole number that is not set by default. */
export const optionalInt = (about: string, min: number): ConfigKey<number | null> => ({
  type: 'int',
  default: null,
  min,
  about,
})
const numberKey = (
  type: 'int' | 'double',
  defaultValue: number,
  about: string,
  min?: number,
  max?: number,
): ConfigKey<number> => ({
  type,
  default: defaultValue,
  about,
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
})
export const flag = (defaultValue: boolean, about: string): ConfigKey<boolean> => ({
  type: 'boolean',
  default: defaultValue,
  about,
})
export const text = (defaultValue: string, about: string, oneOf?: readonly string[]): ConfigKey<string> => ({
  type: 'string',
  default: defaultValue,
  about,
  ...(oneOf === undefined ? {} : { oneOf }),
})
