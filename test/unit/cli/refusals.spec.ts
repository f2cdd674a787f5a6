import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError, EXIT, exitCodeOf, oneLine } from '../../../src/cli/cli-error.ts'
import { ConfigError, KeyFileError, StartError } from '../../../src/node/node-errors.ts'
import { RpcRefusal } from '../../../src/client/refusal.ts'
import { RpcError } from '../../../src/rpc/errors.ts'
import { GuardError, StoreError } from '../../../src/store/errors.ts'
import { icn } from '../../support/cli.ts'

describe('command line: wrong input', () => {
  let cwd = ''
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'icn-cli-'))
    writeFileSync(join(cwd, 'bad.json'), '{"version":1,"colour":"red"}')
    mkdirSync(join(cwd, 'unknown'))
    writeFileSync(join(cwd, 'unknown', 'config.json'), '{"colour":"red"}')
  })
  after(() => rmSync(cwd, { recursive: true }))

  /** Arguments, and what the one line must name. */
  const WRONG: readonly (readonly [string, string])[] = [
    ['fly', 'fly'],
    ['--fly', '--fly'],
    ['keys new --colour red', '--colour'],
    ['keys fly', 'fly'],
    ['keys new --type coin', '--type'],
    ['keys new --devnet nobody', 'nobody'],
    ['keys show', '--devnet'],
    ['keys show nowhere.json', 'nowhere.json'],
    ['keys show bad.json', 'bad.json'],
    ['keys import zz', 'zz'],
    ['keys guard export --data . --validator nowhere.json', 'nowhere.json'],
    ['genesis new --validators 4 --out net', '--preset'],
    ['genesis new --preset fly --validators 4 --out net', '--preset'],
    ['genesis new --preset devnet --validators 0 --out net', '--validators'],
    ['genesis new --preset devnet --validators 4 --shards 1025 --out net', '--shards'],
    ['genesis check nowhere.json', 'nowhere.json'],
    ['genesis check bad.json', 'colour'],
    ['init --genesis bad.json --data d', 'colour'],
    ['init --data d', '--genesis'],
    ['start', '--data'],
    ['start --data . --rpc nowhere', '--rpc'],
    ['start --data . --log-level loud', '--log-level'],
    ['start --data unknown', 'colour'],
    ['start --data d --config nowhere.json', 'nowhere.json'],
    ['tx transfer --to user3 --consumer 1', '--devnet'],
    ['tx transfer --from nowhere.json --to user3 --consumer 1', 'nowhere.json'],
    ['tx transfer --devnet user0 --to nobody --consumer 1', 'nobody'],
    ['tx transfer --devnet user0 --to user3 --consumer 0.0000001', '--consumer'],
    ['tx transfer --devnet user0 --to user3', '--consumer'],
    ['tx multi --devnet user0', '--leg'],
    ['tx multi --leg user0:user1:1', '--devnet'],
    ['tx multi --devnet user0 --leg user0:user1:x', 'user0:user1:x: expected tokens'],
    ['tx multi --devnet user0 --leg user0:user1', 'user0:user1'],
    ['tx multi --devnet user0 --leg user0:nobody:1', 'nobody'],
    ['tx multi --devnet user0 --leg user0:user1:1 --cosigner nowhere.json', 'nowhere.json'],
    ['tx multi --devnet user0 --leg user0:user1:1 --heights 5761', '--heights'],
    ['tx submit zz', 'hex'],
    ['query head 9x', '9x'],
    ['query head 0 1 2', 'head'],
    // Port 1 is never served: nothing of this machine answers there.
    ['query sync --rpc 127.0.0.1:1', '127.0.0.1:1']
  ]

  for (const [line, named] of WRONG) {
    it(`icn ${line}: one line that names it, exit code 2, nothing touched`, async () => {
      const before = readdirSync(cwd, { recursive: true })
      const { code, stdout, stderr } = await icn(line.split(' '), { cwd })
      assert.equal(stderr.length, 1, stderr.join('\n'))
      assert.ok(stderr[0]?.includes(named), stderr[0])
      assert.deepEqual([code, stdout], [2, ''])
      assert.deepEqual(readdirSync(cwd, { recursive: true }), before)
    })
  }
})

describe('exit codes', () => {
  const CASES: readonly (readonly [Error, number])[] = [
    [new CliError('x'), EXIT.wrong],
    [new CliError('x', EXIT.failed), EXIT.failed],
    [new ConfigError({ code: 'CONFIG_MISSING', key: 'data' }), EXIT.wrong],
    [new KeyFileError({ code: 'KEY_FILE_EXISTS', path: 'k' }), EXIT.wrong],
    [new KeyFileError({ code: 'KEY_FILE_UNWRITABLE', path: 'k', reason: 'EROFS' }), EXIT.disk],
    [new RpcError({ code: 'RPC_PORT_IN_USE', address: '127.0.0.1:1' }), EXIT.wrong],
    [new GuardError({ code: 'GUARD_HALTED', reason: 'twin' }), EXIT.refusesToSign],
    [new GuardError({ code: 'GUARD_MISSING', where: 'store' }), EXIT.refusesToSign],
    [new GuardError({ code: 'GUARD_KEY_FILE', path: 'k' }), EXIT.wrong],
    [new StoreError({ code: 'STORE_NETWORK_DIFFERS', expected: 'a', found: 'b' }), EXIT.wrong],
    [new StoreError({ code: 'STORE_VERSION_NEWER', found: 2, supported: 1 }), EXIT.wrong],
    [new StoreError({ code: 'STORE_VERSION_OLDER', found: 1, oldest: 2 }), EXIT.wrong],
    [new StoreError({ code: 'STORE_LOCKED', path: 'd' }), EXIT.wrong],
    [new RpcRefusal({ code: 'VALIDATOR_UNKNOWN', number: 1 }, 'no such key'), EXIT.failed],
    [new RpcRefusal({ code: 'BLOCK_UNKNOWN', number: 1 }, 'no such block'), EXIT.failed],
    [new StoreError({ code: 'STORE_CORRUPT', bucket: 'b', key: 'k' }), EXIT.disk],
    [new StoreError({ code: 'STORE_IO', path: 'd' }), EXIT.disk],
    [Object.assign(new RangeError('full'), { code: 'ENOSPC' }), EXIT.disk],
    [new RangeError('ours'), EXIT.failed],
    [new StartError({ code: 'NODE_PART_FAILED', part: 'net' }), EXIT.failed]
  ]

  for (const [error, code] of CASES) {
    it(`${oneLine(error)} ends with ${code}`, () => {
      assert.equal(exitCodeOf(error), code)
    })
  }

  it('a part that did not start ends the process as its reason would, and the line has both', () => {
    const cause = new RpcError({ code: 'RPC_PORT_IN_USE', address: 'a:1' }, 'a:1 is in use')
    const error = new StartError({ code: 'NODE_PART_FAILED', part: 'rpc' }, 'rpc did not start', { cause })
    assert.equal(exitCodeOf(error), EXIT.wrong)
    assert.equal(oneLine(error), 'rpc did not start: a:1 is in use')
  })
})
