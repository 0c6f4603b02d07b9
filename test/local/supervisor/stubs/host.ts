import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

// Stands in for the Functions host: answers with its environment, ends when asked to, and with its standard input.

if (process.env.STUB_HOST_FAILS !== undefined) throw new Error('the stub was told to fail');

const { values } = parseArgs({ strict: false, options: { port: { type: 'string' } } });
const server = createServer((request, response) => {
  if (request.url === '/exit') process.exit(3);
  response.end(JSON.stringify(process.env));
});
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('There is no port.');
  const origin = `http://127.0.0.1:${address.port}`;
  console.log('a log line before the report');
  console.log(JSON.stringify({ ready: true, functions: origin, control: `${origin}/_host` }));
});
process.stdin.on('end', () => process.exit(0)).resume();
