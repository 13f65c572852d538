// Reads .heapsnapshot files with memlab, as published in the npm registry.
//
//     node memlab.mjs FILE [--class NAME] [--retained OUT] [--seconds]
//     node memlab.mjs --growing FOLDER
//
// memlab is looked for in the node_modules of the current folder. The first prints one JSON object:
//
//     nodes      how many there are
//     found      with --class: how many objects of this class there are
//     path       with --class: memlab's path from a root to the first of them:
//                [object, reference, object, reference, ..., object]
//     seconds    with --seconds: {load}; reading, shortest paths, dominators
//
// --retained writes the retained sizes of all nodes, in their order, as doubles in the machine's
// byte order. The second prints what `memlab analyze unbound-object` says of the snapshots in
// FOLDER (s1.heapsnapshot, s2.heapsnapshot, ...).

import fs from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';

const {values: options, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    class: {type: 'string'},
    retained: {type: 'string'},
    growing: {type: 'string'},
    seconds: {type: 'boolean'},
  },
});

// memlab says what it does on standard output, and keeps a folder for what it finds.
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = (text, ...rest) => process.stderr.write(text, ...rest);
const workDir = fs.mkdtempSync(path.join(os.tmpdir(), 'memlab-'));
process.on('exit', () => fs.rmSync(workDir, {recursive: true, force: true}));

const require = createRequire(path.resolve('node_modules') + path.sep);
const {getFullHeapFromFile, ObjectUnboundGrowthAnalysis} = require('@memlab/heap-analysis');

async function growing(folder) {
  const analysis = new ObjectUnboundGrowthAnalysis();
  const {analysisOutputFile} = await analysis.analyzeSnapshotsInDirectory(folder, {workDir});
  answer(fs.readFileSync(analysisOutputFile, 'utf8'));
}

function pathTo(node) {
  const steps = [node.name];
  for (let at = node; at.pathEdge; at = at.pathEdge.fromNode) {
    steps.unshift(at.pathEdge.fromNode.name, String(at.pathEdge.name_or_index));
  }
  return steps;
}

async function read(file) {
  const begun = performance.now();
  const heap = await getFullHeapFromFile(file);
  const seconds = {load: (performance.now() - begun) / 1000};
  const result = {nodes: heap.nodes.length};
  if (options.seconds) {
    result.seconds = seconds;
  }
  if (options.retained) {
    const retained = new Float64Array(heap.nodes.length);
    heap.nodes.forEach((node, index) => {
      retained[index] = node.retainedSize;
    });
    fs.writeFileSync(options.retained, new Uint8Array(retained.buffer));
  }
  if (options.class) {
    result.found = 0;
    heap.nodes.forEach(node => {
      if (node.type === 'object' && node.name === options.class && result.found++ === 0) {
        result.path = pathTo(node);
      }
    });
  }
  answer(JSON.stringify(result) + '\n');
}

await (options.growing ? growing(options.growing) : read(positionals[0]));
