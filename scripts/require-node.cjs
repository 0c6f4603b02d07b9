// Runs before the TypeScript sources do: an older Node would stop at them with a message that helps nobody.
const WANTED_MAJOR = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < WANTED_MAJOR) {
  console.error(
    `Hubkeeper runs on Node ${WANTED_MAJOR} or newer; this is Node ${process.versions.node}. ` +
      'Run "npm ci" (without --ignore-scripts): it brings the right Node into node_modules/.bin, ' +
      'which npm scripts find first.',
  );
  process.exit(1);
}
