// Stands in for Azurite: reports, and ends with its standard input.

const origin = 'http://127.0.0.1:1';
console.log(
  JSON.stringify({ ready: true, blob: `${origin}/account`, queue: `${origin}/account`, table: `${origin}/account` }),
);
process.stdin.on('end', () => process.exit(0)).resume();
