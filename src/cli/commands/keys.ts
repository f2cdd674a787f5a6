/** `icn keys`: key files of accounts, validators and nodes, and the validator's sign guard. */
import { existsSync } from 'node:fs'
import { text as textOf } from 'node:stream/consumers'
import type { Command } from 'commander'
import { dataPaths } from '../../node/data-dir.ts'
import {
  KEY_TYPES,
  isDevnetName,
  keyFromSeed,
  newKey,
  publicFacts,
  readKeyFile,
  writeKeyFile
} from '../../node/keys.ts'
import type { Key, KeyType } from '../../node/keys.ts'
import { networkId } from '../../params/genesis.ts'
import { devnetSeed } from '../../params/devnet-keys.ts'
import { fromHex, toHex } from '../../primitives/bytes.ts'
import { bindGuard } from '../../store/guard-binding.ts'
import { exportGuard, importGuard } from '../../store/guard-transfer.ts'
import { openLevel } from '../../store/level.ts'
import { NodeStore } from '../../store/node-store.ts'
import type { KeyValueStore } from '../../store/ports.ts'
import { CliError } from '../cli-error.ts'
import { writeNewFile } from '../files.ts'
import { readGenesis } from '../genesis-file.ts'
import { addOption, choice, readText } from '../options.ts'
import { registerVouch } from './vouch.ts'

interface KeyOptions {
  readonly type?: KeyType
  readonly devnet?: string
  readonly secret?: boolean | string
  readonly out?: string
}

export function register(program: Command): void {
  const keys = program.command('keys').description('make, import and show keys; move a sign guard')

  const create = keys
    .command('new')
    .description('make a key, or write a published devnet key to a file')
    .addHelpText('after', '\nExample: icn keys new --type validator --out validator.json')
    .action(async (options: KeyOptions) => {
      const type = options.type ?? typeOfDevnetName(options.devnet) ?? 'account'
      const key = options.devnet === undefined ? newKey(type) : devnetKey(options.devnet, type)
      await keep(key, options)
    })
  addType(create)
  addDevnet(create)
  addOut(create)

  const importing = keys
    .command('import')
    .description('write the key of a secret (64 hex digits, or a file that holds them) to a key file')
    .argument('<secret>', 'hex, the path of a file, or - for standard input')
    .addHelpText('after', '\nExample: icn keys import - --type account --out mine.json < secret.txt')
    .action(async (secret: string, options: KeyOptions) => {
      const key = keyFromSeed(options.type ?? 'account', await readSecret(secret))
      await keep(key, options)
    })
  addType(importing)
  addOut(importing)

  const show = keys
    .command('show')
    .description('print the public facts of a key file or of a published devnet key')
    .argument('[file]', 'key file')
    .addHelpText('after', '\nExamples:\n  icn keys show mine.json\n  icn keys show --devnet user3 --secret')
    .action(async (file: string | undefined, options: KeyOptions) => {
      if ((file === undefined) === (options.devnet === undefined)) {
        throw new CliError('keys show: give either a key file or --devnet NAME')
      }
      const named = options.devnet
      const key =
        named === undefined
          ? readKeyFile(file ?? '', options.type)
          : devnetKey(named, options.type ?? typeOfDevnetName(named) ?? 'account')
      await print(key, { secret: options.secret === true })
    })
  addType(show)
  addDevnet(show)
  show.option('--secret', 'print the secret too')

  registerVouch(keys)
  registerGuard(keys)
}

const addType = (command: Command): Command =>
  addOption(command, {
    flags: '--type <type>',
    help: `one of ${KEY_TYPES.join(', ')}`,
    parse: choice(KEY_TYPES)
  })
const addDevnet = (command: Command): Command =>
  addOption(command, {
    flags: '--devnet <name>',
    help: 'a published key: user0 … user9, load0 … load999, validator0 …'
  })
const addOut = (command: Command): Command =>
  addOption(command, {
    flags: '--out <file>',
    help: 'file to write, never overwritten (default: <type>-<start of key>.json)'
  })

const typeOfDevnetName = (name: string | undefined): KeyType | undefined => {
  if (name === undefined) return undefined
  if (name.startsWith('validator')) return 'validator'
  return name.startsWith('node') ? 'node' : 'account'
}

