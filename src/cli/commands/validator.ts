/** `icn validator`: joining and leaving the validators of a network, through any node (REG). */
import type { Command } from 'commander'
import { boundNodeBytes } from '../../codec/registry-records.ts'
import { addressOfKey, encodeAddress } from '../../crypto/address.ts'
import { sha256 } from '../../crypto/hash.ts'
import type { Client } from '../../client/client.ts'
import { signRegistryOrder } from '../../client/registry-orders.ts'
import type { RegistryOrder } from '../../client/registry-orders.ts'
import type { DutiesJson } from '../../client/validator-types.ts'
import { readKeyFile, signerOfKey } from '../../node/keys.ts'
import type { Key } from '../../node/keys.ts'
import { fromHex, toHex } from '../../primitives/bytes.ts'
import { isShard, parseChain } from '../../primitives/chain-id.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { addOption, integer, readBytes, tokens } from '../options.ts'
import { addRpcOption, clientOf } from '../rpc-option.ts'
import type { RpcOptions } from '../rpc-option.ts'
import { receiver } from '../signing.ts'

interface ValidatorOptions extends RpcOptions {
  /** Key file of the validator that speaks. */
  readonly key: string
  readonly json?: boolean
  readonly validator?: string
  readonly cooperative: number
  readonly node?: string
  readonly shard?: string
  readonly to?: string
  readonly offence?: string
  readonly text?: string
  readonly consumer: bigint
  readonly industrial: bigint
}

const VALID_FOR_HEIGHTS = 50
const WAIT_MS = 120_000
const COOPERATIVE_MAX = 0xffff

export function register(program: Command): void {
  const validator = program
    .command('validator')
    .description('join, leave, and see what a validator has taken on')
  const registering = add(
    validator,
    'register',
    'vouch for a new validator with the key of one that is registered',
    (options) => ({
      register: {
        key: options.validator === undefined ? keyOf(options).publicKey : hexKey(options.validator),
        cooperative: options.cooperative,
        tip: []
      }
    })
  )
  addOption(registering, { flags: '--validator <hex>', help: 'key of the newcomer (default: the own one)' })
  addOption<number>(registering, {
    flags: '--cooperative <n>',
    help: 'cooperative of the newcomer, 0 for none',
    parse: integer(0, COOPERATIVE_MAX),
    default: 0
  })
  add(
    validator,
    'ready',
    'say that the node of this key could vote wherever it may be seated; a running node says it by itself',
    () => ({
      ready: true
    })
  )
  add(
    validator,
    'deregister',
    'ask to leave; the node serves until `icn validator leave` says that it may stop',
    () => ({
      deregister: true
    })
  )
  for (const [name, description, order] of LEASES) {
    const command = add(validator, name, description, (options) => order(shardOf(options)))
    addOption(command, { flags: '--shard <n>', help: 'number of the shard', required: true })
  }
  const bind = add(
    validator,
    'bind',
    'name the node through which the validator speaks; both keys sign',
    (options) => (network, key) => bindingOf(options, network, key)
  )
  addOption(bind, { flags: '--node <keyfile>', help: 'key file of the node', required: true })
  registerUnstake(validator)
  registerDispute(validator)
  const status = shown(validator, 'status', 'status, leases and seats of a validator')
  status.action(async (options: ValidatorOptions) => {
    await show(options, statusLines)
  })
  const leave = shown(
    validator,
    'leave',
    'whether its node may stop on every chain; exit code 1 while it may not'
  )
  leave.action(async (options: ValidatorOptions) => {
    const duties = await show(options, leaveLines)
    if (!duties.safeToStop || duties.status !== 'left')
      throw new CliError('not yet: it still serves', EXIT.failed)
  })
}

function registerUnstake(validator: Command): void {
  const unstake = add(validator, 'unstake', 'ask stake back, and have paid out what is due', unstakeOf)
  addOption(unstake, { flags: '--to <address>', help: 'receiver: icn1…, or a devnet name', required: true })
  for (const token of ['consumer', 'industrial']) {
    addOption<bigint>(unstake, {
      flags: `--${token} <tokens>`,
      help: `${token} tokens`,
      parse: tokens,
      default: 0n
    })
  }
}

function registerDispute(validator: Command): void {
  const dispute = add(validator, 'dispute', 'contest what was proven against this key (SAN-7)', disputeOf)
  addOption(dispute, {
    flags: '--offence <id>',
    help: 'id of the offence, from `icn query evidence`',
    required: true
  })
  addOption(dispute, {
    flags: '--text <file>',
    help: 'what there is to say; the chain holds its SHA-256',
    required: true
  })
}

const LEASES: readonly (readonly [
  string,
  string,
  (shard: NonNullable<ReturnType<typeof parseChain>>) => RegistryOrder
])[] = [
  ['release', 'give up the lease of a shard', (shard) => ({ releaseLease: shard })],
  ['renew', 'take the lease of a shard that is not held', (shard) => ({ renewLease: shard })]
]

