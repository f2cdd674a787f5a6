/** `icn query`: asks a running node; a few lines for people, the whole answer with `--json`. */
import type { Command } from 'commander'
import { tokenText } from '../../primitives/tokens.ts'
import type { AtomicRecordJson } from '../../client/atomic-types.ts'
import type { LaneJson, ReceiptJson } from '../../client/receipt-types.ts'
import type { ChainSync } from '../../client/types.ts'
import { CliError } from '../cli-error.ts'
import { addOption, addressOf } from '../options.ts'
import { progressBar } from '../progress.ts'
import { add, asOf, chainOf } from '../query-command.ts'
import { registerProof } from '../query-proof.ts'
import { registerValidators } from '../query-validators.ts'

export function register(program: Command): void {
  const query = program.command('query').description('ask a running node').addHelpText('after', EXAMPLES)
  registerChain(query)
  registerValidators(query)
  registerState(query)
  registerReceipts(query)
  registerProof(query)
  registerNode(query)
}

const EXAMPLES = `
Examples:
  icn query head 0
  icn query block coord 12 --json
  icn query account user3 --rpc http://127.0.0.1:9001
  icn query receipt 0 1 17`

function registerChain(query: Command): void {
  add(
    query,
    ['head <chain>', 'newest final block of a chain'],
    (client, [chain = '']) => client.call('chain_head', { chain: chainOf(chain) }),
    ({ chain, epoch, final: { header, hash } }) => [
      `chain ${chain}: height ${header.height}, epoch ${epoch}, view ${header.view}`,
      `hash ${hash}`,
      `state ${header.stateRoot}`,
      `time ${new Date(header.timeMs).toISOString()}`
    ]
  )
  add(
    query,
    ['block <chain> <height-or-hash>', 'one block and its transaction ids'],
    (client, [chain = '', at = ''], { raw }) =>
      client.call('chain_block', {
        chain: chainOf(chain),
        ...(/^\d{1,15}$/.test(at) ? { height: Number(at) } : { hash: at }),
        ...(raw === true ? { raw } : {})
      }),
    ({ hash, header, final, transactions, raw }) => [
      `chain ${header.chain}: height ${header.height}, epoch ${header.epoch}, view ${header.view}${final ? ', final' : ''}`,
      `hash ${hash}`,
      `parent ${header.parent}`,
      `state ${header.stateRoot}`,
      `proposer ${header.proposer}`,
      `time ${new Date(header.timeMs).toISOString()}`,
      `transactions ${header.transactionCount}`,
      ...transactions.map((id) => `  ${id}`),
      ...(raw === undefined ? [] : [`header ${raw.header}`, `body ${raw.body}`])
    ]
  ).option('--raw', 'add canonical header and body bytes')
}

function registerState(query: Command): void {
  add(
    query,
    ['tx <id>', 'where a transaction stands'],
    (client, [id = '']) => client.call('tx_get', { id }),
    ({ status, place, result, reason, hops }) => [
      status + (reason === undefined ? '' : `: ${reason}`),
      ...(place === undefined ? [] : [`chain ${place.chain} height ${place.height} index ${place.index}`]),
      ...(result === undefined ? [] : [`result ${result.code}, mana ${result.mana}`]),
      ...hops.map(receiptLine)
    ]
  )
  const accountCommand = add(
    query,
    ['account <address>', 'balances, nonce and mana of an account (icn1… or a devnet name)'],
    (client, [address = ''], { chain }) =>
      client.call('account_get', {
        address: addressOf(address),
        ...(chain === undefined ? {} : { chain: chainOf(chain) })
      }),
    (account) => [
      `${account.address} on chain ${account.chain}${account.exists ? '' : ': no record'}`,
      `consumer ${tokenText(account.consumer)}, reserved ${tokenText(account.reserved.consumer)}`,
      `industrial ${tokenText(account.industrial)}, reserved ${tokenText(account.reserved.industrial)}`,
      `nonce ${account.nonce}, next ${account.nextNonce}, mana ${account.mana}`,
      asOf(account.asOf)
    ]
  )
  addOption(accountCommand, { flags: '--chain <chain>', help: 'another chain than the account’s home' })
  add(
    query,
    ['claims <validator>', 'what a validator key has earned and can claim, and its stake'],
    (client, [validator = '']) => client.call('claim_list', { validator }),
    ({ claims, stake }) => [
      ...claims.map(
        ({ chain, consumer, industrial }) =>
          `chain ${chain}: consumer ${tokenText(consumer)}, industrial ${tokenText(industrial)}`
      ),
      `stake: consumer ${tokenText(stake.consumer)}, industrial ${tokenText(stake.industrial)}`
    ]
  )
  add(
    query,
    ['supply [chain]', 'where all tokens lie, per chain'],
    (client, [chain = '']) => client.call('supply_get', chain === '' ? {} : { chain: chainOf(chain) }),
    ({ chains }) =>
      chains.flatMap((supply) => [
        `chain ${supply.chain} at height ${supply.asOf.height}`,
        ...(['consumer', 'industrial'] as const).map((token) => {
          const parts = Object.entries(supply[token]).filter(([, amount]) => amount !== '0')
          return `  ${token}: ${parts.map(([part, amount]) => `${part} ${tokenText(amount)}`).join(', ')}`
        })
      ])
  )
}

