/**
 * YAML text as a tree of plain values that remember where they stand. The compiler reads values through `Located`, so
 * every mistake can point at the key or the value it is about, in the file or in a `--set` of the command line.
 * Aliases are expanded within a budget: an alias bomb is refused by its size, before it grows.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { SourceSpan } from '../plan.ts'
import type { DiagnosticCode } from './codes.ts'
import type { Diagnostic } from './diagnostic.ts'
import { explainYamlError } from './yaml-errors.ts'

/** Characters of a scenario at most: far more than a person or the fuzzer writes. */
const TEXT_MAX = 1_000_000
/** Values in the tree at most, aliases expanded. */
const VALUES_MAX = 50_000
/** Levels of mappings and lists at most; the language itself needs seven. */
const DEPTH_MAX = 64

/** A text that places count in. */
export class Source {
  readonly file: string
  readonly text: string
  /** True for the scenario file, false for a text of the command line. */
  readonly isFile: boolean
  /** A file beside the scenario: diagnostics bring its text with them. */
  readonly isBeside: boolean
  readonly lines = new LineCounter()

  constructor(file: string, text: string, isFile: boolean, isBeside = false) {
    this.file = file
    this.text = text
    this.isFile = isFile
    this.isBeside = isBeside
    this.lines.addNewLine(0)
    if (!isFile) return
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.lines.addNewLine(at + 1)
  }

  /** The span of a place, cut off at the end of its first line. */
  span(start: number, end: number): SourceSpan {
    const at = Math.max(0, Math.min(start, this.text.length))
    const { line, col } = this.lines.linePos(at)
    const lineBreak = this.text.slice(at, Math.max(at, end)).search(/\s*[\r\n]/)
    const length = lineBreak === -1 ? end - at : lineBreak
    return { line, column: col, length: Math.max(1, length) }
  }
}

/** Where a value or key stands: character positions in its source. */
export interface Place {
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** A value of the tree with its place, its key's place, and its children. `T` is what the schema says of it. */
export class Located<T = unknown> {
  readonly value: T
  /** The scalar as written: `6.20` where the value is 6.2. Empty for mappings and lists. */
  readonly text: string
  readonly place: Place
  /** Key or index in the parent; empty at the root. */
  readonly name: string
  /** Place of the key; that of the value for list items and the root. */
  readonly keyPlace: Place
  readonly fields: Map<string, Located>
  readonly items: Located[]

  constructor(value: T, text: string, place: Place, name: string, keyPlace: Place) {
    this.value = value
    this.text = text
    this.place = place
    this.name = name
    this.keyPlace = keyPlace
    this.fields = new Map()
    this.items = []
  }

  get span(): SourceSpan {
    return this.place.source.span(this.place.start, this.place.end)
  }

  /** The place of a part of the text, where it stands as it is (a quoted text is pointed at as a whole). */
  part(from: number, to: number): Place {
    const { source, start, end } = this.place
    return end - start === this.text.length ? { source, start: start + from, end: start + to } : this.place
  }

  /** From the key to the end of the value, on one line. */
  get wholeSpan(): SourceSpan {
    const same = this.keyPlace.source === this.place.source && this.keyPlace.start <= this.place.start
    return this.place.source.span(same ? this.keyPlace.start : this.place.start, this.place.end)
  }

  /** The value of a key, if it is there. */
  field<K extends keyof NonNullable<T> & string>(key: K): Located<Exclude<NonNullable<T>[K], undefined>> | undefined {
    return this.fields.get(key) as Located<Exclude<NonNullable<T>[K], undefined>> | undefined
  }

