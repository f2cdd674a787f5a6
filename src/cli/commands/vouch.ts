/** `icn keys vouch`: a cooperative's word that a node is one of its own (DIS-4). */
import type { Command } from 'commander'
import { peerIdFromString } from '@libp2p/peer-id'
import { readKeyFile, signerOfKey } from '../../node/keys.ts'
import { vouch } from '../../node/voucher.ts'
import { networkId } from '../../params/genesis.ts'
import { CliError } from '../cli-error.ts'
import { writeNewFile } from '../files.ts'
import { readGenesis } from '../genesis-file.ts'
import { addOption } from '../options.ts'

interface VouchOptions {
  readonly genesis: string
  readonly validator: string
  readonly peer: string
  readonly cooperative: string
  readonly days?: string
  readonly out?: string
}

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 365

export function registerVouch(keys: Command): void {
  const command = keys
    .command('vouch')
    .description('say with a validator key of a cooperative that a node is one of its own')
    .addHelpText(
      'after',
      '\nExample: icn keys vouch --genesis net/genesis.json --validator validator.json --peer 12D3Koo… --cooperative 3'
    )
    .action((options: VouchOptions) => {
      const genesis = readGenesis(options.genesis)
      const key = readKeyFile(options.validator, 'validator')
      const cooperative = whole('--cooperative', options.cooperative, 0xffff)
      const listed = genesis.validators.find(({ key: other }) => Buffer.compare(other, key.publicKey) === 0)
      if (listed !== undefined && listed.cooperative !== cooperative)
        throw new CliError(`the genesis lists this validator for cooperative ${listed.cooperative}`)
      const untilMs = Date.now() + whole('--days', options.days ?? String(DEFAULT_DAYS), 36_500) * DAY_MS
      const out = options.out ?? 'voucher.json'
      const of = { peer: publicKeyOf(options.peer), cooperative, untilMs }
      writeNewFile(out, vouch(networkId(genesis), signerOfKey(key), of))
      console.log(
        `${out}: until ${new Date(untilMs).toISOString()}; start the node with --cooperative-voucher ${out}`
      )
    })
  addOption(command, { flags: '--genesis <file>', help: 'genesis of the network', required: true })
  addOption(command, {
    flags: '--validator <keyfile>',
    help: 'validator key of the cooperative',
    required: true
  })
  addOption(command, { flags: '--peer <id>', help: 'peer id of the node', required: true })
  addOption(command, { flags: '--cooperative <number>', help: 'number of the cooperative', required: true })
  addOption(command, { flags: '--days <n>', help: `how long it holds (default: ${DEFAULT_DAYS})` })
  addOption(command, { flags: '--out <file>', help: 'file to write (default: voucher.json)' })
}

function whole(option: string, text: string, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > most) throw new CliError(`${option} must be a number from 1 to ${most}`)
  return value
}

function publicKeyOf(text: string): Uint8Array {
  try {
    const { publicKey } = peerIdFromString(text)
    if (publicKey?.type === 'Ed25519') return publicKey.raw
  } catch (error) {
    throw new CliError(`--peer ${text} is no peer id`, undefined, { cause: error })
  }
  throw new CliError(`--peer ${text} has no Ed25519 key`)
}