function registerReceipts(query: Command): void {
  add(
    query,
    ['receipt <source> <destination> <sequence>', 'where a receipt between two shards stands'],
    (client, [source = '', destination = '', sequence = '']) =>
      client.call('receipt_status', {
        source: chainOf(source),
        destination: chainOf(destination),
        sequence: sequenceOf(sequence)
      }),
    (receipt) => [receiptLine(receipt)]
  ).addHelpText('after', '\nExample: icn query receipt 0 1 17')
  add(
    query,
    ['atomic <id>', 'where an atomic action stands: phase of each shard, deadline, outcome'],
    (client, [id = '']) => client.call('atomic_get', { id }),
    ({ record, held }) => [
      ...(record === undefined ? ['no record on the followed chains'] : atomicLines(record)),
      ...held.map(
        ({ chain, phase, consumer, industrial }) =>
          `chain ${chain} holds, ${phase}: consumer ${tokenText(consumer)}, industrial ${tokenText(industrial)}`
      )
    ]
  ).addHelpText('after', '\nExample: icn query atomic 5e2f…')
  add(
    query,
    ['lanes <chain>', 'what a chain has sent to and received from each other chain'],
    (client, [chain = '']) => client.call('lane_list', { chain: chainOf(chain) }),
    ({ lanes, ...answer }) => [
      ...(lanes.length === 0 ? ['no lane was used yet'] : lanes.flatMap(laneLines)),
      asOf(answer.asOf)
    ]
  ).addHelpText('after', '\nExample: icn query lanes 0')
}

function sequenceOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new CliError(`no sequence ${text}: expected a number from 0`)
  return Number(text)
}

function receiptLine({ source, destination, sequence, status, place, reason, refund }: ReceiptJson): string {
  const where = place === undefined ? '' : ` at chain ${place.chain} height ${place.height}`
  const why = reason === undefined ? '' : `: ${reason}`
  const back = refund === undefined ? '' : `, refund ${destination} to ${source} ${refund}`
  return `receipt ${source} to ${destination} ${sequence}: ${status}${why}${where}${back}`
}

function atomicLines(record: AtomicRecordJson): string[] {
  const { coordinator, outcome, reason, height, deadline, decidedAt, endedAt, parts } = record
  const why = reason === undefined ? '' : `: ${reason}`
  const decided = decidedAt === undefined ? '' : `, decided at ${decidedAt}`
  const over = endedAt === undefined ? '' : `, ended at ${endedAt}`
  return [
    `coordinator ${coordinator}: ${outcome}${why}`,
    `begun at ${height}, deadline ${deadline}${decided}${over}`,
    ...parts.map(
      (part) => `chain ${part.chain}: ${part.phase}${part.reason === undefined ? '' : `: ${part.reason}`}`
    )
  ]
}

function laneLines({ other, out, in: inbound }: LaneJson): string[] {
  const sum = (of: { readonly consumer: string; readonly industrial: string }): string =>
    `consumer ${tokenText(of.consumer)}, industrial ${tokenText(of.industrial)}`
  return [
    ...(out === undefined
      ? []
      : [
          `to ${other}: ${out.next} sent, ${out.acknowledged} acknowledged, ${out.bytes} bytes kept; ${sum(out)}`
        ]),
    ...(inbound === undefined
      ? []
      : [`from ${other}: ${inbound.cursor} received, ${inbound.refunds} sent back; ${sum(inbound)}`])
  ]
}

function registerNode(query: Command): void {
  const peersCommand = add(
    query,
    ['peers', 'connected peers, and bans in force'],
    (client, _args, { chain }) =>
      client.call('node_peers', chain === undefined ? {} : { chain: chainOf(chain) }),
    ({ peers, bans }) => [
      `${peers.length} peers`,
      ...peers.map(({ peer, address, direction, role, score, chains }) => {
        return `${peer} ${address} ${direction} ${role} score ${score} chains ${chains.map((each) => each.chain).join(',')}`
      }),
      ...bans.map(({ peer, untilMs, reason }) => {
        return `${peer} banned until ${new Date(untilMs).toISOString()}: ${reason}`
      })
    ]
  )
  addOption(peersCommand, { flags: '--chain <chain>', help: 'only those that follow this chain' })
  add(
    query,
    ['sync', 'mode and heights of every followed chain'],
    (client) => client.call('node_sync', {}),
    ({ chains }) => chains.map(syncLine)
  )
}

/** With a bar of progress where a person looks. */
function syncLine({
  chain,
  mode,
  head,
  final,
  target,
  claimed,
  blocksPerS,
  etaMs,
  peers,
  reason
}: ChainSync): string {
  const why = reason === null ? '' : `: ${reason}`
  const goal = Math.max(target, claimed)
  const isBehind = mode !== 'live' && goal > final
  const bar = isBehind && process.stdout.isTTY ? ` ${progressBar(final, goal)}` : ''
  const left = etaMs === null ? '' : `, ${Math.ceil(etaMs / 1_000)} s left`
  const pace = isBehind ? `, ${blocksPerS} blocks/s${left}` : ''
  return `chain ${chain}: ${mode}${bar}, head ${head}, final ${final}, target ${target}${pace}, peers ${peers}${why}`
}
