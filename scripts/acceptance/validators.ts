/**
 * Who sits and who leads, on a network of processes, read as a user reads it: a fifth validator comes, one is killed and
 * comes back, one leaves, and one signs twice. Epochs of 24 blocks at half a second.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client } from '../../src/client/client.ts'
import type { ChainJson, CommitteeJson, EpochJson, HeaderJson } from '../../src/client/types.ts'
import type { DutiesJson, EvidenceList, ValidatorJson } from '../../src/client/validator-types.ts'
import type { Devnet } from '../../src/devnet/devnet.ts'
import { prepareNode } from '../../src/devnet/directory.ts'
import type { PlannedNode } from '../../src/devnet/plan.ts'
import { startArguments } from '../../src/devnet/plan.ts'
import { spawnProcess } from '../../src/devnet/processes.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { newKey, publicFacts, readKeyFile, writeKeyFile } from '../../src/node/keys.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import { must } from '../../src/primitives/errors.ts'
import { Client as RpcClient } from '../../src/client/client.ts'
import { ratio, say } from './bars.ts'
import type { Bars, Scenario } from './bars.ts'
import { BASE_PORT, withDevnet } from './devnet.ts'
import {
  CHAINS,
  Commands,
  INTERVAL_MS,
  Standing,
  boundariesOf,
  headersFrom,
  ledBy,
  skippedIn,
  until,
  votedFor,
  writeNetwork
} from './validator-scene.ts'

/** Begins it, in its data directory: `test/support/equivocator.ts`, which only its own process loads. */
const EQUIVOCATE = 'equivocate'
const EQUIVOCATOR = fileURLToPath(new URL('../../test/support/equivocator.js', import.meta.url))

/** By number: 0 is asked and vouches, 1 leaves, 2 signs twice, 3 is killed, 4 joins. */
const [ASKED, LEAVES, TWICE, KILLED, JOINS] = [0, 1, 2, 3, 4]
/** Views without a block, of which five in a row would exclude (COOP-19). */
const SKIPPED = 3
/** Of what it had before: by how much its share has to rise again. */
const RISE = 0.1

interface Scene {
  readonly net: Devnet
  readonly bars: Bars
  readonly client: Client
  readonly commands: Commands
  readonly keyFile: (index: number) => string
  readonly key: (index: number) => string
}

export const validators: Scenario = async (data, bars) => {
  const genesis = await writeNetwork(join(dirname(data), 'network'), 4)
  await withDevnet(data, (net) => play(net, bars), bars, {
    genesis,
    shards: 1,
    nodeOptions: (index) => (index === TWICE ? ['--import', EQUIVOCATOR] : [])
  })
}

async function play(net: Devnet, bars: Bars): Promise<string[]> {
  const keyFile = (index: number): string => join(net.plan.keys, `validator-${index}.json`)
  await writeKeyFile(keyFile(JOINS), newKey('validator'))
  const key = (index: number): string => toHex(readKeyFile(keyFile(index), 'validator').publicKey)
  const { client, plan } = net.node(ASKED)
  const scene: Scene = { net, bars, client, commands: new Commands(plan.rpc), keyFile, key }
  const fifth: PlannedNode = {
    ...net.node(KILLED).plan,
    index: JOINS,
    name: `node-${JOINS}`,
    data: join(net.plan.data, `node-${JOINS}`),
    log: join(net.plan.data, `node-${JOINS}.log`),
    libp2pPort: BASE_PORT + 2 * JOINS,
    rpcPort: BASE_PORT + 2 * JOINS + 1,
    rpc: `http://127.0.0.1:${BASE_PORT + 2 * JOINS + 1}`,
    key: keyFile(JOINS)
  }
  await prepareNode(net.plan, fifth)
  const newcomer = await spawnProcess(startArguments(fifth, net.bootstrap), { log: fifth.log })
  const standing = new Standing(client, scene.commands, key(KILLED))
  let absence: Absence = { fromEpoch: 0 }
  try {
    const acts = {
      joins: () => joins(scene),
      deregisters: () => asksToLeave(scene),
      'is killed': async () => void (absence = await isKilled(scene, standing)),
      'signs twice': () => signsTwice(scene, fifth),
      leaves: () => leaves(scene),
      recovers: () => recovers(scene, standing, absence),
      crossings: () => crossings(scene)
    }
    for (const [name, act] of Object.entries(acts)) {
      const fromMs = performance.now()
      await act()
      say(`  ${name}: ${Math.round((performance.now() - fromMs) / 1_000)} s`)
    }
  } finally {
    await standing.stop()
    await newcomer.stop()
  }
  return [fifth.data]
}

