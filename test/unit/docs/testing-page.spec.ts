/** docs/testing.md: its examples run as they stand there. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readText, repositoryPath } from '../../support/repository.ts'

const EXAMPLE = /```js\n([\s\S]*?)```/g

describe('docs: testing', function () {
  this.timeout(120_000)
  // Inside the package, so that `icn/testing` is the package itself.
  const folder = repositoryPath('dist/test/examples')

  before(() => mkdirSync(folder, { recursive: true }))
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const [index, [, example = '']] of [...readText('docs/testing.md').matchAll(EXAMPLE)].entries()) {
    it(`example ${index + 1} of the page runs`, async () => {
      const file = join(folder, `example-${index}.mjs`)
      writeFileSync(file, example)
      await import(pathToFileURL(file).href)
    })
  }
})
