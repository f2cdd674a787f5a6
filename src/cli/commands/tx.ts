/** `icn tx`: signs transactions on this machine and hands them to a node. */
import type { Command } from 'commander'
import type { Client } from '../../client/client.ts'
import { FEE_SELECTORS, signTransfer, transferCost } from '../../client/transfer.ts'
import type { FeeToken, SignedTransaction } from '../../client/transfer.ts'
import { readKeyFile, signerOfKey } from '../../node/keys.ts'
import type { Key } from '../../node/keys.ts'
import { MAX_MEMO_BYTES } from '../../codec/transaction.ts'
import { fromHex, toHex, utf8 } from '../../primitives/bytes.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { addOption, choice, integer, tokens } from '../options.ts'
import { addRpcOption, clientOf } from '../rpc-option.ts'
import type { RpcOptions } from '../rpc-option.ts'
import { receiver, termsFor } from '../signing.ts'
import { devnetKey } from './keys.ts'
import { registerMulti } from './tx-multi.ts'
import { registerOrders } from './tx-orders.ts'

const FEE_TOKENS = Object.keys(FEE_SELECTORS) as FeeToken[]

interface WaitingOptions extends RpcOptions {
  readonly wait?: boolean
  readonly timeout: number
}

interface SendingOptions extends WaitingOptions {
  readonly dry?: boolean
}

interface TransferOptions extends SendingOptions {
  readonly from?: string
  readonly devnet?: string
  readonly to: string
  readonly consumer: bigint
  readonly industrial: bigint
  readonly memo: string
  readonly fee?: bigint
  readonly feeToken: FeeToken
  readonly nonce?: number
}

export function register(program: Command): void {
  const tx = program.command('tx').description('sign and submit transactions')

  const transfer = tx
    .command('transfer')
    .description('sign a transfer with a key file and submit it; prints the transaction id')
    .addHelpText('after', EXAMPLES)
    .action((options: TransferOptions) => sendTransfer(options))
  addOption(transfer, { flags: '--from <keyfile>', help: 'key file of the sender' })
  addOption(transfer, { flags: '--devnet <name>', help: 'a published devnet key as the sender: user0 …' })
  addOption(transfer, { flags: '--to <address>', help: 'receiver: icn1…, or a devnet name', required: true })
  addOption<bigint>(transfer, {
    flags: '--consumer <tokens>',
    help: 'consumer tokens',
    parse: tokens,
    default: 0n
  })
  addOption<bigint>(transfer, {
    flags: '--industrial <tokens>',
    help: 'industrial tokens',
    parse: tokens,
    default: 0n
  })
  addOption(transfer, { flags: '--memo <text>', help: `at most ${MAX_MEMO_BYTES} bytes`, default: '' })
  addOption<bigint>(transfer, { flags: '--fee <tokens>', help: 'fee (default: the least)', parse: tokens })
  addOption<FeeToken>(transfer, {
    flags: '--fee-token <token>',
    help: `what pays the fee: ${FEE_TOKENS.join(', ')}`,
    parse: choice(FEE_TOKENS),
    default: 'consumer'
  })
  addOption(transfer, {
    flags: '--nonce <n>',
    help: 'nonce (default: the account’s next)',
    parse: integer(0)
  })
  addSending(transfer)
  registerOrders<SendingOptions>(tx, { addOptions: addSending, send })
  registerMulti<SendingOptions>(tx, { addOptions: addSending, send })

  const submit = tx
    .command('submit')
    .description('submit a signed transaction')
    .argument('<hex>', 'its canonical bytes')
    .addHelpText(
      'after',
      '\nExample: icn tx submit $(icn tx transfer --devnet user0 --to user3 --consumer 1 --dry)'
    )
    .action(async (hex: string, options: WaitingOptions) => {
      await deliver(clientOf(options), bytesOf(hex), options)
    })
  addWaiting(submit)
}

const EXAMPLES = `
Examples:
  icn tx transfer --devnet user0 --to user3 --consumer 1.5 --wait
  icn tx transfer --from mine.json --to icn1… --industrial 20 --memo "seeds" --fee-token split`

function addSending(command: Command): void {
  command.option('--dry', 'print the signed bytes instead of submitting them')
  addWaiting(command)
}

function addWaiting(command: Command): void {
  addRpcOption(command)
  command.option('--wait', 'wait until the transaction is final')
  addOption(command, {
    flags: '--timeout <ms>',
    help: 'how long --wait waits',
    parse: integer(1),
    default: 60_000
  })
}

async function sendTransfer(options: TransferOptions): Promise<void> {
  const key = senderKey(options)
  const to = receiver(options.to)
  if (options.consumer === 0n && options.industrial === 0n) {
    throw new CliError('tx transfer: give an amount by --consumer or --industrial')
  }
  if (utf8(options.memo).length > MAX_MEMO_BYTES) {
    throw new CliError(`--memo has more than ${MAX_MEMO_BYTES} bytes`)
  }
  await send(async (client) => sign(client, key, to, options), options)
}

/** Signed here, and handed to the node unless only the bytes are wanted. */
async function send(
  signed: (client: Client) => Promise<SignedTransaction>,
  options: SendingOptions
): Promise<void> {
  const client = clientOf(options)
  const { bytes } = await signed(client)
  if (options.dry === true) console.log(toHex(bytes))
  else await deliver(client, bytes, options)
}

async function sign(
  client: Client,
  key: Key,
  to: Uint8Array,
  options: TransferOptions
): Promise<SignedTransaction> {
  const { params, ...terms } = await termsFor(client, key.publicKey, options.nonce)
  const cost = transferCost(params, options.memo)
  return signTransfer({
    ...terms,
    signer: signerOfKey(key),
    to,
    consumer: options.consumer,
    industrial: options.industrial,
    memo: options.memo,
    maxMana: cost.maxMana,
    fee: options.fee ?? cost.fee,
    feeToken: options.feeToken
  })
}

async function deliver(client: Client, bytes: Uint8Array, options: WaitingOptions): Promise<void> {
  const { id } = await client.submit(bytes)
  console.log(id)
  if (options.wait !== true) return
  const { place, result } = await client.waitFinal(id, { timeoutMs: options.timeout })
  const where = place === undefined ? '' : ` on chain ${place.chain} at height ${place.height}`
  console.log(`final${where}: ${result?.code ?? 'ok'}`)
  if (result !== undefined && result.code !== 'ok') throw new CliError(`${id}: ${result.code}`, EXIT.failed)
}

function senderKey({ from, devnet }: TransferOptions): Key {
  if ((from === undefined) === (devnet === undefined)) {
    throw new CliError('tx transfer: give either --from KEYFILE or --devnet NAME')
  }
  return devnet === undefined ? readKeyFile(from ?? '', 'account') : devnetKey(devnet, 'account')
}

function bytesOf(hex: string): Uint8Array {
  try {
    return fromHex(hex.toLowerCase())
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(`tx submit: ${error.message}`)
    throw error
  }
}