/** Said by the command as a user sees it. */
async function does(scene: Scene, what: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await scene.commands.run('validator', ...args)
  scene.bars.check(what, code === 0, (stdout.trim() || stderr.trim()).split('\n').at(-1) ?? '')
}

async function dutiesOf({ commands }: Scene, validator: string): Promise<DutiesJson> {
  const { stdout, stderr } = await commands.run('validator', 'status', '--validator', validator, '--json')
  if (stdout === '') throw new RangeError(`icn validator status: ${stderr.trim()}`)
  return JSON.parse(stdout) as DutiesJson
}

async function joins(scene: Scene): Promise<void> {
  const { bars, client, commands, keyFile, key } = scene
  const own = key(JOINS)
  const vouching = ['register', '--key', keyFile(ASKED), '--validator', own]
  await does(scene, 'a fifth validator is registered', vouching)
  const duties = await until('it said that it is ready', async () => {
    const found = await dutiesOf(scene, own)
    return found.ready > 0 ? found : undefined
  })
  const epoch = await epochAt(scene, duties.ready)
  const { coordHeights } = await commands.query<EpochJson>('epoch', 'coord', String(epoch))
  const isInTime = duties.ready <= coordHeights.freeze
  say(`  ready at height ${duties.ready}, epoch ${epoch}, frozen at ${coordHeights.freeze}`)
  const firstEpoch = await until('it sits', async () => {
    const { seats } = await commands.query<ValidatorJson>('validator', own)
    return seats.length < CHAINS.length ? undefined : Math.min(...seats.map((seat) => seat.epoch))
  })
  const frozenNext = epoch + (isInTime ? 1 : 2)
  bars.check('it sits from the epoch that is frozen next on', firstEpoch === frozenNext, firstEpoch)
  for (const chain of CHAINS) {
    const led = await until(`it leads on ${chain}`, async () => {
      return ledBy(await headersFrom(client, chain, 0), own).at(-1)
    })
    bars.check(`it leads on ${chain}`, true, `view ${led.view} of epoch ${led.epoch}`)
    const voted = await until(`it votes on ${chain}`, async () => {
      const newest = (await headersFrom(client, chain, led.height)).at(-1)
      return newest !== undefined && (await votedFor(client, newest, own)) ? newest : undefined
    })
    bars.check(`it votes on ${chain}`, true, `view ${voted.view} of epoch ${voted.epoch}`)
  }
  const nodeKey = dataPaths(join(scene.net.plan.data, `node-${JOINS}`)).nodeKey
  await does(scene, 'it names its node', ['bind', '--key', keyFile(JOINS), '--node', nodeKey])
  const { peer } = await publicFacts(readKeyFile(nodeKey, 'node'))
  const { node } = await dutiesOf(scene, own)
  bars.check('the registry shows its node', node !== undefined && node === peer, node ?? null)
  const shown = (await commands.run('query', 'validators', 'coord')).stdout
  const says = /n 5, quorum 4, f 1, cooperatives in a quorum \d/.test(shown) && shown.includes('\n  ')
  bars.check('quorum, f and k, and why', says, shown.split('\n')[0] ?? '')
}

async function epochAt({ client }: Scene, height: number): Promise<number> {
  const { blocks } = await client.call('chain_blocks', { chain: 'coord', from: height, limit: 1 })
  return must(blocks[0], 'a final block').header.epoch
}

interface Absence {
  readonly fromEpoch: number
}

