import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FileError } from "../base/fileErrors.ts";
import { type LocalFiles, localFiles } from "../base/localFiles.ts";
import { longestConfigFile } from "../config/fileBounds.ts";
import { ownIncludes } from "../config/includePath.ts";
import { requireUsablePath } from "./includedText.ts";

/** What would change in the user's ssh_config. */
export interface ConfigChange {
  readonly path: string;
  readonly line: string;
  /** Undefined: the file does not exist. */
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array;
}

export interface ConfigLineInit {
  /** The user's ssh_config. */
  readonly path: string;
  /** The home folder of the user database, which is `~` for `ssh`. */
  readonly home: string;
  /** Default: `ssh-sessions` in the user's `.ssh`. */
  readonly includes?: string;
  /** `$HOME`, which `ssh` takes for the `~` of an Include, and only there (glob.c). Default: of this process. */
  readonly homeVariable?: string;
  readonly files?: LocalFiles;
}

/**
 * The one line of the user's ssh_config that includes our files. It is the first line: further down it would belong to a
 * Host or Match block, and `ssh` takes the first value that it finds for a keyword.
 */
export class ConfigLine {
  readonly #init: ConfigLineInit;
  readonly #files: LocalFiles;
  /** The folder of the included files. */
  readonly includes: string;
  readonly line: string;
  /** The line in each of its forms. */
  readonly #forms: readonly string[];

  /** @throws GatewayError `unusable-path` */
  constructor(init: ConfigLineInit) {
    this.#init = init;
    this.#files = init.files ?? localFiles;
    const standard = join(init.home, ".ssh", ownIncludes.folder);
    this.includes = init.includes ?? standard;
    requireUsablePath(this.includes);
    const short = this.includes === standard ? [`~/.ssh/${ownIncludes.folder}`] : [];
    this.#forms = [...short, this.includes].map((folder) => {
      const path = `${folder}/${ownIncludes.pattern}`;
      return `Include ${path.includes(" ") ? `"${path}"` : path}`;
    });
    // The short form is the same on all machines of a user.
    const isShort = (init.homeVariable ?? process.env["HOME"]) === init.home;
    this.line = this.#forms.at(isShort ? 0 : -1) ?? "";
  }

  /** What adds the line. Undefined: it is there. @throws FileError */
  async toAdd(): Promise<ConfigChange | undefined> {
    const before = await this.#read();
    const text = before === undefined ? "" : latin1(before);
    if (lines(text).some((each) => this.#isOurs(each))) {
      return undefined;
    }
    // Windows' editors keep the ends of lines that they find.
    const end = /^[^\n]*\r\n/.test(text) ? "\r\n" : "\n";
    return this.#change(before, `${this.line}${end}${text}`);
  }

  /** What takes the line out. Undefined: it is not there. @throws FileError */
  async toRemove(): Promise<ConfigChange | undefined> {
    const before = await this.#read();
    const text = before === undefined ? "" : latin1(before);
    const kept = lines(text).filter((each) => !this.#isOurs(each));
    return kept.length === lines(text).length ? undefined : this.#change(before, kept.join(""));
  }

  /**
   * Writes the file, if it is still as it was.
   * @param removesEmpty deletes it where nothing is left in it.
   * @throws FileError
   */
  async apply({ path, before, after, line }: ConfigChange, removesEmpty = false): Promise<void> {
    if (before === undefined) {
      const folder = join(this.#init.home, ".ssh");
      if ((await this.#read()) !== undefined) {
        throw new FileError("failed", path, "another program has made it meanwhile");
      }
      await this.#files.append(path, line, dirname(path) === folder ? folder : undefined);
      return;
    }
    const { mode } = await this.#files.stat(path);
    if ((mode & 0o200) === 0) {
      throw new FileError("denied", path, "it is read-only");
    }
    await this.#files.replace(path, before, after, false);
    if (removesEmpty && after.length === 0) {
      await rm(path);
    }
  }

  #isOurs(line: string): boolean {
    return this.#forms.includes(line.trim());
  }

  #change(before: Uint8Array | undefined, text: string): ConfigChange {
    return { path: this.#init.path, line: this.line, before, after: Buffer.from(text, "latin1") };
  }

  async #read(): Promise<Uint8Array | undefined> {
    const { path } = this.#init;
    try {
      const { bytes } = await this.#files.read(path, longestConfigFile);
      return bytes;
    } catch (error) {
      if (FileError.is(error) && error.reason === "missing") {
        return undefined;
      }
      throw error;
    }
  }
}

/** Each byte is a character, so that no encoding is changed. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** With their ends. */
function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
