/** The scenario language: YAML text in, a plan or diagnostics out. The only door of this folder. */
export { diagnosticCodes } from './codes.ts'
export { type Diagnostic, formatDiagnostic, formatPlace } from './diagnostic.ts'
export { scenarioDocs } from './docs.ts'
export { type JsonSchema, scenarioJsonSchema } from './json-schema.ts'
export { editDistance, nearest } from './nearest.ts'
export { type Override, readOverride } from './overrides.ts'
export {
  type LoadedPartitioner,
  type LoadPartitioner,
  type ParseOptions,
  type ParseResult,
  parseScenario,
} from './parse.ts'
export { loadServerProperties, type PropertiesFile, type ServerProperties } from './server-properties.ts'