/** Down until three of its views gave no block on a chain: five in a row would cost it its seat. */
async function isKilled({ net, client }: Scene, standing: Standing): Promise<Absence> {
  await until('two epochs are known of it', async () => (standing.samples.length >= 2 ? true : undefined))
  const heads = await Promise.all(CHAINS.map((chain) => client.call('chain_head', { chain })))
  await net.node(KILLED).kill()
  const fromEpoch = must(standing.samples.at(-1), 'a sample').epoch
  const skipped = await until('its views are skipped', async () => {
    const counts = await Promise.all(
      CHAINS.map(async (chain, index) =>
        skippedIn(await headersFrom(client, chain, heads[index]?.asOf.height ?? 0))
      )
    )
    return Math.max(...counts) >= SKIPPED ? counts : undefined
  })
  await net.startNode(KILLED)
  const toEpoch = must(standing.samples.at(-1), 'a sample').epoch
  say(`  killed in epoch ${fromEpoch}, started again in ${toEpoch}; views skipped ${skipped.join(', ')}`)
  return { fromEpoch }
}

async function recovers(scene: Scene, standing: Standing, { fromEpoch }: Absence): Promise<void> {
  const { bars, client, key } = scene
  const { samples } = standing
  const before = must(
    samples.findLast(({ epoch }) => epoch <= fromEpoch),
    'a sample from before'
  )
  const back = await until('its share rises again', async () => {
    const after = samples.filter(({ epoch }) => epoch > fromEpoch)
    const low = after.findIndex(({ share }) => share === Math.min(...after.map((each) => each.share)))
    const least = (after[low]?.share ?? 0) + RISE * before.share
    return after.find(({ share }, index) => index > low && share >= least)
  })
  await until('it leads again', async () => {
    const newest = ledBy(await headersFrom(client, 'coord', 0), key(KILLED)).at(-1)
    return newest !== undefined && newest.epoch >= back.epoch ? true : undefined
  })
  bars.check('it leads again', true, `epoch ${back.epoch}, killed in ${fromEpoch}`)
  const led = ledBy(await headersFrom(client, 'coord', 0), key(KILLED))
  for (const { epoch, share, score } of samples) {
    const blocks = led.filter((header) => header.epoch === epoch).length
    say(
      `  epoch ${epoch}: score ${score / 1e6}, share of views ${share} of the average, ${blocks} blocks led`
    )
  }
  const after = samples.filter(({ epoch }) => epoch > fromEpoch)
  for (const what of ['score', 'share'] as const) {
    const lowest = Math.min(...after.map((sample) => sample[what]))
    const last = must(after.at(-1), 'a sample from after')[what]
    bars.atMost(`${what} after it was killed, of before`, ratio(lowest, before[what]), 0.9)
    bars.atLeast(
      `${what} at the end, of before, above the lowest by`,
      ratio(last - lowest, before[what]),
      RISE
    )
  }
}

async function asksToLeave(scene: Scene): Promise<void> {
  const { bars, commands, keyFile, key } = scene
  await does(scene, 'another is deregistered', ['deregister', '--key', keyFile(LEAVES)])
  const early = await commands.run('validator', 'leave', '--validator', key(LEAVES))
  bars.check('it may not stop at once', early.code === 1, early.stdout.trim().split('\n').at(1) ?? '')
}

async function leaves({ net, bars, client, commands, key }: Scene): Promise<void> {
  const own = key(LEAVES)
  const seenOut = await until('it is seen out', async () => {
    const { code, stdout } = await commands.run('validator', 'leave', '--validator', own)
    return code === 0 ? stdout : undefined
  })
  bars.check('it is seen out of every chain', true, seenOut.trim().split('\n').at(-1) ?? '')
  await net.node(LEAVES).stop()
  const from = await Promise.all(CHAINS.map((chain) => client.call('chain_head', { chain })))
  for (const [index, chain] of CHAINS.entries()) {
    const first = (from[index]?.asOf.height ?? 0) + 1
    const later = await until(`${chain} goes on`, async () => {
      const headers = await headersFrom(client, chain, first)
      return headers.length >= 8 ? headers : undefined
    })
    const views = skippedIn(later)
    bars.check(
      `${chain} goes on without it, no view lost`,
      views === 0 && ledBy(later, own).length === 0,
      views
    )
  }
}

