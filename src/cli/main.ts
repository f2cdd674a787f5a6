#!/usr/bin/env node
// Nothing is imported before this check: the imports need a newer Node than the one that may be reading this.
const major = Number(process.versions.node.split('.')[0])
if (major < 22) {
  process.stderr.write(
    `icn needs Node 22 or newer, this is ${process.versions.node}: install it from https://nodejs.org, or run "npx icn" in the project\n`
  )
  process.exitCode = 2
} else {
  const { run } = await import('./program.ts')
  process.exitCode = await run(process.argv.slice(2))
}

export {}
