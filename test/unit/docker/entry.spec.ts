import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryPath } from '../../support/repository.ts'

/** Says what it was called with; `start` goes on until SIGTERM and has an exit code of its own. */
const ICN = `#!${process.execPath}
const [command] = process.argv.slice(2)
console.log('icn ' + process.argv.slice(2).join(' '))
if (command === 'init') {
  if (process.env.INIT_FAILS) process.exit(5)
  require('node:fs').writeFileSync(process.env.ICN_DATA + '/genesis.json', 'genesis')
}
if (command === 'start') {
  process.on('SIGTERM', () => process.exit(7))
  setInterval(() => undefined, 1_000)
  console.log('ready')
}
if (command === 'check') process.exit(1)
`

describe('docker: the entry of the image', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'icn-entry-'))
    mkdirSync(join(directory, 'data'))
    mkdirSync(join(directory, 'data', 'keys'))
    writeFileSync(join(directory, 'icn'), ICN)
    chmodSync(join(directory, 'icn'), 0o755)
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  function enter(args: readonly string[], variables: Record<string, string> = {}) {
    const child = spawn('sh', [repositoryPath('docker/entry.sh'), ...args], {
      env: { PATH: `${directory}:${process.env['PATH']}`, ICN_DATA: join(directory, 'data'), ...variables },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const said: string[] = []
    const ready = new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said.push(...text.trim().split('\n'))
        if (said.includes('ready')) resolve()
      })
    })
    const ended = once(child, 'close') as Promise<[number | null]>
    return { child, said, ready, ended }
  }

  it('stops the node at SIGTERM and SIGINT and ends with the exit code of the node', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { child, ready, ended } = enter(['start'])
      await ready
      child.kill(signal)
      assert.equal((await ended)[0], 7, signal)
    }
  })

  it('passes arguments and the exit code of any other command', async () => {
    const { said, ended } = enter(['check', '--data', '/a b'])
    assert.equal((await ended)[0], 1)
    assert.deepEqual(said, ['icn check --data /a b'])
  })

  it('makes the directory of a network before the first start, and never again', async () => {
    const data = join(directory, 'data')
    // What an interrupted init left.
    writeFileSync(join(data, 'config.json'), '')
    for (const expected of [[`icn init --genesis /net/genesis.json --data ${data}`], []]) {
      const { child, said, ready, ended } = enter(['start'], { ICN_GENESIS: '/net/genesis.json' })
      await ready
      child.kill('SIGTERM')
      await ended
      assert.deepEqual(said, [...expected, 'icn start', 'ready'])
    }
    assert.equal(readFileSync(join(data, 'genesis.json'), 'utf8'), 'genesis')
    assert.equal(existsSync(join(data, 'config.json')), false)
  })

  it('ends with the exit code of an init that failed, and starts nothing', async () => {
    const { said, ended } = enter(['start'], { ICN_GENESIS: '/net/genesis.json', INIT_FAILS: '1' })
    assert.equal((await ended)[0], 5)
    assert.equal(said.length, 1)
  })
})
