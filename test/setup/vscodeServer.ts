import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureDebianPackages, isDebian } from "./debianPackages.ts";
import { withFileLock } from "./fileLock.ts";
import { findProgram } from "./findProgram.ts";
import { MissingRequirementError } from "./missingRequirement.ts";
import { cacheFolder } from "./repository.ts";
import { runProgram } from "./runProgram.ts";
import { findTestNode, type TestNode } from "./testNode.ts";

/**
 * A version of the npm package code-server, which contains the whole VS Code server: the same extension host and the
 * same workbench as the desktop, in a browser.
 */
interface ServerPackage {
  readonly version: string;
  /** The Node that runs it; undefined: the one among our development dependencies. */
  readonly node: string | undefined;
  /** Loaded at start by the server and by the extension host; without the watchdog the latter exits at once. */
  readonly nativeModules: readonly string[];
  readonly installOptions: readonly string[];
}

const packages = {
  /** VS Code 1.139. */
  newest: {
    version: "4.139.1",
    node: undefined,
    nativeModules: ["@vscode/native-watchdog", "@vscode/spdlog"],
    installOptions: [],
  },
  /** VS Code 1.90, the oldest version in `engines` of package.json, on the Node of its extension host. */
  oldest: {
    version: "4.90.3",
    node: "20.9.0",
    nativeModules: ["native-watchdog", "@vscode/spdlog"],
    // Betas of xterm.js, which match no version range of their addons.
    installOptions: ["--legacy-peer-deps"],
  },
} as const satisfies Readonly<Record<string, ServerPackage>>;

export type ServerAge = keyof typeof packages;

const npm = process.platform === "win32" ? "npm.cmd" : "npm";

export interface InstalledVscodeServer {
  /** The folder with `out/server-main.js`. */
  readonly folder: string;
  /** Runs it. */
  readonly node: string;
  /** The version of VS Code, such as `1.139.1`. */
  readonly version: string;
}

/**
 * Finds a VS Code server in the cache, or installs it there.
 * @throws MissingRequirementError if it must be built and there is no compiler that we may install
 */
export async function ensureVscodeServer(age: ServerAge = "newest"): Promise<InstalledVscodeServer> {
  const wanted: ServerPackage = packages[age];
  const ours = await findTestNode();
  const cache = cacheFolder();
  const major = wanted.node === undefined ? ours.major : Number.parseInt(wanted.node, 10);
  // The compiled files depend on all of these, and several machines may share a cache.
  const name = `code-server-${wanted.version}-${process.platform}-${process.arch}-node${major}`;
  const target = join(cache, name);
  if (!(await exists(target))) {
    await mkdir(cache, { recursive: true });
    await withFileLock(join(cache, `${name}.lock`), async () => {
      if (!(await exists(target))) {
        await install(wanted, cache, target, ours);
      }
    });
  }
  const folder = join(target, "lib", "vscode");
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  const node = wanted.node === undefined ? ours.executable : nodeIn(join(target, ownNode));
  return { folder, node, version: manifest.version };
}

/** The folder of the Node that a server includes. */
const ownNode = "own-node";

function nodeIn(folder: string): string {
  return join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
}

async function install(wanted: ServerPackage, cache: string, target: string, ours: TestNode): Promise<void> {
  await ensureCompiler();
  console.log(`Installing code-server ${wanted.version} into ${cache} (once, about a minute)`);
  const staging = await mkdtemp(join(cache, "installing-"));
  try {
    const unpacked = await unpack(`code-server@${wanted.version}`, join(staging, "server"), ours);
    let binFolder = ours.binFolder;
    let headers = ours.headersFolder;
    if (wanted.node !== undefined) {
      headers = await unpack(`${ours.platformName}@${wanted.node}`, join(staging, "node"), ours);
      binFolder = join(headers, "bin");
    }
    headers ??= await unpack(ours.platformPackage, join(staging, "node"), ours);
    const env = npmEnvironment(binFolder, headers);
    const server = join(unpacked, "lib", "vscode");
    await runProgram(
      npm,
      ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted.installOptions],
      { cwd: server, env },
    );
    await runProgram(npm, ["rebuild", ...wanted.nativeModules], { cwd: server, env });
    if (wanted.node !== undefined) {
      await rename(headers, join(unpacked, ownNode));
    }
    await rename(unpacked, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Downloads a published package without its dependencies, and returns the folder with its files. */
async function unpack(name: string, folder: string, node: TestNode): Promise<string> {
  await mkdir(folder);
  await runProgram(npm, ["pack", "--silent", name], { cwd: folder, env: npmEnvironment(node.binFolder) });
  const archive = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  if (archive === undefined) {
    throw new Error(`npm pack ${name} left no archive.`);
  }
  await runProgram("tar", ["-xzf", archive], { cwd: folder });
  return join(folder, "package");
}

/** node-gyp needs a compiler, make and Python. */
async function ensureCompiler(): Promise<void> {
  if (process.platform === "linux" && (await isDebian())) {
    await ensureDebianPackages(["g++", "make", "python3"]);
    return;
  }
  if (process.platform === "win32") {
    return; // node-gyp finds Visual Studio's build tools on its own, and reports if they are missing.
  }
  for (const program of ["c++", "make", "python3"]) {
    if ((await findProgram(program)) === undefined) {
      throw new MissingRequirementError(
        `Building the VS Code server's native modules needs ${program}.`,
        process.platform === "darwin"
          ? "xcode-select --install"
          : "install gcc-c++, make and python3 with your package manager",
      );
    }
  }
}

function npmEnvironment(binFolder: string, headersFolder?: string): NodeJS.ProcessEnv {
  // The variables that `npm run` sets for this package would mislead an npm in another folder.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_(package|lifecycle|config_local_prefix)/i.test(key)),
  );
  env["PATH"] = [binFolder, process.env["PATH"] ?? ""].join(process.platform === "win32" ? ";" : ":");
  if (headersFolder !== undefined) {
    env["npm_config_nodedir"] = headersFolder;
  }
  return env;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