export function devnetKey(name: string, type: KeyType): Key {
  if (!isDevnetName(name)) throw new CliError(`--devnet ${name}: no such published key`)
  return keyFromSeed(type, devnetSeed(name))
}

/** A name that nobody gave is told. */
async function keep(key: Key, { out }: KeyOptions): Promise<void> {
  const file = out ?? `${key.type}-${toHex(key.publicKey).slice(0, 8)}.json`
  await writeKeyFile(file, key)
  await print(key, out === undefined ? { file } : {})
}

async function readSecret(argument: string): Promise<Uint8Array> {
  const isHex = /^[0-9a-f]{64}$/i.test(argument)
  const text = isHex ? argument : argument === '-' ? await textOf(process.stdin) : readText(argument)
  try {
    return fromHex(text.trim().toLowerCase(), 32)
  } catch (error) {
    // The text is not repeated: it may be a secret with a typing error.
    if (error instanceof RangeError) throw new CliError('keys import: a secret is 64 hex digits')
    throw error
  }
}

async function print(key: Key, { secret = false, file }: { secret?: boolean; file?: string }): Promise<void> {
  const facts = { ...(await publicFacts(key)), ...(file === undefined ? {} : { file }) }
  console.log(JSON.stringify(secret ? { ...facts, secret: toHex(key.seed) } : facts, undefined, 2))
}

interface GuardOptions {
  readonly data: string
  readonly validator: string
  readonly out?: string
}

function registerGuard(keys: Command): void {
  const guard = keys.command('guard').description('move a validator key with the record of what it signed')
  const exporting = guard
    .command('export')
    .description('stop the key from signing here for good, and write its record')
    .addHelpText(
      'after',
      '\nExample: icn keys guard export --data node-0 --validator validator.json --out guard.json'
    )
    .action(async (options: GuardOptions) => {
      const key = readKeyFile(options.validator, 'validator')
      const out = options.out ?? 'guard.json'
      if (existsSync(out)) throw new CliError(`${out} exists; records are never overwritten`)
      await withGuardStore({ data: options.data, mayCreate: false }, async (store, network) => {
        writeNewFile(out, `${await exportGuard(store, { publicKey: key.publicKey, network })}\n`, {
          secret: true
        })
      })
      console.log(`${out}: the key no longer signs with ${options.data}`)
    })
  const importing = guard
    .command('import')
    .description('take over the record of a key that signed elsewhere')
    .argument('<file>', 'what keys guard export wrote')
    .addHelpText(
      'after',
      '\nExample: icn keys guard import guard.json --data node-1 --validator validator.json'
    )
    .action(async (file: string, options: GuardOptions) => {
      const key = readKeyFile(options.validator, 'validator')
      const text = readText(file)
      await withGuardStore({ data: options.data, mayCreate: true }, async (store, network) => {
        const verdict = await importGuard(store, { publicKey: key.publicKey, network }, text)
        if (!verdict.ok) throw new CliError(`${file}: ${verdict.code}: ${verdict.detail}`)
        await bindGuard(options.validator, fromHex(verdict.value))
      })
      console.log(`the key signs with ${options.data} from now on`)
    })
  for (const command of [exporting, importing]) {
    addOption(command, { flags: '--data <dir>', help: 'data directory of a stopped node', required: true })
    addOption(command, { flags: '--validator <keyfile>', help: 'key file of the validator', required: true })
  }
  addOption(exporting, { flags: '--out <file>', help: 'file to write (default: guard.json)' })
}

/** The node database of a stopped node, and the network it belongs to. A new directory gets its database here. */
async function withGuardStore(
  { data, mayCreate }: { readonly data: string; readonly mayCreate: boolean },
  work: (store: KeyValueStore, network: Uint8Array) => Promise<void>
): Promise<void> {
  const paths = dataPaths(data)
  const network = networkId(readGenesis(paths.genesis))
  const isNew = !existsSync(paths.nodeDatabase)
  if (isNew && !mayCreate) throw new CliError(`${data}: no node ever ran here, there is no record to export`)
  const database = await openLevel(paths.nodeDatabase, { isNew })
  try {
    await NodeStore.open(database, network)
    await work(database, network)
  } finally {
    await database.close()
  }
}