  /** The node at a path of keys and indexes, or the deepest one on the way. */
  descend(path: readonly PropertyKey[]): Located {
    let node: Located = this
    for (const step of path) {
      const next = typeof step === 'number' ? node.items[step] : node.fields.get(String(step))
      if (next === undefined) return node
      node = next
    }
    return node
  }
}

/** Items of a list, or the value itself as the only one: most places take one or several. */
export function oneOrMore<T>(node: Located<T | readonly T[]>): ReadonlyArray<Located<T>> {
  return (Array.isArray(node.value) ? node.items : [node]) as ReadonlyArray<Located<T>>
}

/** Items of a list, typed. */
export const listed = <T>(node: Located<readonly T[]> | undefined): ReadonlyArray<Located<T>> =>
  (node?.items ?? []) as ReadonlyArray<Located<T>>

/** Values of a mapping with free names, typed, in file order. */
export const entries = <T>(node: Located<Record<string, T>> | undefined): ReadonlyArray<Located<T>> =>
  node === undefined ? [] : ([...node.fields.values()] as Located<T>[])

export type SourceResult =
  | { readonly ok: true; readonly root: Located; readonly source: Source }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

/** Reads a scenario file: one YAML document that holds a mapping. */
export function readSource(file: string, text: string): SourceResult {
  const source = new Source(file, text, true)
  const refuse = (code: DiagnosticCode, message: string, start = 0, end = 0, expected?: string): SourceResult => ({
    ok: false,
    diagnostics: [
      {
        code,
        severity: 'error',
        file,
        span: source.span(start, end),
        message,
        ...(expected === undefined ? {} : { expected }),
      },
    ],
  })
  if (text.length > TEXT_MAX) {
    return refuse('KS006', `the file has ${text.length} characters; a scenario may have ${TEXT_MAX}`)
  }
  const nul = text.indexOf('\0')
  if (nul !== -1) return refuse('KS003', 'not a YAML text: the file holds binary data', nul, nul + 1)
  const deep = tooDeep(text)
  const document = deep === undefined ? parseYaml(text) : undefined
  if (document === undefined)
    return refuse('KS006', 'lists and mappings are nested too deeply', deep ?? 0, (deep ?? 0) + 1)
  const problem = document.errors[0]
  if (problem !== undefined) {
    const [start, end] = problem.pos
    if (problem.code === 'DUPLICATE_KEY') {
      const name = /^[^\s:,{}[\]]+/.exec(text.slice(start))?.[0] ?? ''
      return refuse('KS005', `${quoted(name)} stands twice in this mapping`, start, start + name.length)
    }
    if (problem.code === 'MULTIPLE_DOCS') {
      return refuse('KS003', 'a second YAML document begins here; a file holds one scenario', start, start + 3)
    }
    const explained = explainYamlError(problem, text)
    return refuse(explained.code, explained.message, start, end)
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return refuse('KS002', 'the file is empty', 0, 0, 'a scenario: scenario: 1, then title, cluster, steps, expect')
  }
  const builder = new TreeBuilder(source, document, 0)
  const root = builder.build(document.contents)
  if (builder.problem !== undefined) {
    return refuse(builder.problem.code, builder.problem.message, builder.problem.start, builder.problem.end)
  }
  if (!isMap(document.contents)) {
    const what = isSeq(document.contents) ? 'a list' : 'a single value'
    return refuse(
      'KS004',
      `the file holds ${what}`,
      root.place.start,
      root.place.end,
      'a mapping that begins with scenario: 1',
    )
  }
  return { ok: true, root, source }
}

/** Reads the value of a `--set` as YAML; its places count in `source`, where it begins at `offset`. */
export function readValue(source: Source, offset: number, name: string): Located | undefined {
  const document = parseYaml(source.text.slice(offset))
  if (document === undefined || document.errors.length > 0) return undefined
  const builder = new TreeBuilder(source, document, offset)
  const keyPlace = { source, start: 0, end: Math.max(0, offset - 1) }
  const root = builder.build(document.contents, name, keyPlace)
  return builder.problem === undefined ? root : undefined
}

/** Position at which brackets are nested beyond all measure: YAML's own parser would run out of stack, slowly. */
function tooDeep(text: string): number | undefined {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at)
    if (character === 0x5b || character === 0x7b) depth += 1
    else if (character === 0x5d || character === 0x7d) depth -= 1
    if (depth > 10 * DEPTH_MAX) return at
  }
  return undefined
}

