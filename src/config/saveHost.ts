import { dirname, isAbsolute, join, relative } from "node:path";
import { FileError } from "../base/fileErrors.ts";
import { type LocalFiles, localFiles } from "../base/localFiles.ts";
import { longestConfigFile } from "./fileBounds.ts";
import { type BlockLine, blockLines } from "./hostBlock.ts";

/**
 * Adds a Host block at the end of an ssh_config file and changes nothing else: mode, owner, links and line ends stay.
 * A missing file is created readable by its owner only, as OpenSSH requires.
 * @param home whose `.ssh` folder may be created.
 * @returns the line, counted from 1, at which the block begins.
 * @throws FileError
 */
export async function saveHostBlock(
  file: string,
  lines: readonly BlockLine[],
  home: string,
  files: LocalFiles = localFiles,
): Promise<number> {
  const before = await readText(file, files);
  if (before.includes("\0")) {
    throw new FileError("not-a-file", file, "it is not a text file");
  }
  const crlf = /^[^\n]*\r\n/.test(before);
  const end = crlf ? "\r\n" : "\n";
  // A blank line separates the block from the one before it.
  const text = [...(before === "" ? [] : [""]), ...blockLines(lines)].join(end);
  const folder = join(home, ".ssh");
  const below = relative(folder, dirname(file));
  await files.append(file, text, below.startsWith("..") || isAbsolute(below) ? undefined : folder, crlf);
  const linesBefore = before.split("\n").length - (before === "" || before.endsWith("\n") ? 1 : 0);
  return linesBefore + (before === "" ? 1 : 2);
}

async function readText(file: string, files: LocalFiles): Promise<string> {
  try {
    const { bytes = new Uint8Array(0) } = await files.read(file, longestConfigFile);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  } catch (error) {
    if (FileError.is(error) && error.reason === "missing") {
      return "";
    }
    throw error;
  }
}
