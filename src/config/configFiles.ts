import { readdir, readFile, stat } from "node:fs/promises";
import type { ConfigEnvironment } from "./configEnvironment.ts";
import { type Directive, parseConfigText } from "./configLine.ts";

export type ReadResult =
  | { readonly kind: "file"; readonly directives: readonly Directive[] }
  | { readonly kind: "missing" }
  /** It is there and may not be read, or OpenSSH would refuse it. */
  | { readonly kind: "refused"; readonly why: string; readonly cause?: unknown };

/** Reads ssh_config files, each again only when it has changed. */
export class ConfigFiles {
  readonly #environment: ConfigEnvironment;
  readonly #parsed = new Map<string, { stamp: string; directives: readonly Directive[] }>();

  constructor(environment: ConfigEnvironment) {
    this.#environment = environment;
  }

  /**
   * @param checkOwner refuse a file that others may write, as OpenSSH does for all but the system's file and `-F`.
   * @param onRead is told the path and a stamp that changes with the file; here and in `glob`, where the path of a
   * folder whose list of files counts ends with a slash.
   */
  async read(
    path: string,
    checkOwner: boolean,
    onRead: (path: string, stamp: string) => void,
  ): Promise<ReadResult> {
    const info = await this.#info(path);
    onRead(path, info.stamp);
    if (info.stats === undefined) {
      return info.error === undefined ? { kind: "missing" } : refusal(info.error);
    }
    if (info.stats.isDirectory()) {
      // fopen(3) opens it, and reads nothing.
      return { kind: "file", directives: [] };
    }
    if (checkOwner && this.#isExposed(info.stats)) {
      return { kind: "refused", why: "it belongs to somebody else or others may write to it" };
    }
    const known = this.#parsed.get(path);
    if (known?.stamp === info.stamp) {
      return { kind: "file", directives: known.directives };
    }
    try {
      const directives = parseConfigText(await readFile(path, "utf8"));
      this.#parsed.set(path, { stamp: info.stamp, directives });
      return { kind: "file", directives };
    } catch (error) {
      return refusal(error);
    }
  }

  /** What changes when the file, or the list of files of a folder, changes. */
  async stamp(path: string): Promise<string> {
    return (await this.#info(path)).stamp;
  }

  /**
   * Paths that match, sorted by code as glob(3) does in the C locale: `*`, `?` and `[…]` within one path segment,
   * files that begin with a dot only where the pattern has the dot.
   */
  async glob(pattern: string, onRead: (path: string, stamp: string) => void): Promise<readonly string[]> {
    const normal = this.#environment.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern;
    const [root = "", ...segments] = normal.split("/");
    let paths = [root];
    for (const segment of segments) {
      paths = /[*?[\\]/.test(segment)
        ? (await Promise.all(paths.map((path) => this.#children(path, segment, onRead)))).flat()
        : paths.map((path) => `${path}/${segment}`);
    }
    const found = await Promise.all(
      paths.map(async (path) => {
        const info = await this.#info(path);
        if (info.stats === undefined) {
          // It may come to be.
          onRead(path, info.stamp);
        }
        return info.stats !== undefined;
      }),
    );
    return paths
      .filter((_, index) => found[index])
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async #children(
    folder: string,
    segment: string,
    onRead: (path: string, stamp: string) => void,
  ): Promise<string[]> {
    const path = `${folder}/`;
    onRead(path, await this.stamp(path));
    try {
      const names = await readdir(path);
      const wanted = globSegment(segment);
      return names
        .filter((name) => wanted.test(name) && (!name.startsWith(".") || segment.startsWith(".")))
        .map((name) => `${folder}/${name}`);
    } catch {
      return [];
    }
  }

  #isExposed(stats: { uid: number; mode: number }): boolean {
    return (
      this.#environment.platform !== "win32" &&
      ((stats.uid !== 0 && stats.uid !== this.#environment.uid) || (stats.mode & 0o022) !== 0)
    );
  }

  async #info(path: string): Promise<{
    stamp: string;
    stats?: { uid: number; mode: number; isDirectory(): boolean };
    error?: unknown;
  }> {
    try {
      const stats = await stat(path, { bigint: false });
      const stamp = [stats.mtimeMs, stats.ctimeMs, stats.size, stats.ino].join(":");
      return { stamp, stats };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      return code === "ENOENT" || code === "ENOTDIR" ? { stamp: "missing" } : { stamp: code, error };
    }
  }
}

function refusal(cause: unknown): ReadResult {
  const code = (cause as NodeJS.ErrnoException).code;
  return { kind: "refused", why: `it can't be read (${code ?? String(cause)})`, cause };
}

function globSegment(segment: string): RegExp {
  const source = segment.replace(/\\(.)|\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (all, escaped, negated, set) => {
    if (set !== undefined) {
      return `[${negated ? "^" : ""}${String(set).replace(/[\\\]^]/g, "\\$&")}]`;
    }
    return all === "*"
      ? ".*"
      : all === "?"
        ? "."
        : String(escaped ?? all).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "su");
}
