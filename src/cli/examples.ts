/** Examples in the help of commands that do not bring their own. */
const KEY = '5b2c…'

export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  keys: ['icn keys new --type validator --out validator.json', 'icn keys show --devnet user3'],
  'keys guard': [
    'icn keys guard export --data node-0 --validator validator.json --out guard.json',
    'icn keys guard import guard.json --data node-9 --validator validator.json'
  ],
  genesis: [
    'icn genesis new --preset devnet --validators 4 --shards 2 --out net',
    'icn genesis check net/genesis.json'
  ],
  snapshot: [
    'icn snapshot export --data node-0 --out state.snapshot',
    'icn snapshot import state.snapshot --data node-9'
  ],
  chain: ['icn chain export --data node-0 --out blocks.icn', 'icn chain import blocks.icn --data node-9'],
  tx: [
    'icn tx transfer --devnet user0 --to user3 --consumer 1.5 --wait',
    'icn tx claim --from validator.json --chain 1 --to user3 --wait'
  ],
  validator: [
    `icn validator register --key sponsor.json --validator ${KEY} --cooperative 3`,
    `icn validator status --validator ${KEY}`
  ],
  'validator register': [`icn validator register --key sponsor.json --validator ${KEY} --cooperative 3`],
  'validator ready': ['icn validator ready --key validator.json'],
  'validator deregister': ['icn validator deregister --key validator.json'],
  'validator release': ['icn validator release --key validator.json --shard 1'],
  'validator renew': ['icn validator renew --key validator.json --shard 1'],
  'validator bind': ['icn validator bind --key validator.json --node node-0/keys/node.json'],
  'validator unstake': ['icn validator unstake --key validator.json --consumer 50 --to user3'],
  'validator dispute': ['icn validator dispute --key validator.json --offence 9c41… --text why.txt'],
  'validator status': [`icn validator status --validator ${KEY}`],
  'validator leave': [`icn validator leave --validator ${KEY}`],
  'query head': ['icn query head coord'],
  'query block': ['icn query block 0 12', 'icn query block coord 12 --raw --json'],
  'query validators': ['icn query validators 0', 'icn query validators coord 3'],
  'query epoch': ['icn query epoch 0'],
  'query leaders': ['icn query leaders 0 20'],
  'query validator': [`icn query validator ${KEY}`],
  'query ranking': ['icn query ranking', 'icn query ranking validation'],
  'query evidence': ['icn query evidence 50'],
  'query cooperatives': ['icn query cooperatives --json'],
  'query tx': ['icn query tx 1f0e…'],
  'query account': ['icn query account user3', 'icn query account icn1… --chain coord'],
  'query claims': [`icn query claims ${KEY}`],
  'query supply': ['icn query supply', 'icn query supply 0'],
  'query peers': ['icn query peers --rpc http://127.0.0.1:9001'],
  'query sync': ['icn query sync --rpc http://127.0.0.1:9001'],
  'verify committees': ['icn verify committees --genesis genesis.json --rpc http://127.0.0.1:9001']
}

export function exampleText(path: string): string | undefined {
  const lines = EXAMPLES[path]
  if (lines === undefined) return undefined
  return lines.length === 1 ? `\nExample: ${lines.join('')}` : `\nExamples:\n  ${lines.join('\n  ')}`
}
