// Starts a TypeScript program of this repository as one bundled file: a quarter of the start time and half of the memory
// of transpiling module by module (docs/architecture.md has the figures).
//
// A bundle's folder is named by the hash of every source it could have been made from, so a stale one cannot be run:
// another source is another name.
"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const vm = require("node:vm");

const root = path.resolve(__dirname, "..");
const sourceFolders = ["bench", "cli", "components", "lib", "plugin", "provider", "runner", "stacks", "tools"];
/** Bundles of earlier sources are deleted after this long: a process that still runs from one has long been loaded. */
const staleAfterMs = 24 * 3600 * 1000;

/** The figures of clouds are taken in the rehearsal's accounts: only bench/ is made of tests, too. */
const foldersOf = (entry) => (entry.startsWith("bench/") ? [...sourceFolders, "test"] : sourceFolders);

function sourcesHash(folders) {
  const hash = createHash("sha256").update(process.version);
  const add = (file) =>
    hash
      .update(file)
      .update("\0")
      .update(fs.readFileSync(path.join(root, file)))
      .update("\0");
  add("package-lock.json");
  add("index.ts");
  const walk = (folder) => {
    for (const entry of fs
      .readdirSync(path.join(root, folder), { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) walk(file);
      else if (/\.[cm]?[jt]s$/.test(entry.name)) add(file);
    }
  };
  folders.forEach(walk);
  return hash.digest("hex").slice(0, 16);
}

/**
 * SDKs of the clouds: loaded from node_modules by what runs on that cloud, and no part of any bundle. A start that reads
 * a hundred megabytes for nothing would cost every local run.
 */
const cloudPackages = ["@aws-sdk", "@smithy", "@azure", "@pulumi/aws", "@pulumi/azure-native"];

/**
 * How the registry names the programs' parts of backends. What asks it only for powers over machines leaves them out, and
 * the SDK of the engine with them: half of its bundle.
 */
exports.backendPrograms = ["./*/backend"];

/** What the SDK loads at its start and nothing here uses; why, each file says. The compiler alone is 10 MB. */
exports.standIns = {
  typescript: "./tools/no-compiler.cjs",
  "@npmcli/arborist": "./tools/no-installer.cjs",
  "source-map-support/register": "./tools/no-source-maps.cjs",
};

const plainVariables = ["PATH", "HOME", "TMPDIR"];

/**
 * Calls `work` with no more in the environment than programs need to run: esbuild's process inherits it, secrets
 * included. The variables themselves must go: a worker thread starts with a copy of them, whatever process.env says.
 */
function inPlainEnvironment(work) {
  const taken = Object.entries(process.env).filter(([name]) => !plainVariables.includes(name));
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  for (const [name] of taken) delete process.env[name];
  try {
    work();
  } finally {
    Object.assign(process.env, Object.fromEntries(taken));
  }
}

/**
 * Bundles `entry` into `file`, under a temporary name first: two that build at once both succeed. Each entry is built
 * when it is first started, so that a mistake in one program does not keep the others from running.
 */
function build(entry, file, external) {
  const esbuild = require("esbuild");
  const temporary = path.join(path.dirname(file), String(process.pid), path.basename(file));
  const options = {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: temporary,
    bundle: true,
    platform: "node",
    target: "node20",
    // What runs from the compiled form has no import(): packages that are no part of the bundle are required instead.
    supported: { "dynamic-import": false },
    // For `node --enable-source-maps` by hand: always on, reading it costs the command line 300 MB.
    sourcemap: "linked",
    logLevel: "error",
    external: ["cpu-features", "*.node", ...cloudPackages.flatMap((name) => [name, `${name}/*`]), ...external],
    alias: exports.standIns,
  };
  inPlainEnvironment(() => esbuild.buildSync(options));
  fs.renameSync(`${temporary}.map`, `${file}.map`);
  fs.renameSync(temporary, file);
  fs.rmdirSync(path.dirname(temporary));
}

function removeStale(buildRoot, current) {
  for (const name of fs.readdirSync(buildRoot)) {
    const folder = path.join(buildRoot, name);
    if (name !== current && Date.now() - fs.statSync(folder).mtimeMs > staleAfterMs)
      fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The bundle of `entry`, a TypeScript file's path in this repository, made when there is none of these sources.
 * @param external packages that are left to be required from node_modules
 * @returns its path
 */
exports.bundle = function bundle(entry, external = []) {
  const buildRoot = path.join(root, ".kmvm", "build");
  const hash = sourcesHash(foldersOf(entry));
  const file = path.join(buildRoot, hash, entry.replace(/\.ts$/, ".js"));
  if (!fs.existsSync(file)) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    build(entry, file, external);
    removeStale(buildRoot, hash);
  }
  return file;
};

/** V8's compiled form of a file, which it checks against its own version and flags; undefined where there is none. */
function readCache(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** In one step, and on the disk before it has its name: V8 believes what it reads. */
function writeCache(file, data) {
  const temporary = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, data, { flush: true });
    fs.renameSync(temporary, file);
  } catch {
    // No more than a slower start the next time; a full disk is for the program to tell.
    fs.rmSync(temporary, { force: true });
  }
}

/**
 * Runs a bundle as a module of this process, as `require` does, from V8's compiled form of it where an earlier start
 * has left one. (Node has this built in from version 22 on, as module.enableCompileCache.)
 */
function run(file) {
  const cacheFile = `${file}.cache`;
  const cachedData = readCache(cacheFile);
  const script = new vm.Script(Module.wrap(fs.readFileSync(file, "utf8")), {
    filename: file,
    cachedData,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module = new Module(file);
  Object.assign(module, { filename: file, paths: Module._nodeModulePaths(path.dirname(file)) });
  const load = script.runInThisContext();
  load.call(module.exports, module.exports, module.require.bind(module), module, file, path.dirname(file));
  // Only now: what has run while loading is compiled, and goes into the cache.
  if (!cachedData || script.cachedDataRejected) writeCache(cacheFile, script.createCachedData());
}

/**
 * Runs `entry` in this process. In a checkout that is not set up it says so, and ends with 3, as for infrastructure.
 * @param external see `bundle`
 */
exports.launch = function launch(entry, external = []) {
  if (!fs.existsSync(path.join(root, "node_modules"))) {
    process.stderr.write("kmvm: this checkout is not set up yet\n  set it up: scripts/setup, or npm start\n");
    process.exit(3);
  }
  run(exports.bundle(entry, external));
};

if (require.main === module) {
  // As if the program itself had been started.
  const [entry] = process.argv.splice(2, 1);
  exports.launch(entry);
}
