/**
 * The bricks of the schema. Each is a zod schema whose error says, as a token, what was meant there (`format:duration`,
 * `object:step`); `explain.ts` turns the tokens into words with the valid names at hand. The JSON Schema for editors and
 * `docs/scenarios.md` come from the same bricks.
 */
import * as z from 'zod'
import { type ConfigKey, type ConfigTable, expectedValue } from '../../../../src/config/index.ts'
import { type FormatName, type TextFormat, textFormats } from '../formats.ts'

// A scenario is checked once a process: compiling the checks to functions first would cost more than it saves, and the
// browser's content policy may forbid it.
z.config({ jitless: true })

export interface ObjectInfo {
  readonly keys: readonly string[]
  /** Name of the list of planned keys in vocabulary.ts. */
  readonly planned?: string
  /** What a config mapping belongs to. */
  readonly config?: 'broker' | 'topic' | 'client' | 'zookeeper'
  /** Completes "expected …" where something else than a mapping stands. */
  readonly expected: string
}

/** Valid keys of every mapping, by the name in its error token. */
export const objects = new Map<string, ObjectInfo>()
/** Words of every choice, by the name in its error token. */
export const choices = new Map<string, readonly string[]>()

/** A mapping with these keys and no others. */
export function object<T extends z.ZodRawShape>(
  name: string,
  expected: string,
  shape: T,
  options: { readonly planned?: string; readonly config?: ObjectInfo['config'] } = {},
): z.ZodObject<T, z.core.$strict> {
  objects.set(name, {
    keys: Object.keys(shape),
    expected,
    ...(options.planned === undefined ? {} : { planned: options.planned }),
    ...(options.config === undefined ? {} : { config: options.config }),
  })
  return z.strictObject(shape, { error: () => `object:${name}` })
}

/** One of the small texts of formats.ts. */
export function format(name: FormatName): z.ZodString {
  const { pattern, examples } = textFormats[name] as TextFormat
  return z
    .string({ error: () => `format:${name}` })
    .regex(pattern, { error: () => `format:${name}` })
    .meta({ title: name, examples: [...examples] })
}

const isCount = () => 'format:count'
const isText = () => 'text'
const isStatement = () => 'format:statement'

/** A whole number from `min` on, or the text of a range or a comparison. */
export const count = () =>
  z
    .union(
      [
        z.int({ error: isCount }).min(0, { error: isCount }),
        z.string({ error: isCount }).regex(textFormats.count.pattern, { error: isCount }),
      ],
      {
        error: isCount,
      },
    )
    .meta({ title: 'count', examples: [...textFormats.count.examples] })

/** A number of a statement: YAML reads 6.20 as a number, the compiler takes it as written. */
export const statement = () =>
  z
    .union(
      [
        z.number({ error: isStatement }).min(0, { error: isStatement }),
        z.string({ error: isStatement }).regex(textFormats.statement.pattern, { error: isStatement }),
      ],
      { error: isStatement },
    )
    .meta({ title: 'statement' })

/** Free text; numbers are taken as written. */
export const words = () =>
  z.union([z.string({ error: isText }).min(1, { error: isText }), z.number({ error: isText })], { error: isText })

export const yesNo = () => z.boolean({ error: () => 'boolean' })

/** A key that says all by standing there: `hold: true`. */
export const marker = () => z.literal(true, { error: () => 'marker' })

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const error = () => `whole:${min}:${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

export function choice<const T extends readonly string[]>(name: string, values: T) {
  choices.set(name, values)
  return z.enum(values as readonly string[] as [T[number], ...T[number][]], { error: () => `choice:${name}` })
}

export const list = <T extends z.ZodType>(item: T, expected: string): z.ZodArray<T> =>
  z.array(item, { error: () => `list:${expected}` })

/** One, or a list of them. */
export const oneOrMany = <T extends z.ZodType>(item: T, token: string) =>
  z.union([item, z.array(item, { error: () => token }).min(1, { error: () => 'empty' })], { error: () => token })

/** A mapping with free names. */
export const named = <T extends z.ZodType>(name: FormatName, value: T, expected: string) =>
  z.record(format(name), value, { error: () => `record:${expected}` })

/** A mapping of configuration keys, from the tables of src/config. */
export function config(kind: NonNullable<ObjectInfo['config']>, expected: string, ...tables: readonly ConfigTable[]) {
  const shape: Record<string, z.ZodType> = {}
  const values = new Map<string, { readonly expected: string; readonly type: z.ZodType }>()
  for (const table of tables) {
    for (const [name, key] of Object.entries(table)) {
      const expected = expectedValue(key)
      const type = configValue(key, `config:${expected}`)
      // Two kinds of clients may know a key by one name and mean different values: which it is, the compiler says.
      const known = values.get(name)
      const either = known !== undefined && known.expected !== expected
      const value = either
        ? z.union([known.type, type], { error: () => `config:${known.expected}, or ${expected}` })
        : type
      values.set(name, { expected, type: value })
      shape[name] = value.optional().meta({
        description: `${key.about} (${key.default === null ? 'not set by default' : `default ${JSON.stringify(key.default)}`})`,
      })
    }
  }
  return object(`${kind} config`, expected, shape, { config: kind }) as unknown as z.ZodType<Record<string, unknown>>
}

function configValue(key: ConfigTable[string], token: string): z.ZodType {
  const error = () => token
  if (key.type === 'boolean') return z.boolean({ error })
  if (key.type === 'string') {
    const { oneOf, form } = key as ConfigKey<string>
    if (oneOf !== undefined) {
      const word = z.enum(oneOf as [string, ...string[]], { error })
      // `acks: 1` is a number to YAML.
      const numbers = oneOf.filter((one) => /^-?\d+$/.test(one)).map(Number)
      return numbers.length === 0 ? word : z.union([word, z.literal(numbers, { error })], { error })
    }
    const schema = z.string({ error })
    return form === undefined ? schema : schema.refine(form.accepts, { error })
  }
  const { min, max } = key as { readonly min?: number; readonly max?: number }
  let schema: z.ZodNumber = key.type === 'double' ? z.number({ error }) : z.int({ error })
  if (min !== undefined) schema = schema.min(min, { error })
  if (max !== undefined) schema = schema.max(max, { error })
  return schema
}
