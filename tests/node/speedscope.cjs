// Reads a profile with speedscope's own importer, as dropping the file on its page would.
//
//     node speedscope.cjs FILE          (in a folder with node_modules/speedscope)
//
// Prints as JSON: name, unit and total weight of the profile, and of each frame its name, total
// (cumulative) and self weight. speedscope publishes its page only, one script: it is run up to where
// it would draw, with as much of a page around it as it asks for, and its importer is taken out.
"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");

function importer() {
  const folder = path.join(process.cwd(), "node_modules/speedscope/dist/release");
  const name = fs.readdirSync(folder).find((file) => /^speedscope-.*\.js$/.test(file));
  const source = fs.readFileSync(path.join(folder, name), "utf8");
  const modules = /\(await (\w+)\)\.importProfileGroupFromBase64\(/.exec(source);
  const draws = source.lastIndexOf("console.log(`speedscope v");
  if (!modules || draws < 0) {
    throw new Error(`${name}: not the speedscope that this script knows`);
  }
  const anything = new Proxy(function () {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => "" : anything),
    apply: () => anything,
    construct: () => anything,
  });
  const page = {
    console: { log() {}, warn: console.warn, error: console.error },
    document: anything,
    location: { protocol: "file:", hash: "", search: "", href: "file:///" },
    navigator: { userAgent: "", platform: "" },
    localStorage: anything,
    matchMedia: () => anything,
    requestAnimationFrame() {},
    addEventListener() {},
    setTimeout,
    clearTimeout,
    performance,
    TextDecoder,
    TextEncoder,
    atob,
    btoa,
    URL,
  };
  page.window = page.self = page.globalThis = page;
  const taken = `self.taken = ${modules[1]}; return;`;
  vm.runInNewContext(source.slice(0, draws) + taken + source.slice(draws), page, {
    filename: name,
  });
  return page.taken;
}

async function main() {
  const file = process.argv[2];
  const base64 = fs.readFileSync(file).toString("base64");
  const group = await (await importer()).importProfileGroupFromBase64(path.basename(file), base64);
  if (!group || group.profiles.length !== 1) {
    throw new Error(`${file}: speedscope does not take it for a profile`);
  }
  const profile = group.profiles[0];
  const frames = [];
  profile.forEachFrame((frame) => {
    frames.push({
      name: frame.name,
      total: frame.getTotalWeight(),
      self: frame.getSelfWeight(),
    });
  });
  const answer = {
    unit: profile.getWeightUnit(),
    total: profile.getTotalWeight(),
    shown: profile.formatValue(profile.getTotalWeight()),
    frames,
  };
  console.log(JSON.stringify(answer));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
