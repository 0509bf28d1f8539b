/** The schema of a scenario file for editors: draft 7, which YAML language servers read best. */
import * as z from 'zod'
import { scenarioSchema } from './schema/scenario.ts'

/** A node of a JSON Schema, as far as this project's schemas go. */
export interface JsonSchema {
  readonly $ref?: string
  /** Name of a text format, or of the whole. */
  readonly title?: string
  readonly type?: string
  readonly description?: string
  readonly const?: string | number | boolean
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: JsonSchema | readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly propertyNames?: JsonSchema
  readonly definitions?: Readonly<Record<string, JsonSchema>>
}

export const scenarioJsonSchema = (): JsonSchema =>
  z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-7' }) as JsonSchema
