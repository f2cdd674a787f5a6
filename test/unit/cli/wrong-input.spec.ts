/** What a user reads who gave something that is wrong: one line that says what to do, and the exit code (SYSTEM 6). */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { EXAMPLES } from '../../../src/cli/examples.ts'
import { COMMANDS, createProgram } from '../../../src/cli/program.ts'
import { openLevel } from '../../../src/store/level.ts'
import { icn } from '../../support/cli.ts'

describe('wrong input to the command line', () => {
  let cwd = ''
  const refusal = async (line: string, exitCode = 2): Promise<string> => {
    const { code, stderr, stdout } = await icn(line.split(' '), { cwd })
    assert.deepEqual([code, stderr.length, stdout], [exitCode, 1, ''], `icn ${line}: ${stderr.join('\n')}`)
    return stderr.join('')
  }
  const older = (): string => {
    const genesis = JSON.parse(readFileSync(join(cwd, 'net/genesis.json'), 'utf8')) as {
      params: Record<string, number>
    }
    delete genesis.params['rewardConsumer']
    return JSON.stringify(genesis)
  }

  before(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'icn-wrong-'))
    const made = await icn('genesis new --preset minimal --validators 1 --shards 2 --out net'.split(' '), {
      cwd
    })
    assert.equal(made.code, 0)
  })
  after(() => rmSync(cwd, { recursive: true }))

  it('GEN-5: a genesis of another version says so, and what can be done about it', async () => {
    writeFileSync(join(cwd, 'older.json'), older())
    const reason =
      'parameter-missing: parameter rewardConsumer is missing (written by another version of icn: '
    const general = `${reason}use that version, or begin a new network)`
    assert.equal(await refusal('genesis check older.json'), `icn: older.json: ${general}`)
    assert.equal(await refusal('init --genesis older.json --data d'), `icn: older.json: ${general}`)
    assert.equal(existsSync(join(cwd, 'd')), false)
    mkdirSync(join(cwd, 'node'))
    writeFileSync(join(cwd, 'node/genesis.json'), older())
    assert.equal(await refusal('start --data node'), `icn: node/genesis.json: ${general}`)
    assert.match(await refusal('check --data node'), /written by another version of icn/)
    mkdirSync(join(cwd, 'dev'))
    writeFileSync(join(cwd, 'dev/genesis.json'), older())
    const line = (await icn('devnet --data dev --base-port 21000'.split(' '), { cwd })).stderr.at(-1)
    assert.equal(
      line,
      `icn: ${join(cwd, 'dev/genesis.json')}: ${reason}--fresh begins anew, --data names another directory)`
    )
  })

  it('a genesis that is refused is not taken into the directory of a devnet', async () => {
    writeFileSync(join(cwd, 'older.json'), older())
    const { code } = await icn('devnet --data taken --genesis older.json --base-port 21100'.split(' '), {
      cwd
    })
    assert.equal(code, 2)
    assert.equal(existsSync(join(cwd, 'taken/genesis.json')), false)
  })

  it('a shard that the network does not have is refused before anything is opened', async () => {
    await icn('init --genesis net/genesis.json --data follower'.split(' '), { cwd })
    const line = await refusal('start --data follower --shards 1,7')
    assert.equal(line, 'icn: --shards: there is no shard 7, this network has shards 0 to 1')
    assert.equal(existsSync(join(cwd, 'follower/db/node')), false)
  })

  it('a directory that is in use is named, and is no trouble of the disk', async () => {
    await icn('init --genesis net/genesis.json --data busy'.split(' '), { cwd })
    mkdirSync(join(cwd, 'busy/db'), { recursive: true })
    const open = async (name: string) => openLevel(join(cwd, 'busy/db', name), { isNew: true })
    const held = [await open('node'), await open('coord')]
    const inUse = /STORE_LOCKED: busy.db.(?:node|coord) is in use by another process: stop that node first$/
    try {
      assert.match(await refusal('snapshot export --data busy --out state.snapshot'), inUse)
      assert.match(await refusal('start --data busy --rpc 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0'), inUse)
    } finally {
      for (const each of held) await each.close()
    }
  })

  it('payments and their signers may stand in variables, separated by commas, and what is wrong of them is named', async () => {
    const multi = async (env: Record<string, string>): Promise<string> => {
      const { code, stderr } = await icn('tx multi --devnet user0'.split(' '), { cwd, env })
      assert.equal(code, 2)
      return stderr.join('\n')
    }
    assert.equal(await multi({}), 'icn: tx multi: give at least one --leg')
    const legs = 'user0:user3:1,user0:user5:x'
    assert.match(await multi({ ICN_LEG: legs }), /^icn: --leg user0:user5:x: expected tokens such as/)
    assert.equal(
      await multi({ ICN_LEG: 'user0:icn1nobody:1' }),
      'icn: --leg user0:icn1nobody:1: icn1nobody is no address'
    )
    const signers = { ICN_LEG: 'user0:user3:1', ICN_COSIGNER: 'user3,absent.json' }
    assert.match(await multi(signers), /absent\.json/)
  })

  it('a cooperative that no registry can hold is refused before anything is signed', async () => {
    const line = await refusal('validator register --key k --cooperative 65536')
    assert.match(line, /--cooperative <n>.* expected an integer from 0 to 65535/)
  })

  it('a command below another one that is none says where the right ones are listed', async () => {
    assert.equal(await refusal('keys neww'), "icn: unknown command 'neww' (icn keys --help lists them)")
  })

  it('an example names options that there are', async () => {
    for (const line of Object.values(EXAMPLES).flat()) {
      const [name = '', ...rest] = line.replace(/^icn /, '').split(' ')
      const program = await createProgram([name])
      let command = program.commands.find((one) => one.name() === name)!
      for (const word of rest) command = command.commands.find((one) => one.name() === word) ?? command
      for (const word of rest.filter((one) => one.startsWith('--')))
        assert(
          command.options.some(({ long }) => long === word),
          `${line}: ${word}`
        )
    }
  })

  it('every command has an example in its help', async () => {
    const without: string[] = []
    const walk = (command: Command, path: string): void => {
      let help = ''
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
      if (!help.includes(`: icn ${path}`) && !help.includes(`  icn ${path}`)) without.push(path)
      for (const child of command.commands) walk(child, `${path} ${child.name()}`)
    }
    for (const name of Object.keys(COMMANDS)) {
      const program = await createProgram([name])
      walk(
        program.commands.find((command) => command.name() === name)!,
        name
      )
    }
    assert.deepEqual(without, [])
  })
})