/** Undefined where the nesting exhausts the parser's own stack. */
function parseYaml(text: string): Document.Parsed | undefined {
  try {
    return parseDocument(text, { prettyErrors: true, uniqueKeys: true, logLevel: 'error', strict: true })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

class TreeBuilder {
  problem: { code: DiagnosticCode; message: string; start: number; end: number } | undefined
  private readonly source: Source
  private readonly document: Document.Parsed
  private readonly offset: number
  private values = 0
  private aliases = 0

  constructor(source: Source, document: Document.Parsed, offset: number) {
    this.source = source
    this.document = document
    this.offset = offset
  }

  build(contents: Node | null, name = '', keyPlace?: Place): Located {
    return this.node(contents, name, keyPlace, 0, {
      source: this.source,
      start: this.offset,
      end: this.source.text.length,
    })
  }

  private node(node: Node | null, name: string, keyPlace: Place | undefined, depth: number, fallback: Place): Located {
    const place = node === null ? fallback : this.place(node, fallback)
    const key = keyPlace ?? place
    this.values += 1
    if (this.problem === undefined && this.values > VALUES_MAX) {
      this.refuse(
        'KS006',
        this.aliases === 0
          ? `more than ${VALUES_MAX} values`
          : `aliases expand to more than ${VALUES_MAX} values (an alias bomb)`,
        place,
      )
    }
    if (this.problem === undefined && depth > DEPTH_MAX) {
      this.refuse('KS006', `lists and mappings are nested more than ${DEPTH_MAX} deep`, place)
    }
    if (this.problem !== undefined) return new Located<unknown>(null, '', place, name, key)
    if (isAlias(node)) {
      this.aliases += 1
      const target = node.resolve(this.document)
      const around = target?.range ?? undefined
      const endless =
        around !== undefined && this.offset + around[0] <= place.start && place.start < this.offset + around[1]
      if (target !== undefined && !endless) return this.node(target, name, keyPlace, depth + 1, place)
      if (endless) this.refuse('KS006', `*${node.source} stands inside what it names: it would never end`, place)
      else this.refuse('KS003', `no anchor &${node.source}`, place)
      return new Located<unknown>(null, '', place, name, key)
    }
    if (isMap(node)) return this.mapping(node, name, place, key, depth)
    if (isSeq(node)) {
      const value: unknown[] = []
      const list = new Located<unknown>(value, '', place, name, key)
      for (const [index, item] of node.items.entries()) {
        const child = this.node(item as Node | null, String(index), undefined, depth + 1, place)
        list.items.push(child)
        value.push(child.value)
        if (this.problem !== undefined) break
      }
      return list
    }
    const value = isScalar(node) ? node.value : null
    const written = isScalar(node) ? (node.source ?? String(node.value)) : ''
    return new Located<unknown>(typeof value === 'bigint' ? Number(value) : value, written, place, name, key)
  }

  private mapping(node: Node & { items: unknown[] }, name: string, place: Place, key: Place, depth: number): Located {
    const value: Record<string, unknown> = Object.create(null)
    const mapping = new Located<unknown>(value, '', place, name, key)
    for (const pair of node.items as Array<{ key: Node; value: Node | null }>) {
      const keyPlace = this.place(pair.key, place)
      if (!isScalar(pair.key)) {
        this.refuse('KS003', 'a key must be a plain word', keyPlace)
        break
      }
      const word = pair.key.source ?? String(pair.key.value)
      const after = { source: this.source, start: keyPlace.start, end: keyPlace.end }
      const child = this.node(pair.value, word, keyPlace, depth + 1, after)
      if (mapping.fields.has(word)) this.refuse('KS005', `${quoted(word)} stands twice in this mapping`, keyPlace)
      mapping.fields.set(word, child)
      value[word] = child.value
      if (this.problem !== undefined) break
    }
    return mapping
  }

  private place(node: Node, fallback: Place): Place {
    const range = node.range
    if (range === null || range === undefined) return fallback
    return { source: this.source, start: this.offset + range[0], end: this.offset + range[1] }
  }

  private refuse(code: DiagnosticCode, message: string, place: Place): void {
    this.problem ??= { code, message, start: place.start, end: place.end }
  }
}

/** A name in a message: quoted, and cut where it is endless. */
export const quoted = (name: string): string => `"${name.length > 60 ? `${name.slice(0, 59)}…` : name}"`
