/** The package's version, for the agent string, `icn --version` and `node_info`. */
import { readFileSync } from 'node:fs'

interface PackageJson {
  readonly version: string
}

/** From `dist/src/node` to the package's root. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as PackageJson).version
}
