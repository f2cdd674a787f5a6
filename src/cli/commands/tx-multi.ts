/** `icn tx multi`: several payments over several shards, all or none (ATO), signed by everybody who pays. */
import type { Command } from 'commander'
import type { Client } from '../../client/client.ts'
import {
  DEFAULT_HEIGHTS,
  cosign,
  multiTransferCost,
  signMultiTransfer,
  termsOf
} from '../../client/multi-transfer.ts'
import type { AtomicTerms, Cosignature, Leg } from '../../client/multi-transfer.ts'
import { identityOf } from '../../client/transfer.ts'
import type { SignedTransaction } from '../../client/transfer.ts'
import { ATOMIC_HEIGHTS_MAX } from '../../codec/atomic.ts'
import { encodeAddress } from '../../crypto/address.ts'
import { readKeyFile, signerOfKey } from '../../node/keys.ts'
import type { Key } from '../../node/keys.ts'
import { chainToJson } from '../../primitives/chain-id.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { addList, addOption, integer, tokens } from '../options.ts'
import { clientOf } from '../rpc-option.ts'
import type { RpcOptions } from '../rpc-option.ts'
import { receiver, termsFor } from '../signing.ts'
import { devnetKey } from './keys.ts'
import type { Delivery } from './tx-orders.ts'

interface MultiOptions {
  readonly from?: string
  readonly devnet?: string
  readonly leg: readonly string[]
  readonly cosigner: readonly string[]
  readonly heights: number
  readonly nonce?: number
}

const EXAMPLES = `
A leg is PAYER:RECEIVER:CONSUMER[:INDUSTRIAL]; every payer but the sender needs a --cosigner.

Examples:
  icn tx multi --devnet user0 --leg user0:user3:1.5 --leg user0:user5:0:2 --wait
  icn tx multi --devnet user0 --leg user0:user1:10 --leg user1:user0:0:4 --cosigner user1`

/** What `icn tx` gives every command that sends. */
interface Sending extends RpcOptions {
  readonly wait?: boolean
  readonly dry?: boolean
  readonly timeout: number
}

export function registerMulti<Options extends Sending>(
  tx: Command,
  delivery: Delivery<Options & MultiOptions>
): void {
  const command = tx
    .command('multi')
    .description('payments over several shards, all or none; --wait waits for the end on all of them')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options & MultiOptions) => {
      const key = keyOf(options)
      const legs = options.leg.map(legOf)
      if (legs.length === 0) throw new CliError('tx multi: give at least one --leg')
      const cosigners = options.cosigner.map(accountKey)
      let id = ''
      await delivery.send(async (client) => {
        const signed = await sign(client, key, { legs, cosigners }, options)
        id = signed.id
        return signed
      }, options)
      if (options.wait === true && options.dry !== true) await printEnd(id, options)
    })
  addOption(command, { flags: '--from <keyfile>', help: 'key file of the sender' })
  addOption(command, { flags: '--devnet <name>', help: 'a published devnet key as the sender: user0 …' })
  addList(command, { flags: '--leg <leg>', help: 'a payment; may be given several times' })
  addList(command, {
    flags: '--cosigner <key>',
    help: 'key file or devnet name of another payer; may be given several times'
  })
  addOption(command, {
    flags: '--heights <n>',
    help: 'heights of the sender’s shard until the deadline',
    parse: integer(1, ATOMIC_HEIGHTS_MAX),
    default: DEFAULT_HEIGHTS
  })
  addOption(command, {
    flags: '--nonce <n>',
    help: 'nonce (default: the account’s next)',
    parse: integer(0)
  })
  delivery.addOptions(command)
}

/** With --wait: how it was decided, once every shard has done so. */
async function printEnd(id: string, options: Sending): Promise<void> {
  const { outcome, reason, endedAt } = await clientOf(options).waitAtomic(id, { timeoutMs: options.timeout })
  console.log(`${outcome}: ended at height ${endedAt}`)
  if (outcome !== 'commit')
    throw new CliError(`${id}: ${outcome}${reason === undefined ? '' : `, ${reason}`}`, EXIT.failed)
}

function legOf(text: string): Leg {
  const [from, to, consumer, industrial = '0', ...rest] = text.split(':')
  if (from === undefined || to === undefined || consumer === undefined || rest.length > 0) {
    throw new CliError(`--leg ${text}: expected PAYER:RECEIVER:CONSUMER[:INDUSTRIAL]`)
  }
  const amount = (of: string): bigint => {
    try {
      return of === '' ? 0n : tokens(of)
    } catch (error) {
      throw error instanceof Error ? new CliError(`--leg ${text}: ${error.message}`) : error
    }
  }
  return {
    from: receiver(from, `--leg ${text}`),
    to: receiver(to, `--leg ${text}`),
    consumer: amount(consumer),
    industrial: amount(industrial)
  }
}

const isDevnetName = (text: string): boolean => /^(user|load)\d{1,3}$/.test(text)

const accountKey = (text: string): Key =>
  isDevnetName(text) ? devnetKey(text, 'account') : readKeyFile(text, 'account')

function keyOf({ from, devnet }: MultiOptions): Key {
  if ((from === undefined) === (devnet === undefined)) {
    throw new CliError('tx multi: give either --from KEYFILE or --devnet NAME')
  }
  return devnet === undefined ? readKeyFile(from ?? '', 'account') : devnetKey(devnet, 'account')
}

async function sign(
  client: Client,
  key: Key,
  { legs, cosigners }: { readonly legs: readonly Leg[]; readonly cosigners: readonly Key[] },
  { heights, nonce }: MultiOptions
): Promise<SignedTransaction> {
  const [{ params, ...place }, { shards }] = await Promise.all([
    termsFor(client, key.publicKey, nonce),
    client.call('node_info', {})
  ])
  const fields = { ...place, sender: key.publicKey, heights, legs }
  const terms = termsOf(fields)
  const cosignatures = await Promise.all(
    cosigners.map(async (other) => consentOf(client, other, { network: place.network, terms, shards }))
  )
  const cost = multiTransferCost(params, key.publicKey, legs, shards)
  return signMultiTransfer({ ...fields, signer: signerOfKey(key), cosignatures, ...cost })
}

async function consentOf(
  client: Client,
  key: Key,
  about: { readonly network: Uint8Array; readonly terms: AtomicTerms; readonly shards: number }
): Promise<Cosignature> {
  const { address, chain } = identityOf(key.publicKey, about.shards)
  const { nextCosignature } = await client.call('account_get', {
    address: encodeAddress(address),
    chain: chainToJson(chain)
  })
  return cosign(about.network, about.terms, BigInt(nextCosignature), signerOfKey(key))
}
