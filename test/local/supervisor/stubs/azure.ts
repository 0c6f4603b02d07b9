import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

// Stands in for the simulated Azure: listens, reports, and ends with its standard input.

const { values } = parseArgs({
  strict: false,
  options: { port: { type: 'string' }, certificates: { type: 'string' } },
});
const caFile = join(String(values.certificates), 'ca.pem');
writeFileSync(caFile, 'CERTIFICATE OF THE STUB\n');

const server = createServer((_request, response) => response.end('azure'));
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('There is no port.');
  const origin = `http://127.0.0.1:${address.port}`;
  console.log(
    JSON.stringify({
      ready: true,
      arm: origin,
      caFile,
      identityEndpoint: `${origin}/token`,
      // Another one after each start where the test wants the host to notice.
      identityHeader: process.env.STUB_NEW_IDENTITY === undefined ? 'header' : String(process.pid),
      storageCertificateFile: caFile,
      storageKeyFile: caFile,
    }),
  );
});
process.stdin.on('end', () => process.exit(0)).resume();
