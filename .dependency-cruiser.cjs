/** Import walls. `npm run walls` checks them; `test/walls.test.ts` proves that each of them is found when broken. */

const AZURE_SDK = 'node_modules/@azure/';
const WORLD = '^(node:)?(fs|fs/promises|http|https|http2|net|tls|dgram|dns|dns/promises|child_process|worker_threads)$';
const BARE_FILES = '^lib/(json|problem)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that run each other are one module: merge them or move what they share. Types may be mutual.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'Every import names a file or an installed package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@azure/functions-core$' },
    },
    {
      name: 'no-development-packages-in-the-product',
      comment: 'The product runs on its dependencies alone.',
      severity: 'error',
      from: { path: '^(functions|orchestrations|lib)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'lib-knows-nobody-above',
      comment: 'Dependencies point one way: functions, orchestrations, lib.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(functions|orchestrations|bench|test|scripts)/' },
    },
    {
      name: 'orchestrations-know-no-functions',
      comment: 'Dependencies point one way: functions, orchestrations, lib.',
      severity: 'error',
      from: { path: '^orchestrations/' },
      to: { path: '^(functions|bench|test|scripts)/' },
    },
    {
      name: 'functions-know-no-tests',
      comment: 'Dependencies point one way: functions, orchestrations, lib.',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^(bench|test|scripts)/' },
    },
    {
      name: 'product-knows-no-local',
      comment: 'The product holds no branch for the local environment: only settings differ.',
      severity: 'error',
      from: { path: '^(functions|orchestrations|lib)/' },
      to: { path: '^local/' },
    },
    {
      name: 'local-knows-no-product',
      comment: "The simulation would share the product's mistakes.",
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^(functions|orchestrations|lib|test|bench)/' },
    },
    {
      name: 'plan-knows-no-azure',
      comment: 'The planner works on plain data.',
      severity: 'error',
      from: { path: '^lib/plan/' },
      to: { path: AZURE_SDK },
    },
    {
      name: 'plan-stands-alone',
      comment: 'The planner is handed everything it needs.',
      severity: 'error',
      from: { path: '^lib/plan/' },
      to: { path: '^lib/', pathNot: ['^lib/plan/', BARE_FILES] },
    },
    {
      name: 'state-knows-no-reconciler',
      comment: 'What is stored has its form in the stores, whoever stores it.',
      severity: 'error',
      from: { path: '^lib/state/' },
      to: { path: '^lib/reconcile/' },
    },
    {
      name: 'decisions-know-no-azure',
      comment: 'Decisions are pure functions; adapters touch the world.',
      severity: 'error',
      from: { path: '^lib/(baseline|drift|egress|protection|ingress)/' },
      to: { path: AZURE_SDK },
    },
    {
      name: 'decisions-touch-no-adapter',
      comment: 'Decisions are pure functions; adapters touch the world.',
      severity: 'error',
      from: { path: '^lib/(baseline|egress|protection|ingress)/' },
      to: { path: '^lib/(azure|kubernetes|state|cli)/' },
    },
    {
      name: 'decisions-touch-no-world',
      comment: 'Decisions are pure functions: no files, no sockets, no processes.',
      severity: 'error',
      from: { path: '^lib/(plan|baseline|drift|egress|protection|ingress)/' },
      to: { path: WORLD, dependencyTypes: ['core'] },
    },
    {
      name: 'orchestrators-touch-nothing',
      comment: 'An orchestrator is replayed: what is not in its history must not reach it.',
      severity: 'error',
      from: { path: '^orchestrations/', pathNot: ['^orchestrations/activities/', '[.-]activity\\.ts$'] },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    // TypeScript 7 has no parser that other programs can call.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