async function signsTwice(scene: Scene, fifth: PlannedNode): Promise<void> {
  const { net, bars, key } = scene
  const own = key(TWICE)
  const fromMs = performance.now()
  const order = join(net.node(TWICE).plan.data, EQUIVOCATE)
  writeFileSync(order, '')
  const nodes = [net.node(ASKED).plan, net.node(TWICE).plan, net.node(KILLED).plan, fifth]
  const views = nodes.map(({ name, rpc }) => ({ name, commands: new Commands(rpc), rpc }))
  const proven = await until('it is proven', async () => {
    const { offences } = await scene.commands.query<EvidenceList>('evidence')
    return offences.find(({ validator, level }) => validator === own && level > 0)
  })
  // What it signed in one epoch counts once; it is seated for some blocks more.
  rmSync(order)
  bars.check(`who signs twice is proven`, proven.level === 1, `${proven.kind} at height ${proven.height}`)
  say(`  proven after ${Math.round((performance.now() - fromMs) / 100) / 10} s`)
  await Promise.all(views.map((view) => expectExcluded(bars, view, { own, offence: proven.id })))
  const shown = await scene.commands.run('query', 'validator', own)
  say(`  ${shown.stdout.split('\n').find((line) => line.startsWith('sanction')) ?? ''}`)
}

interface View {
  readonly name: string
  readonly commands: Commands
  readonly rpc: string
}

async function expectExcluded(
  bars: Bars,
  { name, commands, rpc }: View,
  { own, offence }: { readonly own: string; readonly offence: string }
): Promise<void> {
  const facts = await until(`${name} has excluded it`, async () => {
    const found = await commands.query<ValidatorJson>('validator', own)
    return found.sanction.excluded && found.seats.length === 0 ? found : undefined
  })
  const { level, penalty } = facts.sanction
  const points = Number(penalty) / 1e6
  const [{ offences }, ...committees] = await Promise.all([
    commands.query<EvidenceList>('evidence'),
    ...CHAINS.map((chain) => membersOf(commands, chain))
  ])
  const isListed = offences.some(({ id }) => id === offence)
  const isOut = committees.every((members) => !members.includes(own))
  const isSanctioned = level === 1 && points === 5
  bars.check(
    `${name}: sanctioned, listed, in no committee`,
    isSanctioned && isListed && isOut,
    `level ${level}, ${points} points`
  )
  await expectNoBlocks(new RpcClient({ url: rpc }), bars, { name, own })
}

async function membersOf(commands: Commands, chain: ChainJson): Promise<string[]> {
  const { validators: members } = await commands.query<CommitteeJson>('validators', String(chain))
  return members.map(({ validator }) => validator)
}

/** In the epoch in which it sits nowhere. */
async function expectNoBlocks(
  client: Client,
  bars: Bars,
  { name, own }: { readonly name: string; readonly own: string }
): Promise<void> {
  const headers = await headersFrom(client, 'coord', 0)
  const { epoch } = must(headers.at(-1), 'a block')
  const led = ledBy(headers, own).filter((header) => header.epoch >= epoch)
  bars.check(`${name}: none of its blocks in epoch ${epoch}`, led.length === 0, led.length)
}

/** An end of an epoch whose next leader was down lost a view to that, not to the end. */
async function crossings({ bars, client }: Scene): Promise<void> {
  for (const chain of CHAINS) {
    const headers: HeaderJson[] = await headersFrom(client, chain, 0)
    const all = boundariesOf(headers)
    const counted = all.filter(({ skipped }) => skipped === 0)
    say(
      `  ${chain}: ms from the last block of an epoch to the first of the next: ${all.map(shown).join(' ')}`
    )
    const longest = Math.max(...counted.map(({ gapMs }) => gapMs))
    bars.atLeast(`ends of epochs on ${chain} with their leaders up`, counted.length, 5)
    bars.atMost(`block intervals from one epoch to the next on ${chain}`, longest / INTERVAL_MS, 2)
  }
}

const shown = ({ gapMs, skipped }: { readonly gapMs: number; readonly skipped: number }): string =>
  skipped === 0 ? String(gapMs) : `${gapMs} (${skipped} skipped)`
