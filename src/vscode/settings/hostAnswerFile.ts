import { dirname } from "node:path";
import { FileError } from "../../base/fileErrors.ts";
import { fieldOf } from "../../base/jsonFields.ts";
import { type LocalFiles, localFiles } from "../../base/localFiles.ts";
import { hostNames } from "../../config/hostSpec.ts";
import type { HostAnswers } from "./hostAnswers.ts";

/** Bytes. An answer takes about 40. */
const largestFile = 1024 * 1024;

/**
 * The user's answers to one question, by host, in a file that all windows read each time: a window has its own copy of
 * `globalState`, and the whole of it is what it writes. One line for each answer; the last one counts.
 */
export class HostAnswerFile {
  readonly #path: string;
  readonly #before: Pick<HostAnswers, "choiceFor">;
  readonly #files: Pick<LocalFiles, "append" | "read">;

  /** @param before answers of older versions */
  constructor(
    path: string,
    before: Pick<HostAnswers, "choiceFor">,
    files: Pick<LocalFiles, "append" | "read"> = localFiles,
  ) {
    this.#path = path;
    this.#before = before;
    this.#files = files;
  }

  /**
   * Undefined: never answered. @param host as typed
   * @throws FileError if the file can't be read
   */
  async choiceFor(host: string): Promise<boolean | undefined> {
    const { alias } = hostNames(host);
    let choice = this.#before.choiceFor(host);
    for (const line of (await this.#text()).split("\n")) {
      const answer = parsed(line);
      const use = fieldOf(answer, "use");
      if (fieldOf(answer, "host") === alias && typeof use === "boolean") {
        choice = use;
      }
    }
    return choice;
  }

  /** @param host as typed. @throws FileError */
  async remember(host: string, use: boolean): Promise<void> {
    const line = JSON.stringify({ host: hostNames(host).alias, use });
    await this.#files.append(this.#path, line, dirname(this.#path));
  }

  async #text(): Promise<string> {
    try {
      const { bytes } = await this.#files.read(this.#path, largestFile);
      return Buffer.from(bytes ?? []).toString("utf8");
    } catch (error) {
      if (FileError.is(error) && error.reason === "missing") {
        return "";
      }
      throw error;
    }
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
