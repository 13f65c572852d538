// Reads .heapsnapshot files with the code that the Memory tab of Chrome's DevTools reads them with.
//
//     node devtools.mjs FILE [--newer FILE] [--retained OUT] [--path CLASS] [--seconds]
//
// chrome-devtools-frontend, as published in the npm registry, is looked for in the node_modules of
// the current folder; the part that is needed is bundled once and kept beside it. Prints one JSON
// object:
//
//     nodes          how many there are
//     warnings       what DevTools would say in its console
//     aggregates     {class: {count, self, retained, distance}}, as in the table "Summary"
//     diff           with --newer: {class: {added, removed, delta}} as in the table "Comparison"
//     path           with --path: the shortest way up from the first object of the class, as in
//                    the table "Retainers": [[reference, object that holds it], ...]
//     seconds        with --seconds: {load, aggregates}
//
// --retained writes the retained sizes of all nodes, in their order, as doubles in the machine's
// byte order.

import crypto from 'node:crypto';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {parseArgs} from 'node:util';
import {MessageChannel} from 'node:worker_threads';

const MODULES = path.resolve('node_modules');
const PARTS = 'chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker';
const ENTRY = `
export {HeapSnapshotLoader} from '${PARTS}/HeapSnapshotLoader.ts';
export {SecondaryInitManager} from '${PARTS}/HeapSnapshot.ts';
`;
// Chrome's build makes this file from the list of translations.
const LOCALES = `
export const LOCALES = ['en-US'], BUNDLED_LOCALES = ['en-US'], DEFAULT_LOCALE = 'en-US';
export const REMOTE_FETCH_PATTERN = '', LOCAL_FETCH_PATTERN = '';
`;

async function bundle() {
  const digest = crypto.createHash('sha256').update(ENTRY + LOCALES).digest('hex').slice(0, 10);
  const out = path.resolve(`devtools-${digest}.mjs`);
  if (!fs.existsSync(out)) {
    const esbuild = createRequire(MODULES + path.sep)('esbuild');
    const locales = {
      name: 'locales',
      setup(build) {
        build.onResolve({filter: /\/locales\.js$/}, () => ({path: 'locales', namespace: 'made'}));
        build.onLoad({filter: /.*/, namespace: 'made'}, () => ({contents: LOCALES}));
      },
    };
    await esbuild.build({
      stdin: {contents: ENTRY, resolveDir: path.resolve('.')},
      outfile: `${out}.${process.pid}`,
      bundle: true,
      platform: 'node',
      format: 'esm',
      plugins: [locales],
      logLevel: 'warning',
    });
    fs.renameSync(`${out}.${process.pid}`, out);
  }
  return import(pathToFileURL(out));
}

// What Chrome has and node 20 has not.
Promise.withResolvers ??= function() {
  const ret = {};
  ret.promise = new Promise((resolve, reject) => Object.assign(ret, {resolve, reject}));
  return ret;
};

const {values: options, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    newer: {type: 'string'},
    retained: {type: 'string'},
    path: {type: 'string'},
    seconds: {type: 'boolean'},
  },
});
const {HeapSnapshotLoader, SecondaryInitManager} = await bundle();
const warnings = [];
console.warn = text => warnings.push(text);

async function load(file) {
  const loader = new HeapSnapshotLoader({sendEvent() {}});
  const chunks = fs.createReadStream(file, {encoding: 'utf8', highWaterMark: 1 << 20});
  for await (const chunk of chunks) {
    loader.write(chunk);
  }
  loader.close();
  const channel = new MessageChannel();
  new SecondaryInitManager(channel.port2);
  try {
    return await loader.buildSnapshot(channel.port1);
  } finally {
    channel.port1.close();
  }
}

const result = {seconds: {}};
let begun = performance.now();
function took(what) {
  result.seconds[what] = (performance.now() - begun) / 1000;
  begun = performance.now();
}

const snapshot = await load(positionals[0]);
took('load');
const aggregates = snapshot.getAggregatesByClassKey(true, 'allObjects');
took('aggregates');
if (!options.seconds) {
  delete result.seconds;
}

// Class keys begin with the place of the class in a script, which there is none of: ",name".
result.nodes = snapshot.nodeCount;
result.aggregates = {};
for (const [key, {count, self, maxRet: retained, distance}] of Object.entries(aggregates)) {
  result.aggregates[key.slice(1)] = {count, self, retained, distance};
}

if (options.retained) {
  fs.writeFileSync(options.retained, new Uint8Array(snapshot.retainedSizes.buffer));
}

if (options.path) {
  const node = snapshot.createNode(aggregates[',' + options.path].idxs[0]);
  result.path = [];
  while (node.distance() > 1) {
    let nearest = null;
    for (let it = node.retainers(); it.hasNext(); it.next()) {
      const edge = it.item();
      if (!edge.isWeak() && !edge.node().isRoot() &&
          (!nearest || edge.node().distance() < nearest.node().distance())) {
        nearest = edge.clone();
      }
    }
    result.path.push([nearest.toString(), nearest.node().name()]);
    node.nodeIndex = nearest.nodeIndex();
  }
}

if (options.newer) {
  const newer = await load(options.newer);
  const older = snapshot.aggregatesForDiff(newer.interfaceDefinitions());
  const diff = newer.calculateSnapshotDiff(1, older);
  result.diff = {};
  for (const [key, {addedCount: added, removedCount: removed, countDelta: delta}] of Object.entries(diff)) {
    result.diff[key.slice(1)] = {added, removed, delta};
  }
}
result.warnings = warnings;
process.stdout.write(JSON.stringify(result) + '\n');
