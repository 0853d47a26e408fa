import { writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface FloodFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** Typical output that floods a screen. */
const kinds: Readonly<Record<string, (index: number) => string>> = {
  "log lines": (index) =>
    `2025-03-01T12:${twoDigits(index)}:07.${index % 1000}Z INFO [worker-${index % 16}] GET /api/items/${index} 200 in ${index % 97} ms\n`,
  "coloured output": (index) =>
    `\u001b[32m✓\u001b[0m \u001b[1msuite ${index % 300}\u001b[22m \u001b[38;5;${index % 256}mcase ${index}\u001b[39m \u001b[2m(${index % 40} ms)\u001b[0m\n`,
  "one endless line": (index) =>
    `{"id":${index},"name":"item ${index}","tags":["a","b"],"price":${index % 1000}.5},`,
  "wide characters": (index) =>
    `${index} 日本語の長い行と中文字符 한국어 😀👍🏽 ｆｕｌｌ ${twoDigits(index)}\n`,
};

/** The number of lines. */
export const floodKinds = Object.keys(kinds).length;

export async function writeFloodFiles(folder: string, bytes: number): Promise<readonly FloodFile[]> {
  const files: FloodFile[] = [];
  for (const [name, piece] of Object.entries(kinds)) {
    const parts: Buffer[] = [];
    let size = 0;
    for (let index = 0; size < bytes; index++) {
      const part = Buffer.from(piece(index));
      parts.push(part);
      size += part.length;
    }
    const path = join(folder, `${name.replaceAll(" ", "-")}.txt`);
    await writeFile(path, Buffer.concat(parts));
    files.push({ name, path, bytes: size });
  }
  return files;
}

function twoDigits(index: number): string {
  return String(index % 60).padStart(2, "0");
}
