/** `icn tx claim`, `activate`, `stake`: what moves value to the coordination chain, and out of what a validator earned. */
import type { Command } from 'commander'
import type { Client } from '../../client/client.ts'
import { orderCost, signOrder } from '../../client/orders.ts'
import type { Order } from '../../client/orders.ts'
import { FEE_SELECTORS } from '../../client/transfer.ts'
import type { FeeToken, SignedTransaction } from '../../client/transfer.ts'
import { readKeyFile, signerOfKey } from '../../node/keys.ts'
import type { Key } from '../../node/keys.ts'
import { fromHex } from '../../primitives/bytes.ts'
import { parseChain } from '../../primitives/chain-id.ts'
import { CliError } from '../cli-error.ts'
import { addOption, choice, integer, tokens } from '../options.ts'
import { receiver, termsFor } from '../signing.ts'
import { devnetKey } from './keys.ts'

/** What sends a signed transaction on its way: the same for all of `icn tx`. */
export interface Delivery<Options> {
  addOptions(command: Command): void
  send(signed: (client: Client) => Promise<SignedTransaction>, options: Options): Promise<void>
}

interface OrderOptions {
  readonly from?: string
  readonly devnet?: string
  readonly fee?: bigint
  readonly feeToken: FeeToken
  readonly nonce?: number
  readonly chain?: string
  readonly to?: string
  readonly validator?: string
  readonly consumer: bigint
  readonly industrial: bigint
}

const FEE_TOKENS = Object.keys(FEE_SELECTORS) as FeeToken[]

export function registerOrders<Options>(tx: Command, delivery: Delivery<Options & OrderOptions>): void {
  const add = (
    name: string,
    description: string,
    example: string,
    order: (options: OrderOptions) => Order
  ): Command => {
    const command = tx
      .command(name)
      .description(description)
      .addHelpText('after', `\nExample: ${example}`)
      .action((options: Options & OrderOptions) => {
        const key = keyOf(name, options)
        const wanted = order(options)
        return delivery.send(async (client) => sign(client, key, wanted, options), options)
      })
    addOption(command, { flags: '--from <keyfile>', help: 'key file of the sender' })
    addOption(command, { flags: '--devnet <name>', help: 'a published devnet key as the sender: user0 …' })
    return command
  }
  const claim = add(
    'claim',
    'pay out what a validator key has earned on a chain; sign with that key',
    'icn tx claim --from validator.json --chain 1 --to icn1… --wait',
    claimOf
  )
  addOption(claim, { flags: '--chain <chain>', help: 'where it was earned: coord, 0, 1 …', required: true })
  addOption(claim, { flags: '--to <address>', help: 'receiver: icn1…, or a devnet name', required: true })
  const activate = add(
    'activate',
    'make or fill the sender’s record on the coordination chain: a deposit, and prepaid fees',
    'icn tx activate --devnet user0 --consumer 2 --wait',
    ({ consumer, industrial }) => ({ activate: { consumer, industrial } })
  )
  const stake = add(
    'stake',
    'add to a validator’s stake',
    'icn tx stake --devnet user0 --validator 3f0a… --consumer 10 --wait',
    stakeOf
  )
  addOption(stake, { flags: '--validator <hex>', help: 'its validator key', required: true })
  for (const command of [activate, stake]) addAmounts(command)
  for (const command of [claim, activate, stake]) {
    addTerms(command)
    delivery.addOptions(command)
  }
}

function addAmounts(command: Command): void {
  for (const token of ['consumer', 'industrial']) {
    addOption<bigint>(command, {
      flags: `--${token} <tokens>`,
      help: `${token} tokens`,
      parse: tokens,
      default: 0n
    })
  }
}

function addTerms(command: Command): void {
  addOption<bigint>(command, { flags: '--fee <tokens>', help: 'fee (default: the least)', parse: tokens })
  addOption<FeeToken>(command, {
    flags: '--fee-token <token>',
    help: `what pays the fee: ${FEE_TOKENS.join(', ')}`,
    parse: choice(FEE_TOKENS),
    default: 'consumer'
  })
  addOption(command, {
    flags: '--nonce <n>',
    help: 'nonce (default: the account’s next)',
    parse: integer(0)
  })
}

/** A claim is signed by the validator's own key, everything else by an account's. */
function keyOf(name: string, { from, devnet }: OrderOptions): Key {
  if ((from === undefined) === (devnet === undefined)) {
    throw new CliError(`tx ${name}: give either --from KEYFILE or --devnet NAME`)
  }
  const type = name === 'claim' ? 'validator' : 'account'
  return devnet === undefined ? readKeyFile(from ?? '', type) : devnetKey(devnet, type)
}

function claimOf({ chain: text = '', to = '' }: OrderOptions): Order {
  const chain = parseChain(text)
  if (chain === undefined) throw new CliError(`--chain ${text}: expected coord or a shard's number`)
  return { claim: { chain, to: receiver(to) } }
}

function stakeOf({ validator = '', consumer, industrial }: OrderOptions): Order {
  if (!/^[0-9a-f]{64}$/.test(validator)) throw new CliError('--validator takes 64 hex digits')
  return { stake: { validator: fromHex(validator, 32), consumer, industrial } }
}

async function sign(
  client: Client,
  key: Key,
  order: Order,
  { fee, feeToken, nonce }: OrderOptions
): Promise<SignedTransaction> {
  const { params, ...terms } = await termsFor(client, key.publicKey, nonce)
  const cost = orderCost(params, order)
  return signOrder({
    ...terms,
    signer: signerOfKey(key),
    order,
    maxMana: cost.maxMana,
    fee: fee ?? cost.fee,
    feeToken
  })
}
