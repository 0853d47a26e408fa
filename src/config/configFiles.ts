import { asFileError, type FileError } from "../base/fileErrors.ts";
import type { FileFacts } from "../base/fileJobs.ts";
import { type LocalFiles, localFiles } from "../base/localFiles.ts";
import { Pacer } from "../base/pacer.ts";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import { type Directive, parseConfigTextSlowly } from "./configLine.ts";
import { longestConfigFile } from "./fileBounds.ts";
import { compileGlob, hasWildcard } from "./globSegment.ts";

export type ReadResult =
  | { readonly kind: "file"; readonly directives: readonly Directive[] }
  | { readonly kind: "missing" }
  /**
   * The file exists and can't be read, or OpenSSH would refuse it. `cause` is missing where its owner or mode is the
   * reason.
   */
  | { readonly kind: "refused"; readonly why: string; readonly cause?: FileError }
  /** The file was not read, because one evaluation has a limit on files. */
  | { readonly kind: "too-many"; readonly why: string };

/** Lines of one file that are not blank or a comment. */
const mostDirectives = 500_000;
/** The limit for one evaluation. OpenSSH has no limit, and would be busy for minutes. */
const mostFiles = 10_000;
const mostFolders = 1000;
const mostNames = 200_000;
/** The number of directives that are cached, over all files. */
const mostKept = 1_000_000;

/** Caches the directives of ssh_config files; a file is read again only when it has changed. */
export class ConfigFiles {
  readonly #environment: ConfigEnvironment;
  readonly #files: LocalFiles;
  readonly #parsed = new Map<string, { stamp: string; directives: readonly Directive[] }>();
  #kept = 0;

  constructor(environment: ConfigEnvironment, files: LocalFiles = localFiles) {
    this.#environment = environment;
    this.#files = files;
  }

  /** A view of the files for one evaluation, which reads each file at most once. */
  view(): ConfigView {
    return new ConfigView(this.#environment, this.#files, (path, checkOwner) => this.#read(path, checkOwner));
  }

  /** Changes when the file, or the list of files in a folder, changes. */
  async stamp(path: string): Promise<string> {
    try {
      return (await this.#files.stat(path)).stamp;
    } catch (error) {
      return failedStamp(asFileError(path, error));
    }
  }

  /** @param dependencies files and folders, with their stamps. */
  async areUnchanged(dependencies: ReadonlyMap<string, string>): Promise<boolean> {
    const stamps = await Promise.all([...dependencies.keys()].map((path) => this.stamp(path)));
    return [...dependencies.values()].every((stamp, index) => stamp === stamps[index]);
  }

  async #read(path: string, checkOwner: boolean): Promise<{ stamp: string; result: ReadResult }> {
    const known = this.#parsed.get(path);
    try {
      const { facts, bytes } = await this.#files.read(path, longestConfigFile, { unless: known?.stamp });
      const { stamp } = facts;
      if (checkOwner && this.#isExposed(facts)) {
        const why = "it belongs to another user, or others may write to it";
        return { stamp, result: { kind: "refused", why } };
      }
      if (bytes === undefined && known !== undefined) {
        return { stamp, result: { kind: "file", directives: known.directives } };
      }
      const text = new TextDecoder().decode(bytes);
      const directives = await parseConfigTextSlowly(text, new Pacer(), mostDirectives);
      if (directives === undefined) {
        return { stamp, result: { kind: "refused", why: `it has more than ${mostDirectives} lines` } };
      }
      this.#keep(path, stamp, directives);
      return { stamp, result: { kind: "file", directives } };
    } catch (error) {
      const failure = asFileError(path, error);
      return { stamp: await this.#stampAfter(failure), result: await this.#resultOf(failure) };
    }
  }

  /** A refused file has a separate stamp, so that its repair is noticed. */
  async #stampAfter(failure: FileError): Promise<string> {
    return failure.reason === "not-a-file" || failure.reason === "too-large"
      ? await this.stamp(failure.path)
      : failedStamp(failure);
  }

  async #resultOf(failure: FileError): Promise<ReadResult> {
    if (failure.reason === "missing") {
      return { kind: "missing" };
    }
    if (failure.reason === "not-a-file") {
      const kind = await this.#files.stat(failure.path).then(
        (facts) => facts.kind,
        () => undefined,
      );
      if (kind === "folder") {
        // fopen(3) opens a folder and reads nothing.
        return { kind: "file", directives: [] };
      }
    }
    return { kind: "refused", why: failure.what, cause: failure };
  }

  #keep(path: string, stamp: string, directives: readonly Directive[]): void {
    this.#kept += directives.length - (this.#parsed.get(path)?.directives.length ?? 0);
    this.#parsed.delete(path);
    this.#parsed.set(path, { stamp, directives });
    for (const [oldest, parsed] of this.#parsed) {
      if (this.#kept <= mostKept || oldest === path) {
        break;
      }
      this.#kept -= parsed.directives.length;
      this.#parsed.delete(oldest);
    }
  }

  #isExposed({ kind, uid, mode }: FileFacts): boolean {
    return (
      kind !== "null" &&
      this.#environment.platform !== "win32" &&
      ((uid !== 0 && uid !== this.#environment.uid) || (mode & 0o022) !== 0)
    );
  }
}

