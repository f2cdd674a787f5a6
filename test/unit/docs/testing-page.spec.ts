/** docs/testing.md and README.md: their examples run as they stand there. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { addressText } from '../../../src/rpc/server.ts'
import { createDevnet } from '../../../src/testing/index.ts'
import { readText, repositoryPath } from '../../support/repository.ts'

const EXAMPLE = /```js\n([\s\S]*?)```/g

describe('docs: examples', function () {
  this.timeout(240_000)
  // Inside the package, so that `icn/testing` is the package itself.
  let folder = ''
  const run = async (name: string, text: string): Promise<Readonly<Record<string, unknown>>> => {
    const file = join(folder, `${name}.mjs`)
    writeFileSync(file, text)
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  }

  before(() => (folder = mkdtempSync(repositoryPath('dist/examples-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const [index, [, example = '']] of [...readText('docs/testing.md').matchAll(EXAMPLE)].entries()) {
    it(`example ${index + 1} of docs/testing.md runs`, async () => {
      await run(`testing-${index}`, example)
    })
  }

  it('the example of README.md runs, with the address of a node that is there, until it has seen blocks', async () => {
    const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readText('README.md')) ?? []
    const devnet = await createDevnet()
    try {
      const [account] = devnet.accounts
      const url = `http://${addressText(devnet.swarm.node(0).rpcAddress!)}`
      const changed = example
        .replace('http://127.0.0.1:8088', url)
        .replace(/console\.log\((.*)\)/, 'seen.push([$1])\n  if (seen.length >= 2) break')
      assert.notEqual(changed.indexOf('break'), -1)
      const head = `export const seen = []\nconst address = '${account!.address}'\n`
      const devnetMoves = devnet.transfer({ from: account!.name, to: devnet.accounts[1]!.name, amount: 1n })
      const shown = await run('readme', `${head}${changed}\nexport { consumer, nextNonce }\n`)
      await devnetMoves
      assert.match(String(shown['consumer']), /^\d+$/)
      assert.equal((shown['seen'] as readonly unknown[]).length, 2)
    } finally {
      await devnet.stop()
    }
  })
})