function add(
  validator: Command,
  name: string,
  description: string,
  order: (options: ValidatorOptions) => Said
): Command {
  const command = validator
    .command(name)
    .description(description)
    .action(async (options: ValidatorOptions) => say(options, order(options)))
  addOption(command, { flags: '--key <keyfile>', help: 'validator key file that signs', required: true })
  addRpcOption(command)
  return command
}

function shown(validator: Command, name: string, description: string): Command {
  const command = validator.command(name).description(description)
  addOption(command, { flags: '--validator <hex>', help: 'validator key', required: true })
  command.option('--json', 'the answer as JSON')
  addRpcOption(command)
  return command
}

const keyOf = ({ key }: ValidatorOptions): Key => readKeyFile(key, 'validator')

type Said = RegistryOrder | ((network: Uint8Array, key: Key) => RegistryOrder)

async function say(options: ValidatorOptions, said: Said): Promise<void> {
  const key = keyOf(options)
  const client = clientOf(options)
  const terms = await termsOn(client, key)
  const order = typeof said === 'function' ? said(terms.network, key) : said
  const { bytes } = signRegistryOrder({ ...terms, signer: signerOfKey(key), order })
  const { id } = await client.submit(bytes)
  const { place, result } = await client.waitFinal(id, { timeoutMs: WAIT_MS })
  if (result !== undefined && result.code !== 'ok') throw new CliError(`${id}: ${result.code}`, EXIT.failed)
  console.log(`final at coordination height ${place?.height ?? '?'}: ${id}`)
}

async function termsOn(client: Client, { publicKey }: Key) {
  const address = encodeAddress(addressOfKey(publicKey))
  const [info, account, head] = await Promise.all([
    client.call('node_info', {}),
    client.call('account_get', { address, chain: 'coord' }),
    client.call('chain_head', { chain: 'coord' })
  ])
  return {
    network: fromHex(info.network, 32),
    nonce: BigInt(account.nextNonce),
    validUntil: head.asOf.height + VALID_FOR_HEIGHTS
  }
}

async function show(
  options: ValidatorOptions,
  lines: (duties: DutiesJson) => readonly string[]
): Promise<DutiesJson> {
  const validator = toHex(hexKey(options.validator ?? ''))
  const duties = await clientOf(options).call('validator_duties', { validator })
  if (options.json === true) console.log(JSON.stringify(duties))
  else for (const line of lines(duties)) console.log(line)
  return duties
}

const statusLines = (duties: DutiesJson): string[] => [
  `${duties.status} since coordination height ${duties.since}, registered at ${duties.joined}, cooperative ${duties.cooperative}`,
  duties.ready === 0 ? 'never said that it is ready' : `ready at ${duties.ready}`,
  duties.node === undefined ? 'no node has signed for it' : `speaks through node ${duties.node}`,
  `seats in the newest frozen epoch: ${duties.seats.join(' ') || 'none'}`,
  `leases: ${duties.leases.map(({ shard, until }) => `${shard} until ${until}`).join(', ') || 'none'}`,
  ...duties.unbondings.map(({ epoch, consumer, industrial, to }) => {
    return `stake asked back: ${consumer} and ${industrial} to ${to} from epoch ${epoch} on`
  })
]

const leaveLines = (duties: DutiesJson): string[] => [
  `${duties.status} since coordination height ${duties.since}`,
  ...duties.serving.map(
    ({ chain, safe, reason }) => `chain ${chain}: ${safe ? 'may stop' : 'must go on'}, ${reason}`
  )
]

function hexKey(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new CliError('--validator takes 64 hex digits')
  return fromHex(text, 32)
}

/** Signed by the node's own key: nobody binds a node that is not theirs (REG-17). */
function bindingOf({ node = '' }: ValidatorOptions, network: Uint8Array, { publicKey }: Key): RegistryOrder {
  const key = readKeyFile(node, 'node')
  const signature = signerOfKey(key).sign(boundNodeBytes(network, publicKey))
  return { bindNode: { node: key.publicKey, signature } }
}

function shardOf({ shard = '' }: ValidatorOptions) {
  const chain = parseChain(shard)
  if (chain === undefined || !isShard(chain))
    throw new CliError(`--shard ${shard}: expected a shard's number`)
  return chain
}

function disputeOf({ offence = '', text = '' }: ValidatorOptions): RegistryOrder {
  if (!/^[0-9a-f]{64}$/.test(offence)) throw new CliError('--offence takes 64 hex digits')
  return { dispute: { offence: fromHex(offence, 32), textHash: sha256(readBytes(text)) } }
}

function unstakeOf({ to = '', consumer, industrial }: ValidatorOptions): RegistryOrder {
  return { unstake: { consumer, industrial, to: receiver(to) } }
}