/** The files as one evaluation sees them. */
export class ConfigView {
  readonly #environment: ConfigEnvironment;
  readonly #files: LocalFiles;
  readonly #readFile: (path: string, checkOwner: boolean) => Promise<{ stamp: string; result: ReadResult }>;
  readonly #results = new Map<string, Promise<ReadResult>>();
  readonly #globs = new Map<string, Promise<readonly string[]>>();
  readonly #folders = new Map<string, Promise<readonly string[]>>();
  readonly #pacer = new Pacer();
  /**
   * All files (also missing ones) and folders that were read, with their stamps. A folder's path ends with a slash.
   */
  readonly dependencies = new Map<string, string>();

  constructor(
    environment: ConfigEnvironment,
    files: LocalFiles,
    readFile: (path: string, checkOwner: boolean) => Promise<{ stamp: string; result: ReadResult }>,
  ) {
    this.#environment = environment;
    this.#files = files;
    this.#readFile = readFile;
  }

  /** @param checkOwner refuse a file that others may write, as OpenSSH does for all but the system's file and `-F`. */
  read(path: string, checkOwner: boolean): Promise<ReadResult> {
    const key = `${checkOwner ? "+" : "-"}${path}`;
    let result = this.#results.get(key);
    if (result === undefined) {
      result =
        // The system's file counts even after a user's file with very many Includes.
        this.#results.size < mostFiles || !checkOwner
          ? this.#readNew(path, checkOwner)
          : Promise.resolve({ kind: "too-many", why: `more than ${mostFiles} files are included` });
      this.#results.set(key, result);
    }
    return result;
  }

  async #readNew(path: string, checkOwner: boolean): Promise<ReadResult> {
    const { stamp, result } = await this.#readFile(path, checkOwner);
    this.dependencies.set(path, stamp);
    return result;
  }

  /**
   * The paths that may match, sorted by code as glob(3) does in the C locale: `*`, `?` and `[…]` within one path
   * segment, and a leading dot only where the pattern has it. A path without wildcards is returned whether or not the
   * file exists.
   */
  glob(pattern: string): Promise<readonly string[]> {
    let paths = this.#globs.get(pattern);
    if (paths === undefined) {
      paths = this.#expand(pattern);
      this.#globs.set(pattern, paths);
    }
    return paths;
  }

  async #expand(pattern: string): Promise<readonly string[]> {
    const normal = this.#environment.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern;
    const [root = "", ...segments] = normal.split("/");
    let paths = [root];
    for (const segment of segments) {
      paths = hasWildcard(segment)
        ? await this.#match(paths, segment)
        : paths.map((path) => `${path}/${segment}`);
    }
    return paths.length < 2
      ? paths
      : paths
          .map((path) => [path, Buffer.from(path)] as const)
          .sort(([, a], [, b]) => Buffer.compare(a, b))
          .map(([path]) => path);
  }

  async #match(folders: readonly string[], segment: string): Promise<string[]> {
    const matches = compileGlob(segment);
    const paths: string[] = [];
    for (const folder of folders) {
      for (const name of await this.#names(folder)) {
        if (matches(name) && paths.length < mostNames) {
          paths.push(`${folder}/${name}`);
        }
        if (this.#pacer.isDue()) {
          await this.#pacer.pause();
        }
      }
    }
    return paths;
  }

  #names(folder: string): Promise<readonly string[]> {
    let names = this.#folders.get(folder);
    if (names === undefined) {
      names = this.#folders.size < mostFolders ? this.#list(`${folder}/`) : Promise.resolve([]);
      this.#folders.set(folder, names);
    }
    return names;
  }

  async #list(path: string): Promise<readonly string[]> {
    try {
      this.dependencies.set(path, (await this.#files.stat(path)).stamp);
      return (await this.#files.list(path, mostNames)).names;
    } catch (error) {
      // glob(3) skips what it can't read.
      this.dependencies.set(path, failedStamp(asFileError(path, error)));
      return [];
    }
  }
}

function failedStamp({ reason, code }: FileError): string {
  return reason === "missing" ? "missing" : (code ?? reason);
}
