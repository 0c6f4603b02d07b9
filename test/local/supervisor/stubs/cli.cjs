// Stands in for the command line tool: notes how it was called, then ends as it was told to.
const fs = require('node:fs');

const { HUBKEEPER_URL, HUBKEEPER_KEY, STUB_CLI_CALLS, STUB_CLI_EXIT_CODE, STUB_CLI_HANGS } = process.env;
const call = { arguments: process.argv.slice(2), url: HUBKEEPER_URL, key: HUBKEEPER_KEY };
fs.appendFileSync(STUB_CLI_CALLS, `${JSON.stringify(call)}\n`);
if (STUB_CLI_HANGS === undefined) process.exit(Number(STUB_CLI_EXIT_CODE ?? 0));
setInterval(() => {}, 1000);
